//! How far a stream was read by a cursor.

use headwater_sdk::{Blame, Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codes;

/// How far a stream was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position<V> {
    /// The column.
    pub(crate) cursor: String,
    /// The greatest value that was read; none while the table was empty.
    pub(crate) read_to: Option<V>,
}

impl<V: DeserializeOwned> Position<V> {
    /// A position that a commit kept, of the stream `shown`, which is read by `cursor`.
    ///
    /// # Errors
    /// When it is none, or of another cursor.
    pub(crate) fn read(position: serde_json::Value, cursor: Option<&str>, shown: &str) -> Result<Self> {
        let read: Self = serde_json::from_value(position)
            .map_err(|error| bad_position(format!("how far {shown} was read is not known: {error}")))?;
        match cursor {
            Some(cursor) if *cursor == read.cursor => Ok(read),
            _ => Err(bad_position(format!("{shown} was read by the cursor '{}'", read.cursor))),
        }
    }

    /// What may have gone from the source of what led to a position.
    pub(crate) fn vanished(position: serde_json::Value, shown: &str) -> Vec<String> {
        // A position of the mode `full` has no cursor.
        let position = serde_json::from_value::<Self>(position).ok();
        let was_read = position.is_some_and(|position| position.read_to.is_some());
        was_read.then(|| format!("what was deleted from {shown} since it was read")).into_iter().collect()
    }
}

/// How far the changes of `shown` were followed, as a commit kept it.
///
/// # Errors
/// When it is no such position.
pub(crate) fn followed<T: DeserializeOwned>(position: serde_json::Value, shown: &str) -> Result<T> {
    serde_json::from_value(position)
        .map_err(|error| bad_position(format!("how far {shown} was followed is not known: {error}")))
}

fn bad_position(message: String) -> Error {
    Error::new(codes::BAD_POSITION, Blame::Environment, message).help("--full-refresh loads everything again")
}

/// A position as a commit keeps it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn written(position: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(position)
        .map_err(|error| Error::new(codes::DEFECT, Blame::Headwater, "a position cannot be written").caused_by(error))
}
