//! What there is in the database: tables and views, and the columns of a stream.

use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};

use super::told::{refused, said, told};
use super::types::{Held, SqliteType};
use crate::codes;
use crate::database::{Asked, Relation};

/// Rows that are looked at for types that are not declared.
const SAMPLE: usize = 1000;
/// Names by which a rowid is asked for, as far as no column has them.
const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// A table, a view or a virtual table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// `table`, `view` or `virtual table`.
    pub(super) kind: &'static str,
    /// Whether its rows have a rowid.
    has_rowid: bool,
}

/// Tables and views of the file, those of SQLite and of virtual tables left out, in the order of their names.
///
/// # Errors
/// When the schema cannot be read.
pub(super) fn tables(connection: &Connection, shown: &str) -> Result<Vec<Table>> {
    let sql = "select name, type, wr from pragma_table_list
        where schema = 'main' and type in ('table', 'view', 'virtual') and name not like 'sqlite\\_%' escape '\\' order by name";
    let read = || -> rusqlite::Result<Vec<Table>> {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let (kind, has_rowid) = match row.get::<_, String>(1)?.as_str() {
                "table" => ("table", row.get::<_, i64>(2)? == 0),
                "view" => ("view", false),
                _ => ("virtual table", false),
            };
            Ok(Table { name: row.get(0)?, kind, has_rowid })
        })?;
        rows.collect()
    };
    read().map_err(|error| told(&error, &format!("the tables of {shown} cannot be looked at")))
}

/// The columns that a stream can read.
///
/// # Errors
/// When what is asked for is not there, or is no query.
pub(super) fn columns_of(connection: &Connection, asked: &Asked, file: &str) -> Result<Vec<(String, SqliteType)>> {
    let what = format!("{} of {file} cannot be read", asked.shown());
    if let Relation::Query(query) = &asked.relation {
        only_reads(connection, query, &what)?;
    }
    let sql = format!("select * from {}", asked.relation());
    let statement = connection.prepare(&sql).map_err(|error| not_there(connection, &error, &what, file))?;
    let columns = statement.columns();
    Ok(columns.map(|column| (column.name().to_owned(), SqliteType::of(column.decl_type()))).collect())
}

/// Whether a column's texts are compared without regard to letter case, told by the first of them that has letters: SQLite does not say
/// which collation a column of a view or a query has.
///
/// # Errors
/// When it cannot be read.
pub(super) fn is_loose(connection: &Connection, asked: &Asked, column: &str) -> Result<bool> {
    let name = quote_identifier(column);
    // What a function gives has no collation of its own.
    let sql = format!(
        "select 1 from (select {name} from {} limit {SAMPLE}) where lower({name}) <> upper({name}) and {name} = lower({name}) \
         and {name} = upper({name}) limit 1",
        asked.relation()
    );
    let found = connection.prepare(&sql).and_then(|mut statement| statement.exists([]));
    found.map_err(|error| told(&error, &format!("the column '{column}' of {} cannot be looked at", asked.shown())))
}

/// Looks at the first rows for the columns whose type is not declared: in the database, or by the project.
///
/// # Errors
/// When these cannot be read.
pub(super) fn look(
    connection: &Connection,
    asked: &Asked,
    columns: &mut [(String, SqliteType)],
    is_known: impl Fn(&str) -> bool,
) -> Result<()> {
    let mut unknown: Vec<_> =
        columns.iter_mut().filter(|(name, found)| found.declared.is_none() && !is_known(name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let classes: Vec<String> = unknown.iter().map(|(name, _)| format!("typeof({})", quote_identifier(name))).collect();
    let condition = asked.condition.as_ref().map_or_else(String::new, |condition| format!(" where ({condition})"));
    let sql = format!("select {} from {}{condition} limit {SAMPLE}", classes.join(", "), asked.relation());
    let mut held = vec![Held::default(); unknown.len()];
    let mut read = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for (at, held) in held.iter_mut().enumerate() {
                if let ValueRef::Text(class) = row.get_ref(at)? {
                    held.see(std::str::from_utf8(class).unwrap_or(""));
                }
            }
        }
        Ok(())
    };
    let help = "try the condition or the query with SQLite's program sqlite3";
    read().map_err(|error| refused(&error, &format!("{} cannot be read", asked.shown()), help))?;
    for ((_, found), held) in unknown.iter_mut().zip(held) {
        found.held = held;
    }
    Ok(())
}

/// How a stream's rowid is asked for; `None` when it reads something that has none.
///
/// # Errors
/// When the schema cannot be read.
pub(super) fn rowid(
    connection: &Connection,
    asked: &Asked,
    columns: &[(String, SqliteType)],
    file: &str,
) -> Result<Option<&'static str>> {
    let Relation::Table(relation) = &asked.relation else { return Ok(None) };
    let tables = tables(connection, file)?;
    let is_it = |table: &Table| {
        let name = quote_identifier(&table.name);
        table.has_rowid
            && (relation.eq_ignore_ascii_case(&name) || relation.eq_ignore_ascii_case(&format!("\"main\".{name}")))
    };
    let free = |rowid: &&&str| columns.iter().all(|(name, _)| !name.eq_ignore_ascii_case(rowid));
    Ok(if tables.iter().any(is_it) { ROWIDS.iter().find(free).copied() } else { None })
}

/// # Errors
/// For what is no query, or one that would write.
fn only_reads(connection: &Connection, query: &str, what: &str) -> Result<()> {
    let refuse = |why: &str| {
        Err(Error::new(codes::SQLITE_WRITES, Blame::Project, format!("{what}: it {why}"))
            .help("write one query: `select …`, `with … select …` or `values …`"))
    };
    // Some pragmas act when they are only prepared.
    match first_word(query).to_ascii_lowercase().as_str() {
        "" => return refuse("is empty"),
        "select" | "with" | "values" => {}
        word => return refuse(&format!("begins with '{word}'")),
    }
    match connection.prepare(query) {
        Ok(statement) if !statement.readonly() => refuse("would write to the database"),
        Ok(statement) if statement.column_count() == 0 => refuse("has no rows"),
        Ok(_) => Ok(()),
        Err(rusqlite::Error::MultipleStatement) => refuse("has several statements"),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => refuse("would write to the database"),
        Err(error) => Err(not_there(connection, &error, what, "the database")),
    }
}

/// The first word of SQL behind blanks and comments.
fn first_word(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let behind = match (rest.strip_prefix("--"), rest.strip_prefix("/*")) {
            (Some(comment), _) => comment.split_once('\n').map(|(_, behind)| behind),
            (_, Some(comment)) => comment.split_once("*/").map(|(_, behind)| behind),
            _ => return rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or(""),
        };
        rest = behind.unwrap_or("").trim_start();
    }
}

/// What SQLite says of SQL, with the name that may have been meant.
pub(super) fn not_there(connection: &Connection, error: &rusqlite::Error, what: &str, file: &str) -> Error {
    let said = said(error);
    let Some(missing) = said.strip_prefix("no such table: ") else {
        return refused(error, what, "write it in SQLite's SQL; texts stand in single quotes, names in double ones");
    };
    let names: Vec<String> = tables(connection, file).unwrap_or_default().into_iter().map(|table| table.name).collect();
    let missing = missing.strip_prefix("main.").unwrap_or(missing);
    let near = headwater_diagnostics::nearest(missing, names.iter().map(String::as_str));
    let there = if names.is_empty() { "it has no table".to_owned() } else { format!("it has: {}", names.join(", ")) };
    let help = near.map_or(there.clone(), |near| format!("did you mean '{near}'? {there}"));
    refused(error, what, &help)
}

#[cfg(test)]
mod tests {
    use super::first_word;

    #[test]
    fn comments_hide_no_word() {
        assert_eq!(first_word(" -- all\n/* of it */ select(1)"), "select");
        assert_eq!(first_word("/* never ends"), "");
        assert_eq!(first_word("pragma x"), "pragma");
    }
}
