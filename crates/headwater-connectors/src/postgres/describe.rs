//! What there is in the database: a stream's columns, and how large its table is.

use arrow_schema::DataType;
use headwater_sdk::Result;
use headwater_sdk::name::quote_identifier;
use tokio_postgres::Client;
use tokio_postgres::types::Kind;

use super::connect::Server;
use super::types::{PgType, Reading, declared, natural, wire_of};
use crate::codes;
use crate::database::{self, Asked, ColumnRead, NativeType, Relation};

/// A column to be read.
pub(super) type SourceColumn = database::SourceColumn<Reading>;

impl ColumnRead for Reading {
    fn data_type(&self) -> &DataType {
        &self.data_type
    }

    fn nulls(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), cast: None, wire: wire_of(data_type) }
    }
}

impl NativeType for PgType {
    type Reading = Reading;
    const OPTIONS: &'static str = codes::POSTGRES_OPTIONS;

    fn written(&self) -> &str {
        &self.written
    }

    fn natural(&self) -> Reading {
        natural(self)
    }

    fn declared(&self, wanted: &DataType) -> Option<Reading> {
        declared(self, wanted)
    }
}

/// How a column is asked for.
pub(super) fn select(column: &SourceColumn) -> String {
    let name = quote_identifier(&column.name);
    match column.reading.cast {
        _ if column.is_gone => format!("null as {name}"),
        Some(cast) => format!("{name}::{cast} as {name}"),
        None => name,
    }
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

/// The columns whose texts are compared otherwise than letter by letter, each with what compares them: those of the type `citext`, and of
/// a table or view those of a collation that is not deterministic.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn loose_collations(client: &Client, server: &Server, asked: &Asked) -> Result<Vec<(String, String)>> {
    let columns = columns_of(client, server, &asked.relation(), &asked.shown()).await?;
    let citext = columns.into_iter().filter(|(_, pg)| pg.name == "citext");
    let mut loose: Vec<_> = citext.map(|(name, _)| (name, "the type citext".to_owned())).collect();
    if let Relation::Table(relation) = &asked.relation {
        // Servers before version 12 have no such collations, and no such column.
        let sql = "select a.attname::text, 'the collation ' || c.collname
            from pg_attribute a join pg_collation c on c.oid = a.attcollation
            where a.attrelid = $1::text::regclass and a.attnum > 0 and to_jsonb(c) ->> 'collisdeterministic' = 'false' order by a.attnum";
        let rows = client.query(sql, &[relation]).await;
        let doing = format!("the collations of {} cannot be looked at", asked.shown());
        let rows = rows.map_err(|error| server.error(&error, &doing))?;
        loose.extend(rows.iter().map(|row| (row.get(0), row.get(1))));
    }
    Ok(loose)
}

/// The columns, in order, of an index of the table `c` in SQL; `which` says which of them, called `i`.
pub(super) fn key_columns(which: &str) -> String {
    format!(
        "(select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum))
            from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
            where i.indrelid = c.oid and {which})"
    )
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
