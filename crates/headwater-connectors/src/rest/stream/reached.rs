//! How far a stream was read by its cursor: as a whole, or for each record of its parent.

use std::collections::BTreeMap;

use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cursor::{Kind, Mark};
use crate::codes;
use crate::position::Position;

/// Parents that may each have a value of their own: they are all in every commit.
const MOST_PARENTS: usize = 100_000;

/// How far a stream was read, as a commit keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reached {
    /// The column.
    cursor: String,
    /// The greatest value. Of a stream whose parents have their own: what counts for those that have none, if it was read before they
    /// had.
    read_to: Option<String>,
    /// The greatest value of each parent, which is called by the fields that its requests need.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parents: BTreeMap<String, String>,
}

impl Reached {
    /// Nothing yet.
    pub(crate) fn nothing(cursor: &str) -> Self {
        Self { cursor: cursor.to_owned(), ..Self::default() }
    }

    /// What a commit kept, of the stream `shown`.
    ///
    /// # Errors
    /// When it is no position, or of another cursor.
    pub(crate) fn read(position: Value, cursor: &str, shown: &str) -> Result<Self> {
        let parents = position.get("parents").cloned();
        let Position { cursor, read_to } = Position::<String>::read(position, Some(cursor), shown)?;
        let parents = parents.map(serde_json::from_value).transpose().map_err(|error| {
            Error::new(
                codes::BAD_POSITION,
                Blame::Environment,
                format!("how far {shown} was read is not known: {error}"),
            )
            .help("--full-refresh loads everything again")
        })?;
        Ok(Self { cursor, read_to, parents: parents.unwrap_or_default() })
    }

    /// Whether nothing was read.
    pub(crate) fn is_nothing(&self) -> bool {
        self.read_to.is_none() && self.parents.is_empty()
    }

    /// What was read, where it is the same for all.
    pub(crate) fn whole(&self) -> Option<&str> {
        self.read_to.as_deref()
    }

    /// Of each parent that has a value of its own.
    pub(crate) fn parents(&self) -> &BTreeMap<String, String> {
        &self.parents
    }

    /// The values to compare others with; the text without a name is that of the whole.
    ///
    /// # Errors
    /// When one is no value of the column.
    pub(crate) fn marks(&self, kind: Kind, shown: &str) -> Result<Marks> {
        let mark = |parent: &str, text: &str| {
            let mark = kind.mark(text).ok_or_else(|| {
                let message = format!("{shown} was read to '{text}', which is no value of '{}'", self.cursor);
                Error::new(codes::BAD_POSITION, Blame::Environment, message)
                    .help("--full-refresh loads everything again")
            })?;
            Ok((parent.to_owned(), (mark, text.to_owned())))
        };
        let whole = self.read_to.iter().map(|text| mark("", text));
        Ok(Marks(whole.chain(self.parents.iter().map(|(parent, text)| mark(parent, text))).collect::<Result<_>>()?))
    }
}

/// Values of the cursor, as the API wrote them: of each parent, or under no name of the whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(BTreeMap<String, (Mark, String)>);

impl Marks {
    /// What a parent was read to.
    pub(crate) fn of(&self, parent: &str) -> Option<&Mark> {
        self.0.get(parent).or_else(|| self.0.get("")).map(|(mark, _)| mark)
    }

    /// Takes up a value, if it is the greatest of the parent.
    pub(crate) fn see(&mut self, parent: &str, mark: Mark, text: &str) {
        match self.0.get_mut(parent) {
            Some((known, _)) if mark <= *known => {}
            Some(known) => *known = (mark, text.to_owned()),
            None => {
                self.0.insert(parent.to_owned(), (mark, text.to_owned()));
            }
        }
    }

    /// How far a load came that began at `before`.
    ///
    /// # Errors
    /// When there are too many parents.
    pub(crate) fn reached(self, before: &Reached, by_parents: bool, shown: &str) -> Result<Reached> {
        let mut all: BTreeMap<String, String> = self.0.into_iter().map(|(parent, (_, text))| (parent, text)).collect();
        let whole = all.remove("");
        if all.len() > MOST_PARENTS {
            let message = format!(
                "{shown}: more than {MOST_PARENTS} records of the parent have new records, and how far each was read is kept"
            );
            return Err(Error::new(codes::REST_CURSOR, Blame::Project, message).help(
                "choose fewer parents by its `params`, or let its own request take the cursor, which is then one for all",
            ));
        }
        let read_to = if by_parents { before.read_to.clone() } else { whole };
        Ok(Reached { cursor: before.cursor.clone(), read_to, parents: all })
    }
}
