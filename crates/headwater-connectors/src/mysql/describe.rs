//! What there is in the database: a stream's columns, how large its table is, and by what it can be parted.

use std::collections::BTreeMap;

use headwater_sdk::Result;

use super::connect::{Server, Session};
use super::quote;
use super::types::{Form, Reading, SqlType};
use crate::database::{self, Asked};

/// A column to be read.
pub(super) type SourceColumn = database::SourceColumn<Reading>;

/// A column that a table has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) sql_type: SqlType,
    /// The character set of its texts; none for what is no text, and of a query.
    pub(super) charset: Option<String>,
    pub(super) is_nullable: bool,
    /// As `information_schema` has it.
    pub(super) default: Option<String>,
    /// What else that says, e.g. `STORED GENERATED`.
    pub(super) extra: String,
    pub(super) comment: String,
}

/// How a column is asked for.
pub(super) fn select(column: &SourceColumn) -> String {
    let name = quote::name(&column.name);
    match column.reading.form {
        _ if column.is_gone => format!("null as {name}"),
        // The server writes floats with six digits; a double with as many as it has.
        Form::Float => format!("{name} * 1e0 as {name}"),
        _ => name,
    }
}

/// The columns of what is asked for.
///
/// # Errors
/// When it is not there or may not be read.
pub(super) async fn columns_of(session: &mut Session, server: &Server, asked: &Asked) -> Result<Vec<Found>> {
    if !asked.name.is_empty() {
        let found = columns_of_table(session, server, &asked.name, &asked.shown()).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let doing = format!("{} cannot be read", asked.shown());
    let failed = |error| server.error(&error, &doing);
    let columns = session.ask(&format!("select * from {} limit 0", asked.relation())).await.map_err(failed)?;
    while session.row().await.map_err(failed)?.is_some() {}
    let found = columns.into_iter().map(|column| Found {
        sql_type: SqlType::of_query(&column, server.zero_dates),
        name: column.name,
        charset: None,
        is_nullable: true,
        default: None,
        extra: String::new(),
        comment: String::new(),
    });
    Ok(found.collect())
}

/// The columns of a table or a view, invisible ones, too; none where there is none, or it may not be read.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn columns_of_table(
    session: &mut Session,
    server: &Server,
    name: &[String],
    shown: &str,
) -> Result<Vec<Found>> {
    let sql = format!(
        "select column_name, column_type, character_set_name, is_nullable, column_default, extra, column_comment
         from information_schema.columns where {} order by ordinal_position",
        is_table(name)
    );
    let rows = server.ask(session, &sql, &format!("the columns of {shown} cannot be looked at")).await?;
    Ok(rows.into_iter().map(|row| found(row, server)).collect())
}

/// The columns of a table whose texts are compared without regard to letter case, each with its collation; none of a query.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn loose_collations(
    session: &mut Session,
    server: &Server,
    asked: &Asked,
) -> Result<Vec<(String, String)>> {
    if asked.name.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select column_name, concat('the collation ', collation_name) from information_schema.columns \
         where {} and collation_name like '%\\_ci' order by ordinal_position",
        is_table(&asked.name)
    );
    let doing = format!("the columns of {} cannot be looked at", asked.shown());
    let rows = server.ask(session, &sql, &doing).await?;
    let pair = |row: Vec<Option<String>>| {
        let mut fields = row.into_iter().map(Option::unwrap_or_default);
        (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
    };
    Ok(rows.into_iter().map(pair).collect())
}

/// A row of seven columns of `information_schema.columns`.
pub(super) fn found(row: Vec<Option<String>>, server: &Server) -> Found {
    let mut fields = row.into_iter();
    let mut next = || fields.next().flatten();
    let (name, written) = (next().unwrap_or_default(), next().unwrap_or_default());
    Found {
        name,
        sql_type: SqlType::of(&written, server.zero_dates),
        charset: next(),
        is_nullable: next().as_deref() != Some("NO"),
        default: next(),
        extra: next().unwrap_or_default(),
        comment: next().unwrap_or_default(),
    }
}

/// The condition on `table_schema` and `table_name` by which `information_schema` finds a table.
pub(super) fn is_table(name: &[String]) -> String {
    match name {
        [schema, table] => format!("table_schema = {} and table_name = {}", quote::text(schema), quote::text(table)),
        name => {
            let table = name.first().map(String::as_str).unwrap_or_default();
            format!("table_schema = database() and table_name = {}", quote::text(table))
        }
    }
}

/// What a table is, and how large.
#[derive(Debug, Clone, Default)]
pub(super) struct Size {
    /// `BASE TABLE`, `VIEW`, `SYSTEM VERSIONED`, …
    pub(super) kind: String,
    /// Bytes of its rows, as the server estimates them.
    pub(super) bytes: u64,
    /// Rows, likewise; `None` where the server does not.
    pub(super) rows: Option<u64>,
}

/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn size(session: &mut Session, server: &Server, asked: &Asked) -> Result<Size> {
    let sql = format!(
        "select table_type, data_length, table_rows from information_schema.tables where {}",
        is_table(&asked.name)
    );
    let doing = format!("the size of {} cannot be read", asked.shown());
    let mut rows = server.ask(session, &sql, &doing).await?;
    let Some(mut row) = rows.pop() else { return Ok(Size::default()) };
    let mut number = |place: usize| row.get_mut(place).and_then(Option::take).and_then(|number| number.parse().ok());
    let (bytes, estimate) = (number(1).unwrap_or(0), number(2));
    let mut text = |place: usize| row.get_mut(place).and_then(Option::take).unwrap_or_default();
    Ok(Size { kind: text(0), bytes, rows: estimate })
}

/// The columns of a table's primary key, in order.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn primary_key(session: &mut Session, server: &Server, asked: &Asked) -> Result<Vec<String>> {
    Ok(unique_keys(session, server, asked).await?.remove(PRIMARY).unwrap_or_default())
}

/// What the server calls the index of a primary key.
pub(super) const PRIMARY: &str = "PRIMARY";

/// The columns, in order, of a table's primary key and of its other unique indexes, by their names.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn unique_keys(
    session: &mut Session,
    server: &Server,
    asked: &Asked,
) -> Result<BTreeMap<String, Vec<String>>> {
    let sql = format!(
        "select index_name, column_name from information_schema.statistics where {} and non_unique = 0 order by seq_in_index",
        is_table(&asked.name)
    );
    let rows = server.ask(session, &sql, &format!("the key of {} cannot be looked at", asked.shown())).await?;
    let mut keys = BTreeMap::<String, Vec<String>>::new();
    for row in rows {
        let mut fields = row.into_iter().flatten();
        if let (Some(index), Some(column)) = (fields.next(), fields.next()) {
            keys.entry(index).or_default().push(column);
        }
    }
    Ok(keys)
}

/// Conditions by which a table falls into about so many parts, each with its name; none where there is no integer that leads its
/// primary key.
///
/// # Errors
/// When the table cannot be read.
pub(super) async fn ranges(
    session: &mut Session,
    server: &Server,
    asked: &Asked,
    columns: &[Found],
    parts: u64,
) -> Result<Vec<(String, String)>> {
    let key = primary_key(session, server, asked).await?;
    let lead = key.first().and_then(|name| columns.iter().find(|column| column.name == *name));
    let Some(lead) = lead.filter(|lead| lead.sql_type.integer().is_some()) else { return Ok(Vec::new()) };
    let column = quote::name(&lead.name);
    let sql = format!("select min({column}), max({column}) from {}", asked.relation());
    let rows = server.ask(session, &sql, &format!("{} cannot be read", asked.shown())).await?;
    let bound = |place: usize| rows.first()?.get(place)?.as_ref()?.parse::<i128>().ok();
    let (Some(least), Some(greatest)) = (bound(0), bound(1)) else { return Ok(Vec::new()) };
    let step = ((greatest - least) / i128::from(parts) + 1).max(1);
    let mut ranges = Vec::new();
    for part in 0..i128::from(parts) {
        let (from, to) = (least + part * step, least + (part + 1) * step);
        if from > greatest {
            break;
        }
        // Open at both ends: rows may have been added since.
        let (is_first, is_last) = (part == 0, to > greatest);
        let condition = match (is_first, is_last) {
            (true, true) => return Ok(Vec::new()),
            (true, false) => format!("{column} < {to}"),
            (false, false) => format!("{column} >= {from} and {column} < {to}"),
            (false, true) => format!("{column} >= {from}"),
        };
        ranges.push((condition, format!("{} from {} {from}", asked.shown(), lead.name)));
    }
    Ok(ranges)
}
