//! What there is in a database, and how things stand with it.

use headwater_sdk::Result;
use headwater_sdk::connector::{Discovery, Finding, FoundColumn, FoundStream, Standing};
use headwater_sdk::name::quote_identifier;
use rusqlite::Connection;
use serde_json::json;

use super::describe::{columns_of, look, tables};
use super::file::File;
use super::told::{said, told};
use super::types::SqliteType;
use crate::database::{Asked, NativeType};

/// Files up to this are looked through by `pragma quick_check`.
const CHECKED: u64 = 64 << 20;

/// Tables, views and virtual tables, in the order of their names.
///
/// # Errors
/// When the schema cannot be read.
pub(super) fn discover(file: &File) -> Result<Discovery> {
    let connection = file.open()?;
    let mut found_there = Discovery::default();
    for table in tables(&connection, file.shown())? {
        let name = written(&table.name);
        let serde_json::Value::Object(options) = json!({ "from": name }) else { continue };
        let asked = Asked::whole(&table.name);
        // A view whose tables are gone is nothing to read.
        let mut found = match columns_of(&connection, &asked, file.shown()) {
            Ok(found) => found,
            Err(error) => {
                found_there.left_out.push(format!("{name}: {}", error.message));
                continue;
            }
        };
        look(&connection, &asked, &mut found, |_| false).unwrap_or_default();
        let told = declared(&connection, &table.name)
            .map_err(|error| told(&error, &format!("the columns of {} cannot be looked at", table.name)))?;
        let mut key: Vec<(i64, String)> =
            told.iter().filter(|column| column.key > 0).map(|column| (column.key, column.name.clone())).collect();
        key.sort();
        let column = |(name, native): (String, SqliteType)| FoundColumn {
            data_type: native.natural().data_type,
            nullable: told.iter().find(|column| column.name == name).is_none_or(|column| column.nullable),
            written: native.written,
            description: None,
            name,
        };
        found_there.streams.push(FoundStream {
            name,
            table: table.name,
            kind: table.kind.to_owned(),
            description: None,
            options,
            columns: found.into_iter().map(column).collect(),
            key: key.into_iter().map(|(_, name)| name).collect(),
            rows: None,
        });
    }
    Ok(found_there)
}

/// A name as a person writes it: quoted only where it has to be.
fn written(name: &str) -> String {
    let is_plain = !name.is_empty() && name.trim() == name && !name.contains(['.', '"']);
    if is_plain { name.to_owned() } else { quote_identifier(name) }
}

struct Declared {
    name: String,
    nullable: bool,
    /// Its place in the primary key, from 1; 0 when it is not in it.
    key: i64,
}

fn declared(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Declared>> {
    let mut statement = connection.prepare("select name, \"notnull\", pk from pragma_table_xinfo(?1)")?;
    let rows = statement.query_map([table], |row| {
        Ok(Declared { name: row.get(0)?, nullable: row.get::<_, i64>(1)? == 0, key: row.get(2)? })
    })?;
    rows.collect()
}

/// The file's kind and size, and whether it is whole, as far as that is cheap.
///
/// # Errors
/// When it cannot be read.
pub(super) fn examine(file: &File) -> Result<Vec<Finding>> {
    let connection = file.open()?;
    let failed = |error: rusqlite::Error| told(&error, &format!("{} cannot be looked at", file.shown()));
    let mode: String = connection.query_row("pragma journal_mode", [], |row| row.get(0)).map_err(failed)?;
    let (bytes, log) = file.bytes()?;
    let log = if log > 0 { format!(" and {:.1} MB of log", log as f64 / 1e6) } else { String::new() };
    let what = format!(
        "{}: {:.1} MB{log}, journal mode {mode}, read by SQLite {}",
        file.shown(),
        bytes as f64 / 1e6,
        rusqlite::version()
    );
    let mut findings = vec![Finding { standing: Standing::Good, what, help: None }];
    if mode != "wal" {
        findings.push(Finding {
            standing: Standing::Warning,
            what: format!("whoever writes to {} waits while a load reads it", file.shown()),
            help: Some("`pragma journal_mode = wal`, by who owns the database, lets both go on".to_owned()),
        });
    }
    if bytes > CHECKED {
        return Ok(findings);
    }
    let trouble = |what: String| Finding {
        standing: Standing::Trouble,
        what: format!("{} is damaged: {what}", file.shown()),
        help: Some("take a backup, or what `.recover` of SQLite's program sqlite3 saves".to_owned()),
    };
    match connection.query_row("pragma quick_check(1)", [], |row| row.get::<_, String>(0)) {
        Ok(ok) if ok == "ok" => {
            let what = format!("{} is whole (quick_check)", file.shown());
            findings.push(Finding { standing: Standing::Good, what, help: None });
        }
        Ok(what) => findings.push(trouble(what)),
        Err(error) => findings.push(trouble(said(&error))),
    }
    Ok(findings)
}
