//! How the columns of a table differ.

use headwater_sdk::{Relations, Result, TableName};
use serde::Serialize;

use crate::lake::Lake;
use crate::resolve::typed_names;

/// How the columns of a table differ: names and types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ColumnDiff {
    /// Columns that only the later side has.
    pub added: Vec<(String, String)>,
    /// Columns that only the earlier side has.
    pub removed: Vec<(String, String)>,
    /// Columns with another type: name, the type before, the type after.
    pub retyped: Vec<(String, String, String)>,
}

impl ColumnDiff {
    pub(super) async fn of(lake: &Lake, before: &Relations, after: &Relations, table: &TableName) -> Result<Self> {
        let mut sides = [Vec::new(), Vec::new()];
        for (columns, relations) in sides.iter_mut().zip([before, after]) {
            if relations.contains_key(table) {
                *columns = typed_names(&lake.engine.schema(relations, table).await?);
            }
        }
        let [old, new] = sides;
        // A table that only one side has differs as a whole.
        if old.is_empty() || new.is_empty() {
            return Ok(Self::default());
        }
        let mut diff = Self::default();
        for (name, now) in &new {
            match old.iter().find(|(other, _)| other == name) {
                None => diff.added.push((name.clone(), now.clone())),
                Some((_, then)) if then != now => diff.retyped.push((name.clone(), then.clone(), now.clone())),
                Some(_) => {}
            }
        }
        diff.removed = old.into_iter().filter(|(name, _)| new.iter().all(|(other, _)| other != name)).collect();
        Ok(diff)
    }

    /// Whether there is no difference.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether these columns are on both sides what they are.
    pub(super) fn leaves(&self, columns: &[String]) -> bool {
        columns.iter().all(|name| {
            let added = self.added.iter().chain(&self.removed).any(|(other, _)| other == name);
            !added && self.retyped.iter().all(|(other, ..)| other != name)
        })
    }
}
