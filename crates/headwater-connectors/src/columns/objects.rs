//! The columns of JSON objects.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::Schema;
use headwater_sdk::connector::Drift;
use headwater_sdk::{Blame, Error};

use super::batch::{Batch, Flaws, Target};
use super::late::LateKeys;
use super::reading::{ReadValues, Unread};
use super::rows::Rows;
use super::sample::{MAX_COLUMNS, Sample};
use super::values::{Cells, Flaw, Key, Value, expectable, json_value, read_object, scan_object, shown};
use crate::codes;

/// What happens when an object has a key that no column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownKeys {
    /// It is left out.
    Ignore,
    /// The row is bad: the key was not in the sample. What it could be is kept for another plan.
    Late,
    /// The load fails: the columns have drifted.
    Fail,
    /// The load fails: a program's columns are declared, and this is none of them.
    Undeclared,
    /// The row is bad: who wrote it has told which keys there are.
    Untold,
}

/// What is asked of objects beside the columns.
#[derive(Debug, Clone)]
pub(crate) struct KeyRules {
    /// What happens when an object has a key that no column stands for.
    pub(crate) unknown: UnknownKeys,
    /// Keys that are left out in any case.
    pub(crate) left_out: HashSet<String>,
    /// What comes after the sample, where that is kept.
    pub(crate) late: Option<Arc<LateKeys>>,
}

impl From<UnknownKeys> for KeyRules {
    fn from(unknown: UnknownKeys) -> Self {
        Self { unknown, left_out: HashSet::new(), late: None }
    }
}

/// Keys that are left out and told by their names, at most.
const MOST_LEFT_OUT: usize = 100;
/// What the others are called.
const OTHER_KEYS: &str = "…";

impl UnknownKeys {
    /// What the drift policy says of keys that no sample had shown.
    pub(crate) fn of(drift: Drift, has_table: bool) -> Self {
        match drift {
            Drift::Ignore => Self::Ignore,
            Drift::Fail if has_table => Self::Fail,
            Drift::Fail | Drift::Add | Drift::NewVersion => Self::Late,
        }
    }
}

/// Reads objects into the table's columns.
#[derive(Debug)]
pub(crate) struct JsonValues {
    places: HashMap<String, usize>,
    names: Vec<String>,
    /// The same as they stand in texts.
    expected: Vec<String>,
    rules: KeyRules,
    /// How often keys were left out.
    left_out: BTreeMap<String, u64>,
    unit: &'static str,
    /// Per row and column, where the value's token begins and ends; both 0 where there is none.
    tokens: Vec<(u32, u32)>,
    scratch: Vec<u8>,
}

impl JsonValues {
    /// Looks for the table's columns by name.
    pub(crate) fn new(target: &Target, rules: impl Into<KeyRules>) -> Self {
        let names: Vec<String> = target.schema.fields().iter().map(|field| field.name().clone()).collect();
        let places = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        let expected = names.iter().map(|name| expectable(name)).collect();
        let (left_out, unit) = (BTreeMap::new(), target.unit);
        Self { places, names, expected, rules: rules.into(), left_out, unit, tokens: Vec::new(), scratch: Vec::new() }
    }

    /// The keys that were left out of objects so far, and how often. Of more than [`MOST_LEFT_OUT`] the rest have no names.
    pub(crate) fn left_out(&self) -> &BTreeMap<String, u64> {
        &self.left_out
    }
}

/// Counts a key that is left out.
fn leave_out(left_out: &mut BTreeMap<String, u64>, key: &str) {
    let name = if left_out.len() < MOST_LEFT_OUT { key } else { OTHER_KEYS };
    match left_out.get_mut(key) {
        Some(count) => *count += 1,
        None => *left_out.entry(name.to_owned()).or_default() += 1,
    }
}

/// Finds the tokens of an object whose keys are columns, each once, or are left out: what most objects are. `false` for another one,
/// of which nothing counts then. The line begins at `start` of its text.
fn scan_known<'a>(
    line: &'a [u8],
    start: u32,
    (expected, places): (&[String], &HashMap<String, usize>),
    rules: &KeyRules,
    tokens: &mut [(u32, u32)],
    passed_over: &mut Vec<&'a str>,
) -> bool {
    let mut next = 0;
    // Objects of a file mostly have their keys in one order, and may lack some.
    scan_object(line, expected, |key, token| {
        let place = match key {
            Key::Expected(place) => place,
            Key::Other(text) => {
                let key = std::str::from_utf8(text).ok()?;
                let Some(place) = places.get(key) else {
                    let is_told_of = rules.left_out.contains(key);
                    let goes = is_told_of || rules.unknown == UnknownKeys::Ignore;
                    passed_over.extend((goes && !is_told_of).then_some(key));
                    return goes.then_some(next);
                };
                *place
            }
        };
        if tokens[place] != (0, 0) {
            return None;
        }
        // A token is a part of the line, which is a part of the text.
        let start = start + (token.as_ptr() as usize - line.as_ptr() as usize) as u32;
        tokens[place] = (start, start + token.len() as u32);
        next = place + 1;
        Some(next)
    })
}

struct JsonCells<'a> {
    text: &'a [u8],
    tokens: &'a [(u32, u32)],
    columns: usize,
    column: usize,
}

impl JsonCells<'_> {
    fn token(&self, row: usize) -> &[u8] {
        let (start, end) = self.tokens[row * self.columns + self.column];
        &self.text[start as usize..end as usize]
    }
}

impl Cells for JsonCells<'_> {
    fn rows(&self) -> usize {
        self.tokens.len() / self.columns
    }

    fn value<'a>(&'a self, row: usize, scratch: &'a mut Vec<u8>) -> Value<'a> {
        match self.tokens[row * self.columns + self.column] {
            (0, 0) => Value::Null,
            _ => json_value(self.token(row), scratch),
        }
    }
}

impl ReadValues for JsonValues {
    fn read(&mut self, text: &[u8], rows: &Rows, batch: &mut Batch, flaws: &mut Flaws) -> Result<(), Unread> {
        let (columns, target) = (self.names.len(), Arc::clone(batch.target()));
        self.tokens.clear();
        self.tokens.resize(rows.rows.len() * columns, (0, 0));
        for (at, row) in rows.rows.iter().enumerate() {
            if flaws.has(at) {
                continue;
            }
            let line = &text[row.range()];
            let tokens = &mut self.tokens[at * columns..(at + 1) * columns];
            let mut passed_over = Vec::new();
            if scan_known(line, row.start, (&self.expected, &self.places), &self.rules, tokens, &mut passed_over) {
                passed_over.iter().for_each(|key| leave_out(&mut self.left_out, key));
                continue;
            }
            tokens.fill((0, 0));
            let (mut next, mut drifted) = (0, None);
            let read = read_object(line, |key, token| {
                // Objects of a file mostly have their keys in one order.
                let place = match self.names.get(next) {
                    Some(name) if name == key => Some(next),
                    _ => self.places.get(key).copied(),
                };
                let Some(place) = place else {
                    return match self.rules.unknown {
                        _ if self.rules.left_out.contains(key) => Ok(()),
                        UnknownKeys::Ignore => {
                            leave_out(&mut self.left_out, key);
                            Ok(())
                        }
                        UnknownKeys::Late => {
                            if let Some(late) = &self.rules.late {
                                late.see(key, token, &target.schema, batch.file());
                            }
                            Err(unknown_key(key, "it was not in the sample"))
                        }
                        UnknownKeys::Untold => Err(unknown_key(key, "what is told of the stream does not have it")),
                        UnknownKeys::Fail | UnknownKeys::Undeclared => {
                            drifted = Some(shown(key.as_bytes()));
                            Ok(())
                        }
                    };
                };
                if tokens[place] != (0, 0) {
                    return Err(format!("the object has the key '{}' twice", shown(key.as_bytes())));
                }
                // A token is a part of the line, which is a part of the text.
                let start = row.start + (token.as_ptr() as usize - line.as_ptr() as usize) as u32;
                tokens[place] = (start, start + token.len() as u32);
                next = place + 1;
                Ok(())
            });
            match read {
                Err(reason) => {
                    tokens.fill((0, 0));
                    let whole = reason.starts_with("is not");
                    let reason = if whole { format!("the {} {reason}", self.unit) } else { reason };
                    flaws.add(at, || reason);
                }
                Ok(()) => {
                    if let Some(what) = drifted {
                        let undeclared = self.rules.unknown == UnknownKeys::Undeclared;
                        let error = if undeclared { undeclared_error } else { drift_error };
                        return Err(Unread { row: *row, error, what });
                    }
                }
            }
        }
        let file = Arc::clone(batch.file());
        let late = self.rules.late.as_ref().filter(|_| self.rules.unknown == UnknownKeys::Late);
        for (column, values) in batch.columns().iter_mut().enumerate() {
            let cells = JsonCells { text, tokens: &self.tokens, columns, column };
            values.fill(&cells, &mut self.scratch, &mut |row, flaw| {
                if let (Flaw::UnknownKey(_), Some(late)) = (&flaw, late) {
                    late.see(&self.names[column], cells.token(row), &target.schema, &file);
                }
                flaws.add(row, || target.reason(column, flaw));
            });
        }
        Ok(())
    }
}

fn unknown_key(key: &str, why: &str) -> String {
    let key = shown(key.as_bytes());
    format!("the key '{key}' is no column of the table ({why}): declare it, or say `drift: ignore`")
}

fn drift_error(place: &str, key: &str) -> Error {
    Error::new(codes::DRIFT, Blame::Data, format!("{place}: the key '{key}' is no column of the table"))
        .help("declare the column and say `drift: add`, or leave the key out with `drift: ignore`")
}

fn undeclared_error(place: &str, key: &str) -> Error {
    Error::new(codes::COLUMNS, Blame::Project, format!("{place}: the key '{key}' is no column of the table"))
        .help("declare it under `columns`, with its type, or leave it out of the objects")
}

/// Shows a sample the objects of rows; rows that are none are passed over.
pub(crate) fn sample_objects(text: &[u8], rows: &Rows, table: Option<&Schema>, sample: &mut Sample) {
    for row in &rows.rows {
        let _bad_row = read_object(&text[row.range()], |key, token| {
            // One more than there may be shows that there are too many.
            if sample.len() <= MAX_COLUMNS {
                let column = sample.column(key, table);
                sample.see_token(column, token);
            }
            Ok(())
        });
    }
}
