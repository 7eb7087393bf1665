//! The streams that a program says it has.

use headwater_sdk::connector::{FoundColumn, FoundStream};
use headwater_sdk::{Blame, Error, Result};
use serde_json::{Value, json};

use super::columns::JsonType;
use crate::codes;

/// The streams, in the program's order.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) streams: Vec<Listed>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    /// What tells it from all others.
    pub(crate) id: String,
    /// What its records call it.
    pub(crate) name: String,
    /// Its columns, in the order of its schema.
    pub(crate) columns: Vec<(String, JsonType)>,
    /// The columns of its primary key; none when it tells none.
    pub(crate) key: Vec<String>,
    /// Whether it can be read from where the last run ended; `None` when that is not told.
    pub(crate) incremental: Option<bool>,
    /// Whether a column has to be named by which it is read on.
    pub(crate) needs_cursor: bool,
    pub(crate) description: Option<String>,
    /// Rows, as the program estimates them.
    pub(crate) rows: Option<u64>,
    /// Its entry as the program printed it.
    pub(crate) entry: Value,
}

impl Catalogue {
    /// The stream that a project calls so: by its id, or by its name where that is the name of one only.
    ///
    /// # Errors
    /// When there is none, or several have the name.
    pub(crate) fn find(&self, called: &str) -> Result<&Listed> {
        if let Some(found) = self.streams.iter().find(|stream| stream.id == called) {
            return Ok(found);
        }
        let named: Vec<&Listed> = self.streams.iter().filter(|stream| stream.name == called).collect();
        let wrong =
            |message: String, help: String| Err(Error::new(codes::TAP_OPTIONS, Blame::Project, message).help(help));
        match named.as_slice() {
            [one] => Ok(one),
            [] => {
                let ids: Vec<&str> = self.streams.iter().map(|stream| stream.id.as_str()).collect();
                let near = headwater_diagnostics::nearest(called, ids.iter().copied());
                let near = near.map_or_else(String::new, |near| format!("did you mean '{near}'? "));
                let shown = ids.iter().take(20).copied().collect::<Vec<_>>().join(", ");
                let more = if ids.len() > 20 { ", …" } else { "" };
                wrong(format!("there is no stream '{called}'"), format!("{near}its streams are: {shown}{more}"))
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|stream| stream.id.as_str()).collect();
                let message = format!("{} streams are called '{called}'", several.len());
                wrong(message, format!("write which one is meant: {}", ids.join(" or ")))
            }
        }
    }

    /// What `headwater source add` is told.
    pub(super) fn found(&self) -> Vec<FoundStream> {
        self.streams.iter().map(Listed::found).collect()
    }
}

impl Listed {
    fn found(&self) -> FoundStream {
        let column = |(name, native): &(String, JsonType)| FoundColumn {
            name: name.clone(),
            written: native.written.clone(),
            data_type: native.data_type.clone(),
            nullable: !self.key.contains(name),
            description: None,
        };
        let options = json!({ "stream": self.id });
        FoundStream {
            name: self.id.clone(),
            table: self.name.clone(),
            kind: "stream".to_owned(),
            description: self.description.clone(),
            options: options.as_object().cloned().unwrap_or_default(),
            columns: self.columns.iter().map(column).collect(),
            key: self.key.clone(),
            rows: self.rows,
        }
    }
}
