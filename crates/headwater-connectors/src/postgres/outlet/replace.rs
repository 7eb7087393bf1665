//! Replacing all rows of a table at once.

use headwater_sdk::Result;
use headwater_sdk::name::quote_identifier;
use tokio_postgres::Client;

use super::TableOutlet;
use super::apply::apply;
use super::table::TargetTable;
use crate::database::{Faults, Stage};
use crate::postgres::quote;

/// Whether a table can be put in the place of another: nothing else in the database holds on to that one, and the role may drop it.
const REPLACEABLE: &str = "
    select c.relkind = 'r' and not c.relrowsecurity and pg_has_role(c.relowner, 'usage')
        and not exists (select from pg_depend d where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
            and ((d.deptype = 'n' and not exists (select from pg_constraint k
                    where d.classid = 'pg_constraint'::regclass and k.oid = d.objid and k.conrelid = c.oid))
                or (d.deptype in ('a', 'i') and d.classid = 'pg_class'::regclass
                and exists (select from pg_class o where o.oid = d.objid and o.relkind = 'S'))))
        and not exists (select from pg_trigger t where t.tgrelid = c.oid)
        and not exists (select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f')
        and not exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent))
        and not exists (select from pg_publication_rel p where p.prrelid = c.oid)
        and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attacl is not null)
    from pg_class c where c.oid = $1";
/// The statements that give a table the grants of another; `%s` is its name.
const GRANTS: &str = "
    select format('grant %s on %%s to %s%s', g.privilege_type,
        case g.grantee when 0 then 'public' else g.grantee::regrole::text end,
        case when g.is_grantable then ' with grant option' else '' end)
    from pg_class c, aclexplode(c.relacl) g where c.oid = $1 and g.grantee <> c.relowner";

/// Replaces the rows. Returns how many there are, and how many there were where these were deleted one by one.
///
/// # Errors
/// When the database fails, or too many rows are refused.
pub(super) async fn replace(
    outlet: &TableOutlet,
    client: &Client,
    table: &TargetTable,
    stage: &Stage,
    faults: &mut Faults,
    notes: &mut Vec<String>,
) -> Result<(u64, u64)> {
    let failed = |error: tokio_postgres::Error| outlet.error(&error);
    let replaceable = client.query_one(REPLACEABLE, &[&table.oid]).await.map_err(failed)?.get::<_, Option<bool>>(0);
    if replaceable != Some(true) {
        notes.push(format!(
            "{} is held on to by other objects of the database: its rows were replaced in place",
            table.sql
        ));
        let deleted = client.execute(&format!("delete from {}", table.sql), &[]).await.map_err(failed)?;
        return Ok((apply(outlet, client, &[table.insert(&table.sql)], stage, faults).await?, deleted));
    }
    let new = outlet.target.beside(&outlet.target.replacement());
    let make = format!("drop table if exists {new}; create table {new} (like {} including all)", table.sql);
    client.batch_execute(&make).await.map_err(failed)?;
    let written = apply(outlet, client, &[table.insert(&new)], stage, faults).await?;
    let grants = client.query(GRANTS, &[&table.oid]).await.map_err(failed)?;
    for grant in &grants {
        let statement: String = grant.get(0);
        client.batch_execute(&statement.replacen("%s", &new, 1)).await.map_err(failed)?;
    }
    let comment = client.query_one("select obj_description($1, 'pg_class')", &[&table.oid]).await.map_err(failed)?;
    if let Some(comment) = comment.get::<_, Option<String>>(0) {
        let comment = format!("comment on table {new} is {}", quote::text(&comment));
        client.batch_execute(&comment).await.map_err(failed)?;
    }
    let swap = format!(
        "drop table {}; alter table {new} rename to {}; analyze {}",
        table.sql,
        quote_identifier(&outlet.target.table),
        table.sql
    );
    client.batch_execute(&swap).await.map_err(failed)?;
    Ok((written, 0))
}
