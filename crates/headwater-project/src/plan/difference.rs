//! How the columns of an asset differ from those that are published.

use headwater_sdk::store::{AssetState, ColumnPart};
use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::desired::Desired;
use super::words::listed;

/// A column that is there on one side only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnOf {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
}

/// A column with another name: one that is gone and one that is new, of the same expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// The published name.
    pub from: String,
    /// The new name.
    pub to: String,
}

/// A column with another type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retyped {
    /// Its name.
    pub name: String,
    /// The published type.
    pub from: String,
    /// The new type.
    pub to: String,
}

/// How the columns of an asset differ from those that are published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Columns that are new.
    pub added: Vec<ColumnOf>,
    /// Columns that are gone.
    pub removed: Vec<ColumnOf>,
    /// Columns with another name.
    pub renamed: Vec<Renamed>,
    /// Columns with another type.
    pub retyped: Vec<Retyped>,
    /// Columns that are computed otherwise, from other columns or by another expression, under the same name and type.
    pub recomputed: Vec<String>,
    /// Whether the query chooses other rows.
    pub other_rows: bool,
}

impl Difference {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether readers of what is published have to follow: a column is gone, or has another name or type.
    pub fn breaks(&self) -> bool {
        !(self.removed.is_empty() && self.renamed.is_empty() && self.retyped.is_empty())
    }

    /// Whether the columns have the names and types that are published, and the query chooses the same rows.
    pub fn only_recomputed(&self) -> bool {
        Self { recomputed: Vec::new(), ..self.clone() }.is_empty()
    }

    /// In words: `gate is computed otherwise; day is new; hour is gone`.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        let mut add = |names: Vec<String>, one: &str, many: &str| {
            if !names.is_empty() {
                parts.push(format!("{} {}", listed(&names, 6), if names.len() == 1 { one } else { many }));
            }
        };
        // Of other rows, all values are others.
        let recomputed = if self.other_rows { Vec::new() } else { self.recomputed.clone() };
        add(recomputed, "is computed otherwise", "are computed otherwise");
        add(
            self.retyped.iter().map(|c| format!("{} ({} → {})", c.name, c.from, c.to)).collect(),
            "is retyped",
            "are retyped",
        );
        add(self.renamed.iter().map(|c| format!("{} → {}", c.from, c.to)).collect(), "is renamed", "are renamed");
        add(self.added.iter().map(|c| c.name.clone()).collect(), "is new", "are new");
        add(self.removed.iter().map(|c| c.name.clone()).collect(), "is gone", "are gone");
        if self.other_rows {
            parts.push("the query chooses other rows".to_owned());
        }
        parts.join("; ")
    }
}

/// How what an asset should be differs from what is published of it; nothing where that is not known.
pub(super) fn between(desired: &Desired, state: Option<&AssetState>, changes: &Changes) -> Difference {
    let mut difference = Difference::default();
    let Some(old) = state.and_then(|state| state.parts.as_ref()) else { return difference };
    let prints = desired.query.as_deref().map(|query| &query.fingerprints);
    for (index, (name, data_type)) in desired.columns.iter().enumerate() {
        let print = prints.and_then(|prints| prints.columns.get(index));
        let Some(column) = old.column(name) else {
            difference.added.push(ColumnOf { name: name.clone(), data_type: data_type.clone() });
            continue;
        };
        let otherwise = || print.zip(column.part.fingerprint.as_ref()).is_some_and(|(new, old)| new.hash != old.hash);
        // Nested types were kept in Arrow's notation once, whose names begin with capitals; what they were is not worked out from it.
        let was_kept_otherwise = column.data_type.starts_with(|first: char| first.is_ascii_uppercase());
        if column.data_type != *data_type && !was_kept_otherwise {
            let (from, to) = (column.data_type.clone(), data_type.clone());
            difference.retyped.push(Retyped { name: name.clone(), from, to });
        } else if otherwise() || (!changes.rows && changes.columns.contains(name)) {
            difference.recomputed.push(name.clone());
        }
    }
    for column in old.columns.iter().filter(|old| desired.columns.iter().all(|(name, _)| *name != old.name)) {
        match new_name(column, desired, &difference.added) {
            Some(place) => {
                let to = difference.added.remove(place).name;
                difference.renamed.push(Renamed { from: column.name.clone(), to });
            }
            None => {
                let (name, data_type) = (column.name.clone(), column.data_type.clone());
                difference.removed.push(ColumnOf { name, data_type });
            }
        }
    }
    difference.other_rows =
        prints.zip(old.rows.fingerprint.as_ref()).is_some_and(|(new, old)| new.rows.hash != old.hash);
    difference
}

/// Which of the new columns is made as the one that is gone was.
fn new_name(gone: &ColumnPart, desired: &Desired, added: &[ColumnOf]) -> Option<usize> {
    let (old, query) = (gone.part.fingerprint.as_ref()?, desired.query.as_deref()?);
    added.iter().position(|new| {
        let index = desired.columns.iter().position(|(name, _)| *name == new.name);
        let print = index.and_then(|index| query.fingerprints.columns.get(index));
        new.data_type == gone.data_type && print.is_some_and(|print| print.hash == old.hash)
    })
}

/// How the columns of an asset with an unchanged definition differ from those that are published, if they do: its inputs
/// have other columns.
pub(super) fn of_output(desired: &Desired, state: &AssetState) -> Option<String> {
    let (old, query) = (state.parts.as_ref()?, desired.query.as_deref()?);
    let difference = between(desired, Some(state), &Changes::default());
    if !difference.is_empty() {
        let what =
            if difference.only_recomputed() { "it is computed otherwise" } else { "its inputs have other columns" };
        return Some(format!("{what}: {}", difference.words()));
    }
    let names = |name: &String, place: usize| old.columns.get(place).is_some_and(|column| column.name == *name);
    let same_order = desired.columns.iter().enumerate().all(|(place, (name, _))| names(name, place));
    let known = query.fingerprints.columns.len() == desired.columns.len();
    (!same_order || !known).then(|| "its inputs have their columns in another order".to_owned())
}
