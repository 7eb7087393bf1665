//! What there is in a database that a role may read.

use headwater_sdk::Result;
use headwater_sdk::connector::{Finding, FoundColumn, FoundStream, Standing};
use headwater_sdk::name::quote_identifier;
use serde_json::json;

use super::connect::{Server, Session};
use super::describe::{columns_of, key_columns};
use super::types::natural;

/// Tables, views and foreign tables, partitions left out, in the order of their names.
///
/// # Errors
/// When the catalogue cannot be read.
pub(super) async fn discover(client: &Session, server: &Server) -> Result<Vec<FoundStream>> {
    let key = key_columns("i.indisprimary");
    let sql = format!(
        "select n.nspname, c.relname,
            case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end,
            c.reltuples::float8, obj_description(c.oid, 'pg_class'),
            {key},
            c.oid
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
            and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
            and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
        order by 1, 2"
    );
    let found =
        client.query(&sql, &[]).await.map_err(|error| server.error(&error, "its tables cannot be looked at"))?;
    let mut streams = Vec::with_capacity(found.len());
    for row in &found {
        let (schema, name, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let (rows, description, key): (f64, Option<String>, Option<Vec<String>>) = (row.get(3), row.get(4), row.get(5));
        let relation = format!("{}.{}", quote_identifier(&schema), quote_identifier(&name));
        let shown = format!("{}.{}", written(&schema), written(&name));
        let columns = columns(client, server, &relation, &shown, row.get(6)).await?;
        let serde_json::Value::Object(options) = json!({ "from": shown }) else { continue };
        streams.push(FoundStream {
            name: shown,
            table: name,
            kind,
            description,
            options,
            columns,
            key: key.unwrap_or_default(),
            rows: (rows >= 0.0).then_some(rows as u64),
        });
    }
    Ok(streams)
}

/// A name as a person writes it: quoted only where it has to be.
fn written(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { quote_identifier(name) }
}

async fn columns(client: &Session, server: &Server, relation: &str, shown: &str, oid: u32) -> Result<Vec<FoundColumn>> {
    let sql =
        "select attname::text, not attnotnull, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
        from pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped";
    let told = client.query(sql, &[&oid]).await;
    let told = told.map_err(|error| server.error(&error, &format!("the columns of {shown} cannot be looked at")))?;
    // A role that may read some columns only cannot read all of them: then none is shown.
    let types = columns_of(client, server, relation, shown).await.unwrap_or_default();
    let column = |(name, pg): (String, _)| {
        let told = told.iter().find(|row| row.get::<_, String>(0) == name);
        FoundColumn {
            data_type: natural(&pg).data_type,
            written: told.map_or(pg.written, |row| row.get(2)),
            nullable: told.is_none_or(|row| row.get(1)),
            description: told.and_then(|row| row.get(3)),
            name,
        }
    };
    Ok(types.into_iter().map(column).collect())
}

/// The server's version, and as whom it is read.
///
/// # Errors
/// When it cannot be asked.
pub(super) async fn version(client: &Session, server: &Server) -> Result<Finding> {
    let found = client.query_one("select current_setting('server_version'), current_user::text", &[]).await;
    let row = found.map_err(|error| server.error(&error, "its version cannot be read"))?;
    let (version, role): (String, String) = (row.get(0), row.get(1));
    let what = format!("{} answers: PostgreSQL {version}, as the role {role}", server.name);
    Ok(Finding { standing: Standing::Good, what, help: None })
}
