//! The columns of lines.

use std::collections::HashMap;
use std::sync::Arc;

use super::FixedOptions;
use crate::columns::{Batch, Cells, Flaws, ReadValues, Rows, Sample, Target, Unread, Value};

/// Reads lines into the table's columns.
#[derive(Debug)]
pub(crate) struct FixedValues {
    options: FixedOptions,
    /// For each column of the table, the one of the lines that holds it.
    places: Vec<Option<usize>>,
    spans: Vec<(u32, u32)>,
    scratch: Vec<u8>,
}

impl FixedValues {
    /// Finds the table's columns among those of a file.
    pub(crate) fn new(options: &FixedOptions, names: &[String], target: &Target) -> Self {
        let by_name: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let places = target.schema.fields().iter().map(|field| by_name.get(field.name().as_str()).copied()).collect();
        Self { options: options.clone(), places, spans: Vec::new(), scratch: Vec::new() }
    }
}

/// Finds the columns of lines: for each line and each column, the bytes of `text` that it stands in. A line that does not hold them
/// has empty ones, and `bad` is told.
fn split(
    text: &[u8],
    rows: &Rows,
    options: &FixedOptions,
    spans: &mut Vec<(u32, u32)>,
    mut bad: impl FnMut(usize, String),
) {
    spans.clear();
    for (at, row) in rows.rows.iter().enumerate() {
        let begin = spans.len();
        let line = std::str::from_utf8(&text[row.range()]).map_err(|_| "the line is not valid UTF-8".to_owned());
        match line.and_then(|line| options.layout.split(line, options.pad, spans)) {
            Ok(()) => spans[begin..].iter_mut().for_each(|(start, end)| {
                *start += row.start;
                *end += row.start;
            }),
            Err(why) => {
                spans.truncate(begin);
                spans.resize(begin + options.layout.places.len(), (0, 0));
                bad(at, why);
            }
        }
    }
}

struct FixedCells<'a> {
    text: &'a [u8],
    spans: &'a [(u32, u32)],
    columns: usize,
    column: usize,
    options: &'a FixedOptions,
}

impl Cells for FixedCells<'_> {
    fn rows(&self) -> usize {
        self.spans.len() / self.columns
    }

    fn value<'a>(&'a self, row: usize, _scratch: &'a mut Vec<u8>) -> Value<'a> {
        let (start, end) = self.spans[row * self.columns + self.column];
        let text = &self.text[start as usize..end as usize];
        let trimmed = text.trim_ascii();
        let null = self.options.nulls.as_ref().is_some_and(|nulls| nulls.is_null(trimmed));
        if trimmed.is_empty() || null {
            return Value::Null;
        }
        Value::Text(if self.options.trim { trimmed } else { text })
    }
}

impl ReadValues for FixedValues {
    fn read(&mut self, text: &[u8], rows: &Rows, batch: &mut Batch, flaws: &mut Flaws) -> Result<(), Unread> {
        let Self { options, places, spans, scratch } = self;
        split(text, rows, options, spans, |row, why| flaws.add(row, || why));
        let target = Arc::clone(batch.target());
        let columns = options.layout.places.len();
        for (at, (values, place)) in batch.columns().iter_mut().zip(places.iter()).enumerate() {
            let Some(column) = *place else {
                values.push_nulls(rows.rows.len());
                continue;
            };
            let cells = FixedCells { text, spans, columns, column, options };
            values.fill(&cells, scratch, &mut |row, flaw| flaws.add(row, || target.reason(at, flaw)));
        }
        Ok(())
    }
}

/// Shows a sample the columns of lines.
pub(crate) fn sample_lines(text: &[u8], rows: &Rows, options: &FixedOptions, sample: &mut Sample) {
    let mut spans = Vec::new();
    split(text, rows, options, &mut spans, |_, _| {});
    let columns = options.layout.places.len();
    for column in 0..columns {
        sample.see_fields(column, &FixedCells { text, spans: &spans, columns, column, options });
    }
}
