//! The publication that changes come by: whether it has the tables that are followed, and had them all the time.

use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};

use super::super::connect::{Server, Session};
use super::slot::wrong;
use crate::codes;

/// By what a table is in a publication: the server's numbers of the entries that name it, its partitions or its schema, or of the
/// publication itself where that has all tables. What is taken out and added again has other numbers. Empty where nobody looked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in super::super) struct Entries(Vec<u32>);

impl Entries {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the publication had the table all the time since it had it by `before`.
    ///
    /// # Errors
    /// When it may not have: nothing tells of what happened meanwhile.
    pub(super) fn verify(&self, before: &Self, server: &Server, publication: &str, shown: &str) -> Result<()> {
        if before.is_empty() || self.0.iter().any(|entry| before.0.contains(entry)) {
            return Ok(());
        }
        let message = format!(
            "{}: the publication '{publication}' was made anew, or had {shown} taken out and added again: changes in between are lost",
            server.name
        );
        Err(Error::new(codes::POSTGRES_LOST, Blame::Data, message)
            .help("--full-refresh reads the table anew and follows it from there"))
    }
}

/// Whether the publication has the table, with all that happens to it, and by what. `relation` is quoted, `shown` is for messages.
/// `all` are the tables that are to be in it, quoted, so that one statement helps them all.
///
/// # Errors
/// When it has not, with the statement that helps.
pub(super) async fn verify(
    client: &Session,
    server: &Server,
    name: &str,
    (relation, shown): (&str, &str),
    all: &[String],
) -> Result<Entries> {
    let quoted = quote_identifier(name);
    let sql = "select pubinsert and pubupdate and pubdelete, pubtruncate, to_regclass('pg_catalog.pg_publication_namespace') is not null
        from pg_publication where pubname = $1";
    let found = client.query_opt(sql, &[&name]).await;
    let found = found.map_err(|error| server.error(&error, "its publications cannot be looked at"))?;
    let Some(row) = found else {
        let message = format!("there is no publication '{name}'");
        let tables = lacking(client, name, relation, all).await;
        let whose = if tables.contains(", ") { "the owner of the tables" } else { "the owner of the table" };
        return Err(wrong(
            server,
            &message,
            format!("let {whose} make it: create publication {quoted} for table {tables}"),
        ));
    };
    let (changes, truncates): (bool, bool) = (row.get(0), row.get(1));
    if !changes || !truncates {
        let message = format!("the publication '{name}' leaves out some of what happens to its tables");
        let help = format!("alter publication {quoted} set (publish = 'insert, update, delete, truncate')");
        return Err(wrong(server, &message, help));
    }
    let cannot = |error| server.error(&error, &format!("the publication of {shown} cannot be looked at"));
    let sql = format!("select {}", is_published("$2::text::regclass"));
    if !client.query_one(&sql, &[&name, &relation]).await.map_err(cannot)?.get::<_, bool>(0) {
        let message = format!("the publication '{name}' does not have the table {shown}");
        let tables = lacking(client, name, relation, all).await;
        return Err(wrong(server, &message, format!("alter publication {quoted} add table {tables}")));
    }
    let sql = entries(row.get(2));
    let found = client.query(&sql, &[&name, &relation]).await.map_err(cannot)?;
    Ok(Entries(found.iter().map(|row| row.get(0)).collect()))
}

/// Whether the publication $1 has a table. Of a partitioned one, the partitions may stand for it.
fn is_published(table: &str) -> String {
    format!(
        "exists (select from pg_publication_tables p join pg_namespace n on n.nspname = p.schemaname
            join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
            where p.pubname = $1 and c.oid in (select relid from pg_partition_tree({table}) where isleaf union select {table}))"
    )
}

/// The entries by which the publication $1 has the table $2. Whole schemas can be in one from PostgreSQL 15 on.
fn entries(by_schema: bool) -> String {
    let schemas = "union select s.oid from pg_publication_namespace s join pg_publication p on p.oid = s.pnpubid
            join pg_class c on c.relnamespace = s.pnnspid join tree on tree.relid = c.oid where p.pubname = $1";
    format!(
        "with tree as (select relid::oid from pg_partition_tree($2::text::regclass)
            union select relid::oid from pg_partition_ancestors($2::text::regclass) union select $2::text::regclass::oid)
        select oid from pg_publication where pubname = $1 and puballtables
        union select r.oid from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
            join tree on tree.relid = r.prrelid where p.pubname = $1
        {} order by 1",
        if by_schema { schemas } else { "" }
    )
}

/// Those of all tables that are there and that the publication does not have, as a list for SQL. `relation` is the one that was found
/// lacking: it stands alone where nobody can tell of the others.
async fn lacking(client: &Session, name: &str, relation: &str, all: &[String]) -> String {
    let sql = format!(
        "select t from unnest($2::text[]) with ordinality as all_of(t, place)
            where to_regclass(t) is not null and not {} order by place",
        is_published("t::regclass")
    );
    let found = client.query(&sql, &[&name, &all]).await.unwrap_or_default();
    let tables: Vec<&str> = found.iter().map(|row| row.get(0)).collect();
    if tables.contains(&relation) { tables.join(", ") } else { relation.to_owned() }
}
