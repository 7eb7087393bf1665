//! What there is in the database: a stream's columns, and how large its table is.

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headwater_sdk::connector::{Drift, StreamSettings};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};
use tokio_postgres::Client;
use tokio_postgres::types::Kind;

use super::connect::Server;
use super::types::{PgType, Reading, declared, natural, wire_of};
use crate::codes;
use crate::lake_types::reads_as;

/// A column to be read.
#[derive(Debug, Clone)]
pub(super) struct SourceColumn {
    pub(super) name: String,
    pub(super) reading: Reading,
    /// Whether only the table has it: its values are null.
    pub(super) is_gone: bool,
}

impl SourceColumn {
    /// How it is asked for.
    pub(super) fn select(&self) -> String {
        let name = quote_identifier(&self.name);
        match self.reading.cast {
            _ if self.is_gone => format!("null as {name}"),
            Some(cast) => format!("{name}::{cast} as {name}"),
            None => name,
        }
    }
}

/// The columns in the lake's types.
pub(super) fn schema(columns: &[SourceColumn]) -> SchemaRef {
    let field = |column: &SourceColumn| Field::new(&column.name, column.reading.data_type.clone(), true);
    std::sync::Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// The columns that a relation (SQL for what stands behind FROM) has in the database.
///
/// # Errors
/// When it is not there or may not be read.
pub(super) async fn columns_of(
    client: &Client,
    server: &Server,
    relation: &str,
    shown: &str,
) -> Result<Vec<(String, PgType)>> {
    let statement = client.prepare(&format!("select * from {relation}")).await;
    let statement = statement.map_err(|error| server.error(&error, &format!("{shown} cannot be read")))?;
    let columns = statement.columns().iter().map(|column| {
        let (mut item, is_array) = match column.type_().kind() {
            Kind::Array(item) => (item, true),
            _ => (column.type_(), false),
        };
        // The server says itself what a domain is made of, but for that of an array's items.
        while let Kind::Domain(base) = item.kind() {
            item = base;
        }
        let is_enum = matches!(item.kind(), Kind::Enum(_));
        let written = if is_array { format!("{}[]", item.name()) } else { item.name().to_owned() };
        let (name, modifier) = (item.name().to_owned(), column.type_modifier());
        (column.name().to_owned(), PgType { name, modifier, is_array, is_enum, written })
    });
    Ok(columns.collect())
}

/// What of them is read, and how, by what the project says and what the table has. The texts say what the drift policy let pass.
///
/// # Errors
/// For a declared column that is not there or cannot be read in its type, and for drift that the policy does not let pass.
pub(super) fn chosen(
    found: Vec<(String, PgType)>,
    exclude: &[String],
    settings: &StreamSettings,
    table: Option<&Schema>,
    shown: &str,
) -> Result<(Vec<SourceColumn>, Vec<String>)> {
    if found.iter().all(|(name, _)| exclude.contains(name)) {
        return Err(Error::new(codes::POSTGRES_OPTIONS, Blame::Project, format!("{shown} has no columns to read"))
            .help("leave the stream out, or fewer columns"));
    }
    if let Some(twice) = (1..found.len()).find(|at| found[..*at].iter().any(|(name, _)| *name == found[*at].0)) {
        let message = format!("{shown} has two columns '{}'", found[twice].0);
        return Err(Error::new(codes::POSTGRES_OPTIONS, Blame::Project, message).help("give each its own name: … as …"));
    }
    let has = |name: &str| found.iter().any(|(known, _)| known == name);
    let named = exclude.iter().chain(settings.columns.iter().map(|column| &column.name));
    if let Some(missing) = named.into_iter().find(|name| !has(name)) {
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("{shown} has no column '{missing}'");
        return Err(Error::new(codes::POSTGRES_OPTIONS, Blame::Project, message)
            .help(format!("its columns are: {}", names.join(", "))));
    }
    let (mut columns, mut notes) = (Vec::new(), Vec::new());
    for (name, pg) in found.into_iter().filter(|(name, _)| !exclude.contains(name)) {
        let spec = settings.columns.iter().find(|column| column.name == name);
        let before = table.and_then(|table| table.field_with_name(&name).ok());
        let wanted = spec.and_then(|column| column.data_type.as_ref());
        let reading = match wanted {
            Some(wanted) => declared(&pg, wanted).ok_or_else(|| undeclarable(&name, &pg, wanted, shown))?,
            None => natural(&pg),
        };
        match before {
            None if table.is_some() => match settings.drift {
                Drift::Fail => return Err(drifted(&format!("column '{name}' ({}) is new", pg.written), shown)),
                Drift::Add => notes.push(format!("column '{name}' is new")),
                Drift::Ignore => {
                    notes.push(format!("column '{name}' is new and left out"));
                    continue;
                }
            },
            Some(field) if !same(field, &reading) => {
                let was = type_name(field.data_type());
                let now = type_name(&reading.data_type);
                // What the table has stays, where that loses nothing.
                match declared(&pg, field.data_type()).filter(|_| wanted.is_none() && settings.drift != Drift::Fail) {
                    Some(reading) => {
                        columns.push(SourceColumn { name, reading, is_gone: false });
                        continue;
                    }
                    // What the table has is written again in the new type.
                    None if settings.drift == Drift::Add
                        && reading.data_type != DataType::Utf8
                        && reads_as(field.data_type(), &reading.data_type) =>
                    {
                        notes.push(format!("column '{name}' was {was}: it becomes {now}"));
                    }
                    None => return Err(drifted(&format!("column '{name}' was {was} and is {now}"), shown)),
                }
            }
            _ => {}
        }
        columns.push(SourceColumn { name, reading, is_gone: false });
    }
    let Some(table) = table else { return Ok((columns, notes)) };
    for field in table.fields() {
        if columns.iter().any(|column| column.name == *field.name()) {
            continue;
        }
        let gone = format!("column '{}' is gone", field.name());
        if settings.drift == Drift::Fail {
            return Err(drifted(&gone, shown));
        }
        notes.push(gone);
        let reading = Reading { data_type: field.data_type().clone(), cast: None, wire: wire_of(field.data_type()) };
        columns.push(SourceColumn { name: field.name().clone(), reading, is_gone: true });
    }
    // The table's order stays; what is new comes behind.
    columns.sort_by_key(|column| table.index_of(&column.name).unwrap_or(usize::MAX));
    Ok((columns, notes))
}

fn same(field: &Field, reading: &Reading) -> bool {
    field.data_type().equals_datatype(&reading.data_type)
}

fn undeclarable(name: &str, pg: &PgType, wanted: &arrow_schema::DataType, shown: &str) -> Error {
    let message = format!("column '{name}' of {shown} is {}, and cannot be read as {}", pg.written, type_name(wanted));
    Error::new(codes::POSTGRES_OPTIONS, Blame::Project, message).help(format!(
        "declare {} or string, and cast it in a model, where a value that does not fit can be dealt with",
        type_name(&natural(pg).data_type)
    ))
}

fn drifted(what: &str, shown: &str) -> Error {
    Error::new(codes::DRIFT, Blame::Data, format!("{shown} has changed: {what}"))
        .help("allow it with `drift: add` or `drift: ignore`, declare the columns, or run with --full-refresh")
}

/// How large a table is.
#[derive(Debug, Clone, Default)]
pub(super) struct Size {
    /// Pages of the table and of those that inherit from it: the most that one of them has.
    pub(super) pages: u64,
    /// Bytes of a page.
    pub(super) page_bytes: u64,
    /// Rows as the server estimates them; `None` when it does not.
    pub(super) rows: Option<u64>,
}

/// The tables that hold the rows of a relation by themselves: itself, or its partitions, each with its size; none when it is read
/// in one part (a view, a foreign table, partitions that may not be read directly).
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn heaps(client: &Client, server: &Server, relation: &str) -> Result<Vec<(String, Size)>> {
    let sql = "with recursive root as (select $1::text::regclass as oid),
        leaf as (
            select oid from root
            union all
            select i.inhrelid from leaf join pg_inherits i on i.inhparent = leaf.oid join pg_class c on c.oid = leaf.oid
            where c.relkind = 'p')
        select format('%I.%I', n.nspname, c.relname), c.relkind::text, c.reltuples::float8,
            pg_relation_size(c.oid) as bytes, current_setting('block_size')::int8,
            has_table_privilege(c.oid, 'select') and not c.relrowsecurity as readable,
            -- Other ways to keep a table have no pages, and before version 14 a range of them takes a look at all of them.
            c.relkind = 'p' or (a.amname = 'heap' and current_setting('server_version_num')::int >= 140000) as ranged,
            exists (select 1 from pg_inherits i where i.inhparent = c.oid) as inherited
        from leaf join pg_class c on c.oid = leaf.oid join pg_namespace n on n.oid = c.relnamespace
            left join pg_am a on a.oid = c.relam
        order by 1";
    let rows = client.query(sql, &[&relation]).await;
    let rows = rows.map_err(|error| server.error(&error, &format!("the size of {relation} cannot be read")))?;
    let mut heaps = Vec::new();
    for row in &rows {
        let (kind, readable, ranged): (String, bool, Option<bool>) = (row.get(1), row.get(5), row.get(6));
        let inherited: bool = row.get(7);
        match kind.as_str() {
            // Policies of a partitioned table hold for what is read by its name.
            _ if !readable || ranged != Some(true) => return Ok(Vec::new()),
            // Materialised views have pages, too.
            "r" | "m" if !inherited => {}
            "p" => continue,
            _ => return Ok(Vec::new()),
        }
        let (tuples, bytes, page): (f64, i64, i64) = (row.get(2), row.get(3), row.get(4));
        let page_bytes = u64::try_from(page).unwrap_or(8192).max(1);
        let pages = u64::try_from(bytes).unwrap_or(0) / page_bytes;
        let rows = (tuples >= 0.0).then_some(tuples as u64);
        heaps.push((row.get(0), Size { pages, page_bytes, rows }));
    }
    Ok(heaps)
}
