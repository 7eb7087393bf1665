//! What there is in a server that a user may read.

use std::collections::BTreeMap;

use headwater_sdk::Result;
use headwater_sdk::connector::{Finding, FoundColumn, FoundStream, Standing};
use serde_json::json;

use super::connect::{Flavour, Server, Session};
use super::describe::found;
use super::quote;
use crate::database::NativeType;

/// Databases of the server itself.
const OWN: &str = "('information_schema', 'mysql', 'performance_schema', 'sys')";

/// Tables and views of the connection's database, or of all, in the order of their names.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn discover(session: &mut Session, server: &Server) -> Result<Vec<FoundStream>> {
    let which = match server.database() {
        Some(database) => format!("table_schema = {}", quote::text(database)),
        None => format!("table_schema not in {OWN}"),
    };
    let doing = "its tables cannot be looked at";
    let sql = format!(
        "select table_schema, table_name, column_name, column_type, character_set_name, is_nullable, column_default, extra, \
         column_comment, column_key from information_schema.columns where {which} order by table_schema, table_name, ordinal_position"
    );
    let mut columns: BTreeMap<(String, String), Vec<FoundColumn>> = BTreeMap::new();
    for row in server.ask(session, &sql, doing).await? {
        let mut fields = row.into_iter();
        let mut next = || fields.next().flatten().unwrap_or_default();
        let of = (next(), next());
        let column = found(fields.collect(), server);
        columns.entry(of).or_default().push(FoundColumn {
            data_type: column.sql_type.natural().data_type,
            written: column.sql_type.written,
            nullable: column.is_nullable,
            description: Some(column.comment).filter(|comment| !comment.is_empty()),
            name: column.name,
        });
    }
    let sql = format!(
        "select table_schema, table_name, column_name from information_schema.statistics where {which} and index_name = 'PRIMARY' \
         order by table_schema, table_name, seq_in_index"
    );
    let mut keys: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in server.ask(session, &sql, doing).await? {
        let mut fields = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || fields.next().unwrap_or_default();
        let of = (next(), next());
        keys.entry(of).or_default().push(next());
    }
    let sql = format!(
        "select table_schema, table_name, table_type, table_rows, table_comment from information_schema.tables where {which} \
         order by table_schema, table_name"
    );
    let mut streams = Vec::new();
    for row in server.ask(session, &sql, doing).await? {
        let mut fields = row.into_iter();
        let mut next = || fields.next().flatten();
        let of = (next().unwrap_or_default(), next().unwrap_or_default());
        let is_view = next().is_some_and(|kind| kind.ends_with("VIEW"));
        let (rows, comment) = (next().and_then(|rows| rows.parse().ok()), next().unwrap_or_default());
        let shown = format!("{}.{}", written(&of.0), written(&of.1));
        let serde_json::Value::Object(options) = json!({ "from": shown }) else { continue };
        streams.push(FoundStream {
            name: shown,
            table: of.1.clone(),
            kind: if is_view { "view" } else { "table" }.to_owned(),
            // A view's comment is `VIEW`.
            description: Some(comment).filter(|comment| !is_view && !comment.is_empty()),
            options,
            columns: columns.remove(&of).unwrap_or_default(),
            key: keys.remove(&of).unwrap_or_default(),
            rows: rows.filter(|_| !is_view),
        });
    }
    Ok(streams)
}

/// A name as a person writes it: quoted only where it has to be.
fn written(name: &str) -> String {
    let is_plain = !name.is_empty() && !name.contains(['.', '`']) && !name.contains(char::is_whitespace);
    if is_plain { name.to_owned() } else { quote::name(name) }
}

/// The server's version, and as whom it is read.
///
/// # Errors
/// When it cannot be asked.
pub(super) async fn version(session: &mut Session, server: &Server) -> Result<Finding> {
    let rows = server.ask(session, "select version(), current_user()", "its version cannot be read").await?;
    let mut row = rows.into_iter().flatten().map(Option::unwrap_or_default);
    let (version, user) = (row.next().unwrap_or_default(), row.next().unwrap_or_default());
    let kind = if Flavour::of(session).is_mariadb() { "MariaDB" } else { "MySQL" };
    let what = format!("{} answers: {kind} {version}, as the user {user}", server.name);
    Ok(Finding { standing: Standing::Good, what, help: None })
}
