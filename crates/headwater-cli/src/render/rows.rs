//! Rows of a query as a table on the terminal.

use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Schema};
use headwater_sdk::{Blame, Error, Result};

use super::style::{Style, cut, one_line, width};

/// Blanks between columns.
const GAP: usize = 2;
/// Texts wider than this are cut.
const WIDEST: usize = 60;

/// Lays out rows as they come: the columns' widths are those of the first rows.
pub(crate) struct RowTable {
    widths: Vec<usize>,
    right: Vec<bool>,
    color: bool,
    cuts: bool,
}

impl RowTable {
    /// A layout for these first rows. With `cuts`, long texts are cut; without, they push the rest to the right.
    pub(crate) fn new(schema: &Schema, first: &[Vec<Option<String>>], color: bool, cuts: bool) -> Self {
        let widths = schema.fields().iter().enumerate().map(|(index, field)| {
            let cells = first.iter().filter_map(|row| row.get(index)?.as_deref()).map(width);
            cells.chain([width(field.name()), 4]).max().unwrap_or(0).min(WIDEST)
        });
        let right = schema.fields().iter().map(|field| is_number(field.data_type()));
        Self { widths: widths.collect(), right: right.collect(), color, cuts }
    }

    /// The line of titles and the one under it.
    pub(crate) fn titles(&self, schema: &Schema) -> String {
        let names = schema.fields().iter().map(|field| (field.name().clone(), Style::Bold));
        let rules = self.widths.iter().map(|room| ("-".repeat(*room), Style::Dim));
        format!("{}{}", self.line(names), self.line(rules))
    }

    /// A line of cells.
    pub(crate) fn row(&self, row: &[Option<String>]) -> String {
        self.line(row.iter().map(|cell| match cell {
            Some(text) => (text.clone(), Style::Plain),
            None => ("null".to_owned(), Style::Dim),
        }))
    }

    fn line(&self, cells: impl Iterator<Item = (String, Style)>) -> String {
        let mut line = String::new();
        let mut owed = 0;
        for ((text, style), (room, right)) in cells.zip(self.widths.iter().zip(&self.right)) {
            let text = if self.cuts { cut(&text, *room) } else { text };
            let fill = room.saturating_sub(width(&text));
            let (before, after) = if *right { (fill, 0) } else { (0, fill) };
            if text.is_empty() {
                owed += before + after + GAP;
            } else {
                line.push_str(&" ".repeat(owed + before));
                line.push_str(&style.paint(&text, self.color));
                owed = after + GAP;
            }
        }
        line.push('\n');
        line
    }
}

/// The cells of a batch as texts on one line each; `None` for null.
pub(crate) fn cells(batch: &RecordBatch) -> Result<Vec<Vec<Option<String>>>> {
    let wrong =
        |e: arrow_schema::ArrowError| Error::new("HW0813", Blame::Headwater, "a value cannot be shown").caused_by(e);
    let options = FormatOptions::default();
    let columns: Vec<(&dyn Array, ArrayFormatter<'_>)> = batch
        .columns()
        .iter()
        .map(|column| Ok((column.as_ref(), ArrayFormatter::try_new(column.as_ref(), &options).map_err(wrong)?)))
        .collect::<Result<_>>()?;
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut cells = Vec::with_capacity(columns.len());
        for (column, formatter) in &columns {
            let text = || formatter.value(row).try_to_string().map_err(wrong);
            cells.push(if column.is_null(row) { None } else { Some(one_line(&text()?)) });
        }
        rows.push(cells);
    }
    Ok(rows)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() && !matches!(data_type, DataType::Dictionary(..))
}
