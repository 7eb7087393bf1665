//! The folders that rows go to, by the values of columns (Hive's `column=value`).

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::take::take_record_batch;
use headwater_sdk::{Blame, Error, Result};

use crate::codes;

/// What stands for null, as Hive has it.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns by which rows are parted, and those that are left.
pub(super) struct Partitions {
    by: Vec<usize>,
    rest: Vec<usize>,
    /// The columns of files.
    pub(super) schema: SchemaRef,
}

impl Partitions {
    /// Of rows with these columns.
    ///
    /// # Errors
    /// When a column is not there, or none is left for the files.
    pub(super) fn new(by: &[String], schema: &SchemaRef) -> Result<Self> {
        let wrong = |message: String| {
            Error::new(codes::NO_TARGET, Blame::Project, message).help("correct `partition_by` of the delivery")
        };
        let places = by.iter().map(|name| {
            let place = schema.index_of(name).ok().filter(|place| !schema.field(*place).data_type().is_nested());
            place.ok_or_else(|| {
                wrong(format!("no column '{name}' with plain values is delivered, by which rows could be parted"))
            })
        });
        let by = places.collect::<Result<Vec<_>>>()?;
        let rest: Vec<usize> = (0..schema.fields().len()).filter(|place| !by.contains(place)).collect();
        if rest.is_empty() {
            return Err(wrong("every column is in `partition_by`, so that none is left for the files".to_owned()));
        }
        let fields: Vec<_> = rest.iter().map(|place| Arc::clone(&schema.fields()[*place])).collect();
        Ok(Self { by, rest, schema: Arc::new(Schema::new(fields)) })
    }

    /// The rows of a batch by their folders: `day=2024-01-01/shop=7`, or nothing.
    ///
    /// # Errors
    /// When a value cannot be written: a defect.
    pub(super) fn split(&self, rows: &RecordBatch) -> Result<BTreeMap<String, RecordBatch>> {
        let defect = |e: arrow_schema::ArrowError| {
            Error::new(codes::DEFECT, Blame::Headwater, "rows cannot be parted").caused_by(e)
        };
        let kept = rows.project(&self.rest).map_err(defect)?;
        if self.by.is_empty() {
            return Ok(BTreeMap::from([(String::new(), kept)]));
        }
        let options = FormatOptions::default();
        let schema = rows.schema();
        let columns = self.by.iter().map(|place| {
            let column = rows.column(*place);
            Ok((
                schema.field(*place).name(),
                column,
                ArrayFormatter::try_new(column.as_ref(), &options).map_err(defect)?,
            ))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut places: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for row in 0..rows.num_rows() {
            let folder = columns.iter().map(|(name, column, formatter)| match column.is_null(row) {
                true => format!("{}={NULL}", encoded(name)),
                false => format!("{}={}", encoded(name), encoded(&formatter.value(row).to_string())),
            });
            places.entry(folder.collect::<Vec<_>>().join("/")).or_default().push(row as u32);
        }
        let taken = places.into_iter().map(|(folder, places)| {
            Ok((folder, take_record_batch(&kept, &UInt32Array::from(places)).map_err(defect)?))
        });
        taken.collect()
    }
}

/// A text as a part of a path: what has a meaning in paths, and `%` itself, as `%` and two digits.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '/' | '\\' | '%' | '=' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '#' | '\u{0}'..='\u{1f}' | '\u{7f}' => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
            }
            c => out.push(c),
        }
    }
    out
}
