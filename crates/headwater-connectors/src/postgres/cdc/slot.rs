//! The slot and the publication that changes come by: whether they are as they have to be, and how far the slot is.

use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};
use tokio_postgres::error::SqlState;

use super::super::connect::{Server, Session};
use super::messages::{Lsn, read_lsn, write_lsn};
use super::shape::Shape;
use crate::codes;

/// How far a table was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Followed {
    /// By which slot.
    pub(in super::super) slot: String,
    /// What was committed before this place of the log is in the table.
    pub(in super::super) lsn: String,
    /// What of the rest is in it as well, since it was read as it was: see [`Snapshot`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) snapshot: Option<String>,
    /// What the table looked like; none in positions of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) shape: Option<Shape>,
}

/// What the server says of the slot.
#[derive(Debug)]
pub(super) struct Slot {
    /// What lies before is gone from it; `None` while it is being made.
    pub(super) confirmed: Option<Lsn>,
    /// The end of the server's log.
    pub(super) end: Lsn,
    /// Bytes of the log that the server keeps for it.
    pub(super) kept: u64,
    /// Whether the server may throw away what it keeps, or has done so: `reserved`, `extended`, `unreserved`, `lost`.
    pub(super) status: String,
}

/// The names of both.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) slot: String,
    pub(super) publication: String,
}

pub(super) fn wrong(server: &Server, message: &str, help: impl Into<String>) -> Error {
    Error::new(codes::POSTGRES_REPLICATION, Blame::Environment, format!("{}: {message}", server.name)).help(help)
}

pub(super) fn place(text: &str) -> Result<Lsn> {
    read_lsn(text).map_err(|reason| Error::new(codes::DEFECT, Blame::Headwater, reason))
}

/// What there is of the slot; `None` when there is none of the name.
///
/// # Errors
/// When the server cannot be asked, and for a slot that is another's.
pub(super) async fn find(client: &Session, server: &Server, name: &str) -> Result<Option<Slot>> {
    let sql = "select s.plugin, s.database = current_database(), s.confirmed_flush_lsn::text, pg_current_wal_flush_lsn()::text,
            coalesce(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), s.restart_lsn), 0)::int8,
            coalesce(to_jsonb(s) ->> 'wal_status', 'reserved')
        from pg_replication_slots s where s.slot_name = $1";
    let found = client.query_opt(sql, &[&name]).await;
    let found = found.map_err(|error| server.error(&error, "its replication slots cannot be looked at"))?;
    let Some(row) = found else { return Ok(None) };
    let (plugin, here): (Option<String>, Option<bool>) = (row.get(0), row.get(1));
    if here == Some(true) && plugin.as_deref().is_none_or(str::is_empty) {
        // A session is making it: one of a run that has just died, too, until the server notices.
        let message = format!("the replication slot '{name}' is being made by another session");
        return Err(wrong(server, &message, "wait for it to be done").transient());
    }
    if plugin.as_deref() != Some("pgoutput") || here != Some(true) {
        let message =
            format!("the replication slot '{name}' is not one for logical replication of this database by pgoutput");
        return Err(wrong(server, &message, "name another one with `slot` beside the connection"));
    }
    let confirmed: Option<String> = row.get(2);
    let (end, kept): (String, i64) = (row.get(3), row.get(4));
    let confirmed = confirmed.as_deref().map(place).transpose()?;
    Ok(Some(Slot { confirmed, end: place(&end)?, kept: u64::try_from(kept).unwrap_or(0), status: row.get(5) }))
}

/// An error about replication, with what helps.
pub(super) fn refused(server: &Server, error: &tokio_postgres::Error, doing: &str) -> Error {
    let role = server.role();
    let help = match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => format!("let the role replicate: alter role {role} replication"),
        Some(&SqlState::CONFIGURATION_LIMIT_EXCEEDED) => {
            "raise max_replication_slots of the server, or drop a slot that nobody reads: select pg_drop_replication_slot('…')"
                .to_owned()
        }
        Some(&SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE) => level_help(),
        Some(&SqlState::OBJECT_IN_USE) => {
            let help = "another session uses it: if it is no run of this lake, which ends, then another lake or program reads the \
                        slot, and this one needs its own: name it with `slot` beside the connection";
            return server.error(error, doing).help(help);
        }
        Some(&SqlState::UNDEFINED_OBJECT) => {
            let text = error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned());
            let message = format!(
                "{}: {doing}: {text}: it was not there yet when some of them were made, and PostgreSQL reads neither these nor later ones",
                server.name
            );
            return Error::new(codes::POSTGRES_LOST, Blame::Data, message).help(
                "the publication was dropped and made again, or made after the slot: --full-refresh of all tables of this source reads \
                 them anew, and makes the slot anew",
            );
        }
        _ => return server.error(error, doing),
    };
    let text = error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned());
    wrong(server, &format!("{doing}: {text}"), help)
}

fn level_help() -> String {
    "set wal_level = logical in the server's postgresql.conf, and start the server again".to_owned()
}

/// Whether the server lets changes be followed at all.
///
/// # Errors
/// When it does not, with what to do.
pub(super) async fn verify_server(client: &Session, server: &Server) -> Result<()> {
    let sql = "select current_setting('wal_level'), pg_is_in_recovery(), coalesce((select rolreplication or rolsuper from pg_roles
        where rolname = current_user), false)";
    let found = client.query_one(sql, &[]).await;
    let row = found.map_err(|error| server.error(&error, "its settings cannot be read"))?;
    let (level, standby, may): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
    if standby {
        let message = "it is a standby, whose log cannot be followed by a slot of its own".to_owned();
        return Err(wrong(server, &message, "connect to the primary server"));
    }
    if level != "logical" {
        return Err(wrong(
            server,
            &format!("its wal_level is '{level}', so that its log has no changes"),
            level_help(),
        ));
    }
    if !may {
        let role = server.role();
        let message = format!("the role {role} may not replicate");
        return Err(wrong(server, &message, format!("let it: alter role {role} replication")));
    }
    Ok(())
}

/// Whether what was committed since a table's position is still in the slot.
///
/// # Errors
/// When it is not: the changes in between are lost.
pub(super) fn verify_position(
    server: &Server,
    name: &str,
    slot: Option<&Slot>,
    followed: &Followed,
    shown: &str,
) -> Result<Lsn> {
    let lost = |what: String| {
        let message = format!("{}: {what}: changes of {shown} since {} are lost", server.name, followed.lsn);
        Error::new(codes::POSTGRES_LOST, Blame::Data, message)
            .help("--full-refresh reads the table anew and follows it from there")
    };
    if followed.slot != name {
        return Err(lost(format!(
            "{shown} was followed by the slot '{}', and is now to be by '{name}'",
            followed.slot
        )));
    }
    let position = read_lsn(&followed.lsn).map_err(|reason| unreadable(shown, &reason))?;
    match slot {
        None => Err(lost(format!("the replication slot '{name}' is gone"))),
        Some(slot) if slot.status == "lost" => {
            Err(lost(format!("the server has thrown away what the slot '{name}' held (max_slot_wal_keep_size)")))
        }
        Some(Slot { confirmed: Some(confirmed), .. }) if *confirmed > position => Err(lost(format!(
            "the slot '{name}' is at {}: it was made again, or somebody else reads it (another lake needs a slot of its own)",
            write_lsn(*confirmed)
        ))),
        Some(_) => Ok(position),
    }
}

/// A slot that was moved while it was read.
pub(super) fn moved(server: &Server, name: &str) -> Error {
    let message =
        format!("{}: the replication slot '{name}' was moved on or made again while it was read", server.name);
    Error::new(codes::POSTGRES_LOST, Blame::Data, message).help(
        "if another lake reads it, name a slot of this lake's own with `slot` beside the connection; --full-refresh reads its tables anew",
    )
}

/// A position that is none.
pub(super) fn unreadable(shown: &str, reason: &str) -> Error {
    Error::new(codes::BAD_POSITION, Blame::Environment, format!("{shown}: {reason}"))
        .help("--full-refresh loads everything again")
}

/// Moves the slot on.
///
/// # Errors
/// When the server refuses.
pub(super) async fn advance(client: &Session, server: &Server, name: &str, to: Lsn) -> Result<()> {
    let moved =
        client.query("select pg_replication_slot_advance($1, $2::text::pg_lsn)", &[&name, &write_lsn(to)]).await;
    moved.map_err(|error| refused(server, &error, &format!("the replication slot '{name}' cannot be moved on")))?;
    Ok(())
}
