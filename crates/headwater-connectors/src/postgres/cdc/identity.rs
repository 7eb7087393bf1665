//! How the server tells which row of a table has changed: its replica identity.

use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};

use super::super::connect::{Server, Session};
use super::super::describe::key_columns;
use crate::codes;

/// The columns by which the rows of a table are followed. `declared` is the project's key, `relation` is quoted, `read` are the
/// columns that are read.
///
/// # Errors
/// When changes of the table cannot be told by a key, with what to do.
pub(in super::super) async fn key(
    client: &Session,
    server: &Server,
    relation: &str,
    shown: &str,
    declared: &[String],
    read: &[&str],
) -> Result<Vec<String>> {
    let known = key_columns("case when c.relreplident = 'i' then i.indisreplident else i.indisprimary end");
    let sql = format!(
        "select c.relkind::text, c.relreplident::text, {known},
            (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
                where a.attrelid = c.oid and a.attgenerated <> '' and not a.attisdropped)
        from pg_class c where c.oid = $1::text::regclass"
    );
    let found = client.query_one(&sql, &[&relation]).await;
    let row = found.map_err(|error| server.error(&error, &format!("{shown} cannot be looked at")))?;
    let (kind, identity): (String, String) = (row.get(0), row.get(1));
    let known: Vec<String> = row.get::<_, Option<Vec<String>>>(2).unwrap_or_default();
    let generated: Vec<String> = row.get::<_, Option<Vec<String>>>(3).unwrap_or_default();
    let refuse = |what: String, help: String| {
        Err(Error::new(codes::POSTGRES_REPLICATION, Blame::Environment, format!("{}: {what}", server.name)).help(help))
    };
    if !matches!(kind.as_str(), "r" | "p") {
        return refuse(
            format!("{shown} is no table, and what changes in it is not told"),
            "follow the tables that it is made from, or read it with another mode".to_owned(),
        );
    }
    if let Some(column) = generated.iter().find(|column| read.contains(&column.as_str())) {
        return refuse(
            format!("column '{column}' of {shown} is computed by the server, which does not send it with changes"),
            format!("leave it out with `exclude: [{column}]`, and compute it in a model"),
        );
    }
    let key = match (identity.as_str(), declared) {
        ("n", _) => {
            let what =
                format!("{shown} has the replica identity nothing: the server does not tell which row has changed");
            return refuse(what, format!("alter table {relation} replica identity default"));
        }
        ("f", []) | (_, []) => known,
        ("f", declared) => declared.to_vec(),
        (_, declared) => {
            let same = declared.len() == known.len() && declared.iter().all(|column| known.contains(column));
            if !same && !known.is_empty() {
                let what = format!(
                    "changes of {shown} are told by ({}), not by the key ({})",
                    known.join(", "),
                    declared.join(", ")
                );
                return refuse(
                    what,
                    format!(
                        "leave `key` out, or let the server send all values: alter table {relation} replica identity full"
                    ),
                );
            }
            known
        }
    };
    if key.is_empty() {
        let help = match identity.as_str() {
            "f" => "name the columns that tell its rows apart with `key`".to_owned(),
            _ => format!(
                "give it a primary key, or: alter table {relation} replica identity using index …; or, with a `key` in the project: \
                 alter table {relation} replica identity full"
            ),
        };
        return refuse(format!("{shown} has no primary key, by which changes are told"), help);
    }
    if let Some(missing) = key.iter().find(|column| !read.contains(&column.as_str())) {
        let what = format!("column '{missing}' of {shown} is of its key, and not read");
        return refuse(what, format!("take {} out of `exclude`, or correct `key`", quote_identifier(missing)));
    }
    Ok(key)
}
