//! What there is in a database, as its driver tells.

use adbc_core::Connection;
use adbc_core::error::Error as DriverError;
use adbc_core::options::ObjectDepth;
use headwater_sdk::Result;
use headwater_sdk::connector::{Discovery, Finding, FoundColumn, FoundStream, Standing};
use serde::Deserialize;
use serde_json::json;

use super::database::{Database, Session};
use super::describe::columns_of;
use super::stream::quoted;
use super::told::is_missing;
use crate::database::{Asked, NativeType};

/// Schemas and catalogues that databases have for themselves.
const THEIRS: [&str; 6] = ["information_schema", "pg_catalog", "pg_toast", "sys", "system", "temp"];

// Of the answer of `GetObjects` (adbc.h) that is used.

#[derive(Debug, Deserialize)]
struct Catalog {
    catalog_name: Option<String>,
    #[serde(default)]
    catalog_db_schemas: Option<Vec<DbSchema>>,
}

#[derive(Debug, Deserialize)]
struct DbSchema {
    db_schema_name: Option<String>,
    #[serde(default)]
    db_schema_tables: Option<Vec<Table>>,
}

#[derive(Debug, Deserialize)]
struct Table {
    table_name: String,
    table_type: String,
    #[serde(default)]
    table_columns: Option<Vec<Column>>,
    #[serde(default)]
    table_constraints: Option<Vec<Constraint>>,
}

#[derive(Debug, Deserialize)]
struct Column {
    column_name: String,
    #[serde(default)]
    remarks: Option<String>,
    #[serde(default)]
    xdbc_type_name: Option<String>,
    #[serde(default)]
    xdbc_nullable: Option<i16>,
    #[serde(default)]
    xdbc_is_nullable: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Constraint {
    constraint_type: String,
    #[serde(default)]
    constraint_column_names: Option<Vec<String>>,
}

/// How many tables are tried out before their catalogue is believed to be the session's own.
const TRIED: usize = 3;

/// How often it is asked what there is, where tables go meanwhile.
const ASKED: usize = 6;

/// A table and where it is.
struct Place {
    catalog: String,
    schema: String,
    table: Table,
}

/// Tables, views and the like, in the driver's order.
///
/// # Errors
/// When the database cannot be opened, or its driver does not tell.
pub(crate) fn discover(database: &Database) -> Result<Discovery> {
    let session = database.connect()?;
    let failed = |error: DriverError| {
        database.failed(&error, &format!("the tables of {} cannot be looked at", database.shown()))
    };
    let places = places(&session).map_err(failed)?;
    let several = places.iter().any(|place| place.catalog != places[0].catalog)
        || places.iter().take(TRIED).any(|place| needs_catalog(&session, place));
    let mut found_there = Discovery::default();
    for Place { catalog, schema, table } in places {
        let parts = [several.then_some(catalog), Some(schema), Some(table.table_name.clone())];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        let name = written(&parts, database.quote());
        let asked = Asked::named(&parts, super::stream::names(database.quote()));
        let serde_json::Value::Object(options) = json!({ "from": name }) else { continue };
        // A view whose tables are gone is nothing to read.
        let found = match columns_of(&session, &asked) {
            Ok(found) => found,
            Err(error) => {
                found_there.left_out.push(format!("{name}: {}", error.message));
                continue;
            }
        };
        let told = table.table_columns.unwrap_or_default();
        let columns = found.into_iter().map(|(name, native)| {
            let told = told.iter().find(|column| column.column_name == name);
            let is_required =
                |column: &Column| column.xdbc_nullable == Some(0) || column.xdbc_is_nullable.as_deref() == Some("NO");
            FoundColumn {
                data_type: native.natural().data_type,
                written: told
                    .and_then(|column| column.xdbc_type_name.clone())
                    .unwrap_or_else(|| native.written().to_owned()),
                nullable: !told.is_some_and(is_required),
                description: told.and_then(|column| column.remarks.clone()).filter(|remarks| !remarks.is_empty()),
                name,
            }
        });
        let key = table.table_constraints.unwrap_or_default().into_iter();
        let key = key.filter(|constraint| constraint.constraint_type == "PRIMARY KEY");
        found_there.streams.push(FoundStream {
            name,
            table: table.table_name,
            kind: kind(&table.table_type),
            description: None,
            options,
            columns: columns.collect(),
            key: key.flat_map(|constraint| constraint.constraint_column_names.unwrap_or_default()).collect(),
            rows: None,
        });
    }
    Ok(found_there)
}

/// Whether a table is found by its catalogue only: that of the session is another one.
fn needs_catalog(session: &Session, place: &Place) -> bool {
    let quote = session.database().quote();
    let reads = |parts: &[&str]| {
        let name = parts.iter().map(|part| quoted(quote, part)).collect::<Vec<_>>().join(".");
        let rows = session.query(&format!("select * from {name} where 1 = 0"));
        rows.is_ok_and(|mut rows| rows.all(|batch| batch.is_ok()))
    };
    let Place { catalog, schema, table } = place;
    let parts = [schema.as_str(), table.table_name.as_str()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    !catalog.is_empty() && !reads(&parts) && reads(&[&[catalog.as_str()], parts.as_slice()].concat())
}

fn places(session: &Session) -> Result<Vec<Place>, DriverError> {
    // A single column of a type that it does not know keeps BigQuery's driver from telling of anything, if it is asked for columns.
    let ask = || places_to(session, ObjectDepth::All).or_else(|_| places_to(session, ObjectDepth::Tables));
    // So does a table that is dropped while it looks.
    (1..ASKED).map(|_| ask()).find(|told| !told.as_ref().is_err_and(is_missing)).unwrap_or_else(ask)
}

fn places_to(session: &Session, depth: ObjectDepth) -> Result<Vec<Place>, DriverError> {
    let rows = session.connection().get_objects(depth, None, None, None, None, None)?;
    let mut places = Vec::new();
    for batch in rows {
        let mut writer = arrow_json::ArrayWriter::new(Vec::new());
        writer.write(&batch?)?;
        writer.finish()?;
        let catalogs: Vec<Catalog> = serde_json::from_slice(&writer.into_inner()).map_err(|error| {
            let message = format!("what it tells of its tables is not as ADBC has it: {error}");
            DriverError::with_message_and_status(message, adbc_core::error::Status::InvalidData)
        })?;
        for catalog in catalogs {
            let name = catalog.catalog_name.unwrap_or_default();
            for schema in catalog.catalog_db_schemas.unwrap_or_default() {
                let schema_name = schema.db_schema_name.unwrap_or_default();
                if THEIRS.contains(&name.as_str()) || THEIRS.contains(&schema_name.to_lowercase().as_str()) {
                    continue;
                }
                for table in schema.db_schema_tables.unwrap_or_default().into_iter().filter(is_readable) {
                    places.push(Place { catalog: name.clone(), schema: schema_name.clone(), table });
                }
            }
        }
    }
    Ok(places)
}

/// Whether it has rows that a stream would read. Drivers have names of their own for kinds of tables.
fn is_readable(table: &Table) -> bool {
    let kind = table.table_type.to_lowercase();
    let has = |word: &str| kind.contains(word);
    (has("table") || has("view"))
        && !has("toast")
        && !has("system")
        && !has("temporary")
        && !table.table_name.starts_with("sqlite_")
}

fn kind(told: &str) -> String {
    match told.to_lowercase().replace('_', " ").as_str() {
        "base table" => "table".to_owned(),
        kind => kind.to_owned(),
    }
}

/// A name as a person writes it: quoted only where it has to be.
fn written(parts: &[String], quote: char) -> String {
    let part = |part: &String| {
        let is_plain = part.trim() == part && !part.contains(['.', quote]);
        if is_plain { part.clone() } else { quoted(quote, part) }
    };
    parts.iter().map(part).collect::<Vec<_>>().join(".")
}

/// What opens the database, and that it does.
///
/// # Errors
/// When it does not.
pub(crate) fn examine(database: &Database) -> Result<Vec<Finding>> {
    let session = database.connect()?;
    let what = format!("{}: {}", database.shown(), session.versions);
    Ok(vec![Finding { standing: Standing::Good, what, help: None }])
}
