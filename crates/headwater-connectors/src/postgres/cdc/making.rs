//! The making of a slot: the server waits for the transactions that are open, and a slot that PostgreSQL cannot read is made anew.

use std::time::Duration;

use headwater_sdk::Result;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::progress::Progress;
use tokio_postgres::error::SqlState;

use super::super::connect::{Server, Session};
use super::super::quote;
use super::messages::{Lsn, write_lsn};
use super::slot::{Names, Slot, find, refused, wrong};

/// A server that has not made the slot after this long waits for something, which is looked at again so often.
const SILENCE: Duration = Duration::from_secs(3);
/// What it waits for is written to the log so often, if it is the same.
const REMINDER: Duration = Duration::from_secs(60);

/// Makes the slot, unless it is there; where it begins. The server waits for the transactions that write at this moment, and for no
/// longer than `wait`. One caller at a time.
///
/// # Errors
/// When the server refuses, and when transactions stay open.
pub(super) async fn ensure(
    client: &Session,
    server: &Server,
    names: &Names,
    wait: Duration,
    progress: &Progress,
) -> Result<Lsn> {
    let name = &names.slot;
    loop {
        match find(client, server, name).await? {
            Some(Slot { confirmed: Some(confirmed), .. }) => {
                if !is_stuck(client, server, names).await? {
                    return Ok(confirmed);
                }
                drop_slot(client, server, name, confirmed).await?;
                progress.note(format!(
                    "PostgreSQL could not read what the replication slot '{name}' held, as the publication '{}' was made after it: the \
                     slot was made anew, and all tables that it serves have to be read anew",
                    names.publication
                ));
            }
            // Another process makes it at this moment.
            Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            None => make(client, server, name, wait, progress).await?,
        }
    }
}

/// Whether the slot holds what was written before its publication was made: PostgreSQL reads it with the publications of that time.
async fn is_stuck(client: &Session, server: &Server, names: &Names) -> Result<bool> {
    let doing = format!("the changes in the slot '{}' cannot be looked at", names.slot);
    // All that the slot may still tell of is younger than its catalog_xmin.
    let sql = "select age(p.xmin) > age(s.catalog_xmin) from pg_publication p, pg_replication_slots s
        where p.pubname = $1 and s.slot_name = $2";
    let found = client.query_opt(sql, &[&names.publication, &names.slot]).await;
    let found = found.map_err(|error| server.error(&error, &doing))?;
    if found.and_then(|row| row.get::<_, Option<bool>>(0)) == Some(true) {
        return Ok(false);
    }
    let sql = format!(
        "select count(*) from pg_logical_slot_peek_binary_changes({}, null, null, 'proto_version', '1', 'publication_names', {})",
        quote::text(&names.slot),
        quote::text(&quote_identifier(&names.publication)),
    );
    match client.query_one(&sql, &[]).await {
        Ok(_) => Ok(false),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_OBJECT) => Ok(true),
        // Who reads it at this moment will find out.
        Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => Ok(false),
        Err(error) => Err(refused(server, &error, &doing)),
    }
}

/// Drops the slot, if it is still the one that was looked at.
async fn drop_slot(client: &Session, server: &Server, name: &str, confirmed: Lsn) -> Result<()> {
    let sql = "select pg_drop_replication_slot(slot_name) from pg_replication_slots
        where slot_name = $1 and confirmed_flush_lsn = $2::text::pg_lsn";
    let dropped = client.query(sql, &[&name, &write_lsn(confirmed)]).await;
    dropped.map_err(|error| refused(server, &error, &format!("the replication slot '{name}' cannot be made anew")))?;
    Ok(())
}

async fn make(client: &Session, server: &Server, name: &str, wait: Duration, progress: &Progress) -> Result<()> {
    let doing = format!("the replication slot '{name}' cannot be made");
    let failed = |error: tokio_postgres::Error| refused(server, &error, &doing);
    let pid: i32 = client.query_one("select pg_backend_pid()", &[]).await.map_err(failed)?.get(0);
    let limit = format!("set lock_timeout = 0; set statement_timeout = '{}s'", wait.as_secs().max(1));
    client.batch_execute(&limit).await.map_err(failed)?;
    let sql = "select pg_create_logical_replication_slot($1, 'pgoutput')";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 1] = [&name];
    let making = client.query(sql, &parameters);
    tokio::pin!(making);
    let (mut said, mut since) = (String::new(), Duration::ZERO);
    let made = loop {
        tokio::select! {
            made = &mut making => break made,
            () = tokio::time::sleep(SILENCE) => {
                since += SILENCE;
                // It is not worth an error that what is waited for cannot be told.
                let Ok(waits) = waits_for(server, pid).await else { continue };
                if waits.is_empty() {
                    continue;
                }
                let text = format!(
                    "{}: the replication slot '{name}' is made when transactions that are open now have ended: {waits}",
                    server.name
                );
                if said != waits || since >= REMINDER {
                    tracing::warn!("{text}");
                    (said, since) = (waits, Duration::ZERO);
                }
                progress.wait_for(Some(text));
            }
        }
    };
    progress.wait_for(None);
    match made {
        Err(error) if error.code() == Some(&SqlState::QUERY_CANCELED) => {
            let message = format!("{doing}: for {wait:?} it has waited for transactions that are open: {said}");
            let help = "end them (select pg_terminate_backend(pid)), or let it wait longer with `slot_wait` beside the connection";
            return Err(wrong(server, &message, help));
        }
        Err(error) if error.code() != Some(&SqlState::DUPLICATE_OBJECT) => return Err(failed(error)),
        _ => {}
    }
    client.batch_execute("set lock_timeout = '60s'; set statement_timeout = 0").await.map_err(failed)
}

/// The transactions that a session of the server waits for, in words; empty when it waits for none.
async fn waits_for(server: &Server, pid: i32) -> Result<String> {
    let client = server.connect().await?;
    let sql = "select b.pid, a.usename::text, nullif(a.application_name, ''), date_trunc('second', a.xact_start)::text
        from (select distinct unnest(pg_blocking_pids($1)) as pid) b left join pg_stat_activity a on a.pid = b.pid order by b.pid";
    let rows = client.query(sql, &[&pid]).await;
    let rows = rows.map_err(|error| server.error(&error, "its sessions cannot be looked at"))?;
    let told = rows.iter().map(|row| {
        let pid: i32 = row.get(0);
        if pid == 0 {
            return "a prepared transaction (pg_prepared_xacts has it)".to_owned();
        }
        let field = |place: usize| row.get::<_, Option<String>>(place);
        let of: Vec<String> = [field(1), field(2)].into_iter().flatten().collect();
        let since = field(3).map_or_else(String::new, |since| format!(" since {since}"));
        // What it has asked last may hold values of rows, which no log has to show.
        format!("pid {pid} ({}){since}", of.join(", "))
    });
    Ok(told.collect::<Vec<_>>().join("; "))
}
