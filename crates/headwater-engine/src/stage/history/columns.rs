//! The columns of a history: what each is for, and whether the table that is there has them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use headwater_sdk::method::{Deletes, History, HistoryColumns, Misfit, Places};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result, TableName};
use serde::{Deserialize, Serialize};

use crate::lake::table::TableVersion;
use crate::types::{computed_type, lake_schema};

/// The table property by which a history is known.
pub(in crate::stage) const PROPERTY: &str = "headwater.history";

/// The value of [`PROPERTY`], in JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    key: Vec<String>,
}

/// The columns of a history.
#[derive(Debug)]
pub(super) struct Layout {
    /// Those of the query, in the types in which they are compared: lake types, but texts and bytes as views.
    pub(super) fields: Vec<FieldRef>,
    /// What they are for.
    pub(super) places: Places,
    /// What the others are called.
    pub(super) names: HistoryColumns,
    pub(super) deletes: Deletes,
    /// All of them, in lake types.
    pub(super) schema: SchemaRef,
}

impl Layout {
    /// The columns of a history whose query yields these.
    pub(super) fn new(history: &History, query: &Schema) -> Result<Self> {
        let query = lake_schema(query)?;
        let places = history.places(&query).map_err(misfit)?;
        let computed = |field: &FieldRef| Arc::new(Field::new(field.name(), computed_type(field.data_type()), true));
        let fields = query.fields().iter().map(computed).collect();
        let (names, deletes, schema) = (history.columns.clone(), history.deletes, Arc::new(history.schema(&query)));
        Ok(Self { fields, places, names, deletes, schema })
    }

    /// The names of the key's columns.
    pub(super) fn key(&self) -> Vec<String> {
        self.places.key.iter().map(|place| self.fields[*place].name().clone()).collect()
    }

    /// The table properties of the history.
    pub(super) fn properties(&self) -> Vec<(&'static str, String)> {
        let known = serde_json::to_string(&Known { key: self.key() });
        known.into_iter().map(|known| (PROPERTY, known)).collect()
    }

    /// Whether a table is a history already: known as one, or with its columns.
    pub(super) fn is_in(&self, table: &TableVersion) -> bool {
        let schema = table.schema();
        let has = |name: &str| schema.field_with_name(name).ok().map(Field::data_type) == Some(self.type_of(name));
        let [from, to, current, _] = self.names.names();
        known(table).is_some() || (has(from) && has(to) && has(current))
    }

    fn type_of(&self, name: &str) -> &DataType {
        self.schema.field_with_name(name).map_or(&DataType::Null, |field| field.data_type())
    }

    /// Whether a history goes on in a table: by the same key, without losing a column.
    pub(super) fn verify(&self, name: &TableName, table: &TableVersion) -> Result<()> {
        let refuse = |message: String, help: String| {
            let help =
                format!("{help}; to begin a new history in its place, run with --full-refresh --discard-history");
            Err(Error::new("HW0632", Blame::Project, message).help(help))
        };
        let key = known(table).map_or_else(|| self.key(), |known| known.key);
        if key != self.key() {
            let (then, now) = (key.join(", "), self.key().join(", "));
            let message = format!("the history in {name} is by the key ({then}), and not by ({now})");
            return refuse(message, format!("write `key: [{then}]` again"));
        }
        for field in table.schema().fields() {
            let (column, then) = (field.name(), type_name(field.data_type()));
            match self.schema.field_with_name(column) {
                Err(_) => {
                    let message = format!("the history in {name} has the column '{column}', which its query lacks");
                    return refuse(message, format!("keep it in the query: cast(null as {then}) as {column}"));
                }
                Ok(now) if now.data_type() != field.data_type() => {
                    let of = if key.contains(column) { "key column" } else { "column" };
                    let now = type_name(now.data_type());
                    let message = format!("the {of} '{column}' of the history in {name} is {then}, and not {now}");
                    return refuse(message, format!("cast it in the query: cast({column} as {then}) as {column}"));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

fn known(table: &TableVersion) -> Option<Known> {
    serde_json::from_str(table.snapshot.metadata().configuration().get(PROPERTY)?).ok()
}

/// A column that the definition of a history needs otherwise.
pub(in crate::stage) fn misfit(misfit: Misfit) -> Error {
    Error::new("HW0633", Blame::Project, format!("{}: {}", misfit.option, misfit.message)).help(misfit.help)
}
