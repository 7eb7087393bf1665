//! Rows as they are sent, and what tells each of them from all others.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use headwater_sdk::connector::Operation;
use headwater_sdk::destination::{Mark, Outgoing, RowId};
use headwater_sdk::{Blame, Error, Result};

use crate::codes;

/// The number of the operation of a row that is gone.
pub(super) const DELETE: i8 = Operation::Delete as i8;

/// A row on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What tells it from all others of the load.
    pub(super) id: RowId,
    /// What tells it from others that are refused: its key, or where there is none, itself.
    pub(super) letter: String,
    /// What becomes of it: the number of an operation.
    pub(super) operation: i8,
    /// The row as a JSON object; of one that is gone, its key.
    pub(super) json: String,
}

/// What identifiers are made from: the delivery, the lake's snapshot, what rows are made into, and what was delivered before. The same load has the
/// same ones whenever it is sent.
pub(super) struct Identity {
    prefix: blake3::Hasher,
    key: Vec<String>,
    /// Of rows without a key: how often each has come.
    seen: HashMap<RowId, u64>,
}

impl Identity {
    /// `since` is what was delivered before: a delivery that is what one before the last was (`where` is as it was) is another all the same.
    pub(super) fn new(delivery: &str, since: Option<&Mark>, mark: &Mark, key: &[String]) -> Self {
        let mut prefix = blake3::Hasher::new();
        let mut add = |part: &str| {
            prefix.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        };
        add(delivery);
        for mark in std::iter::once(mark).chain(since) {
            [&mark.run, &mark.snapshot.to_string(), &mark.definition].into_iter().for_each(|part| add(part));
        }
        Self { prefix, key: key.to_vec(), seen: HashMap::new() }
    }

    fn of(&self, operation: i8, text: &str, number: u64) -> RowId {
        let mut hasher = self.prefix.clone();
        hasher.update(&operation.to_le_bytes()).update(&number.to_le_bytes()).update(text.as_bytes());
        first(hasher.finalize().as_bytes())
    }

    /// The rows of a batch.
    ///
    /// # Errors
    /// When they cannot be written as JSON: a defect.
    pub(super) fn items(&mut self, batch: &Outgoing) -> Result<Vec<Item>> {
        let Outgoing { rows, operations } = batch;
        let whole = lines(rows)?;
        let keys = if self.key.is_empty() { whole.clone() } else { lines(&self.keys(rows)?)? };
        let mut items = Vec::with_capacity(whole.len());
        for (row, (whole, key)) in whole.into_iter().zip(keys).enumerate() {
            let operation = operations.as_ref().map_or(0, |operations| operations.value(row));
            let json = if operation == DELETE { key.clone() } else { whole };
            items.push(self.item(operation, &key, json));
        }
        Ok(items)
    }

    fn item(&mut self, operation: i8, key: &str, json: String) -> Item {
        let (mut id, mut letter) = (self.of(operation, key, 0), hex(&first(blake3::hash(key.as_bytes()).as_bytes())));
        if self.key.is_empty() {
            let number = self.seen.entry(id).or_default();
            *number += 1;
            let number = *number;
            id = self.of(operation, key, number);
            letter = hex(&id);
        }
        Item { id, letter, operation, json }
    }

    /// What tells a row apart that was refused in an earlier run, in this load. One that is refused again gets another one: a receiver that
    /// remembers by it what it has answered would never look at the row again.
    pub(super) fn of_letter(&self, operation: i8, letter: &str, run: &str) -> RowId {
        self.of(operation, &format!("{letter} {run}"), u64::MAX)
    }

    fn keys(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let places: Option<Vec<usize>> = self.key.iter().map(|name| rows.schema().index_of(name).ok()).collect();
        let keys = places.and_then(|places| rows.project(&places).ok());
        keys.ok_or_else(|| Error::new(codes::DEFECT, Blame::Headwater, "rows come without the columns of their key"))
    }
}

fn first(hash: &[u8; 32]) -> RowId {
    std::array::from_fn(|byte| hash[byte])
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each row as a JSON object, a column whose value is null included.
fn lines(rows: &RecordBatch) -> Result<Vec<String>> {
    let failed = |e: arrow_schema::ArrowError| {
        Error::new(codes::DEFECT, Blame::Headwater, "rows cannot be written as JSON").caused_by(e)
    };
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
    writer.write(rows).and_then(|()| writer.finish()).map_err(failed)?;
    // A line end within a text is written as `\n`.
    let text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    match lines.len() == rows.num_rows() {
        true => Ok(lines),
        false => Err(Error::new(codes::DEFECT, Blame::Headwater, "rows were written as another number of lines")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int8Array, Int64Array, StringArray};
    use headwater_sdk::Relation;

    use super::*;

    fn mark(snapshot: u64) -> Mark {
        Mark { snapshot, run: "r".into(), relation: Relation::Table { version: 0 }, definition: "d".into() }
    }

    fn batch(ids: &[i64], names: &[Option<&str>], operations: &[i8]) -> Outgoing {
        let rows = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef),
            ("name", Arc::new(StringArray::from(names.to_vec()))),
        ]);
        Outgoing { rows: rows.unwrap(), operations: Some(Int8Array::from(operations.to_vec())) }
    }

    #[test]
    fn rows_are_objects_and_have_the_same_identifiers_whenever_they_are_sent() {
        let key = ["id".to_owned()];
        let rows = batch(&[1, 2, 3], &[Some("a\n\"b\""), None, Some("gone")], &[0, 0, 1]);
        let items = Identity::new("hook/t", None, &mark(1), &key).items(&rows).unwrap();
        let texts: Vec<&str> = items.iter().map(|item| item.json.as_str()).collect();
        assert_eq!(texts, [r#"{"id":1,"name":"a\n\"b\""}"#, r#"{"id":2,"name":null}"#, r#"{"id":3}"#]);
        assert_eq!(Identity::new("hook/t", None, &mark(1), &key).items(&rows).unwrap(), items);
        let later = Identity::new("hook/t", None, &mark(2), &key).items(&rows).unwrap();
        assert!(items.iter().zip(&later).all(|(a, b)| a.id != b.id && a.letter == b.letter));
        let again = Identity::new("hook/t", Some(&mark(2)), &mark(1), &key).items(&rows).unwrap();
        assert!(items.iter().zip(&again).all(|(a, b)| a.id != b.id));
        let other = Identity::new("hook/u", None, &mark(1), &key).items(&rows).unwrap();
        assert!(items.iter().zip(&other).all(|(a, b)| a.id != b.id));
    }

    #[test]
    fn equal_rows_without_a_key_are_told_apart() {
        let rows = batch(&[1, 1, 2], &[None, None, None], &[0, 0, 0]);
        let mut identity = Identity::new("hook/t", None, &mark(1), &[]);
        let mut ids: Vec<RowId> = identity.items(&rows).unwrap().iter().map(|item| item.id).collect();
        ids.extend(identity.items(&rows).unwrap().iter().map(|item| item.id));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 6);
    }
}
