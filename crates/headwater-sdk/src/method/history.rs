//! Histories: the versions that rows have had (slowly changing dimensions of type 2).

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use serde::{Deserialize, Serialize};

use super::Misfit;
use crate::types::{timestamp_utc, type_name};

/// How versions of rows are told apart (a slowly changing dimension of type 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The columns whose values rows keep: not null, and unique among the query's rows.
    pub key: Vec<String>,
    /// The columns whose changes make new versions; `None` for all but the key and `updated_at`.
    pub track: Option<Vec<String>>,
    /// The date or timestamp column from which on a version holds; `None` for the time of the run that finds it.
    pub updated_at: Option<String>,
    /// What becomes of the current version of a key that the query does not yield any more.
    pub deletes: Deletes,
    /// What the added columns are called.
    pub columns: HistoryColumns,
}

/// What becomes of the current version of a key that the query does not yield any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletes {
    /// It ends when the run began.
    #[default]
    Close,
    /// It stays current.
    Keep,
}

/// The columns that a history has beside those of its query. They stand behind these, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryColumns {
    /// From when on the version holds: a timestamp in UTC.
    pub valid_from: String,
    /// Until when, that moment excluded: a timestamp in UTC; null of a current version.
    pub valid_to: String,
    /// Whether it holds now: a boolean.
    pub is_current: String,
    /// A hash of the tracked columns' values: 32 hexadecimal digits.
    pub row_hash: String,
}

impl Default for HistoryColumns {
    fn default() -> Self {
        Self {
            valid_from: "valid_from".to_owned(),
            valid_to: "valid_to".to_owned(),
            is_current: "is_current".to_owned(),
            row_hash: "row_hash".to_owned(),
        }
    }
}

impl HistoryColumns {
    /// The names, in order.
    pub fn names(&self) -> [&str; 4] {
        [&self.valid_from, &self.valid_to, &self.is_current, &self.row_hash]
    }
}

/// Where the columns of a history stand in its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Those of the key.
    pub key: Vec<usize>,
    /// Those whose changes make new versions.
    pub tracked: Vec<usize>,
    /// The others but for [`Places::updated_at`].
    pub untracked: Vec<usize>,
    /// The one that says when a row was changed.
    pub updated_at: Option<usize>,
}

impl History {
    /// The columns of the table, from those of its query.
    pub fn schema(&self, query: &Schema) -> Schema {
        let HistoryColumns { valid_from, valid_to, is_current, row_hash } = &self.columns;
        let added = [
            Field::new(valid_from, timestamp_utc(), true),
            Field::new(valid_to, timestamp_utc(), true),
            Field::new(is_current, DataType::Boolean, true),
            Field::new(row_hash, DataType::Utf8, true),
        ];
        Schema::new(query.fields().iter().cloned().chain(added.map(Arc::new)).collect::<Vec<_>>())
    }

    /// Where the columns stand in the query, whose columns are in lake types.
    ///
    /// # Errors
    /// [`Misfit`] when one is not there, has a type that it cannot have, or is called like an added one.
    pub fn places(&self, query: &Schema) -> Result<Places, Misfit> {
        let find = |option: &'static str, column: &String| {
            query.index_of(column).map_err(|_| {
                let names: Vec<&str> = query.fields().iter().map(|field| field.name().as_str()).collect();
                let help = format!("the query's columns are: {}", names.join(", "));
                let message = format!("the query has no column '{column}'");
                Misfit { option, column: column.clone(), message, help }
            })
        };
        if let Some(taken) =
            query.fields().iter().map(|f| f.name()).find(|name| self.columns.names().contains(&name.as_str()))
        {
            return Err(Misfit {
                option: "history_columns",
                column: taken.clone(),
                message: format!("the query has a column '{taken}', and so has every history"),
                help: "give it another name in the query, or the added one under `history_columns`".to_owned(),
            });
        }
        let mut key = Vec::new();
        for column in &self.key {
            let place = find("key", column)?;
            let data_type = query.field(place).data_type();
            if data_type.is_floating() || data_type.is_nested() {
                return Err(Misfit {
                    option: "key",
                    column: column.clone(),
                    message: format!(
                        "'{column}' is of type {}, by which rows cannot be told apart",
                        type_name(data_type)
                    ),
                    help: "cast it to a text, an integer or a decimal".to_owned(),
                });
            }
            key.push(place);
        }
        let updated_at = self.updated_at.as_ref().map(|column| find("updated_at", column)).transpose()?;
        if let (Some(place), Some(column)) = (updated_at, &self.updated_at) {
            let data_type = query.field(place).data_type();
            if !matches!(data_type, DataType::Date32 | DataType::Timestamp(..)) {
                return Err(Misfit {
                    option: "updated_at",
                    column: column.clone(),
                    message: format!("'{column}' is of type {} and not a date or a timestamp", type_name(data_type)),
                    help: format!("cast it in the SQL: cast({column} as timestamp) as {column}"),
                });
            }
        }
        let is_own = |place: &usize| key.contains(place) || updated_at == Some(*place);
        let tracked = match &self.track {
            None => (0..query.fields().len()).filter(|place| !is_own(place)).collect(),
            Some(track) => {
                let mut places = Vec::new();
                for column in track {
                    let place = find("track", column)?;
                    if is_own(&place) {
                        return Err(Misfit {
                            option: "track",
                            column: column.clone(),
                            message: format!("'{column}' is of the key or `updated_at`, whose changes are no versions"),
                            help: "leave it out of `track`".to_owned(),
                        });
                    }
                    places.push(place);
                }
                places
            }
        };
        let others = (0..query.fields().len()).filter(|place| !is_own(place) && !tracked.contains(place));
        Ok(Places { untracked: others.collect(), key, tracked, updated_at })
    }
}
