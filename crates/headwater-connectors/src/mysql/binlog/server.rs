//! Whether the server's binary log is as it has to be, where it ends, and whether it still has what a table needs.

use headwater_sdk::{Blame, Error, Result};

use super::super::connect::{Flavour, Server, Session};
use super::super::quote;
use super::super::wire::WireError;
use super::place::Place;
use crate::codes;

/// The server does not have what was asked for of its log.
const NOT_IN_LOG: u16 = 1236;

/// What the server's settings are.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) log: bool,
    pub(super) format: String,
    pub(super) row_image: String,
    pub(super) row_metadata: String,
    /// Whether what it replicates from another server is in its own log.
    logs_replicated: bool,
    is_replica: bool,
    /// MySQL's number of the server.
    pub(super) uuid: Option<String>,
    /// Whether MySQL numbers transactions.
    pub(super) has_gtids: bool,
}

/// # Errors
/// When they cannot be asked for.
pub(super) async fn settings(session: &mut Session, server: &Server) -> Result<Settings> {
    let sql = "show global variables where variable_name in ('log_bin', 'binlog_format', 'binlog_row_image', 'binlog_row_metadata', \
               'log_slave_updates', 'log_replica_updates', 'gtid_slave_pos', 'server_uuid', 'gtid_mode')";
    let rows = server.ask(session, sql, "its settings cannot be read").await?;
    let value = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row.first().and_then(Option::as_deref).is_some_and(|is| is.eq_ignore_ascii_case(name)));
        row.and_then(|row| row.get(1).cloned().flatten())
    };
    let is_on = |name: &str| value(name).is_some_and(|value| value.eq_ignore_ascii_case("ON"));
    let mut is_replica = value("gtid_slave_pos").is_some_and(|position| !position.is_empty());
    if !Flavour::of(session).is_mariadb() {
        // Who may not look is not told; then it counts as none.
        let sql = "select 1 from performance_schema.replication_connection_configuration limit 1";
        is_replica = session.all(sql).await.is_ok_and(|rows| !rows.is_empty());
    }
    Ok(Settings {
        log: is_on("log_bin"),
        // Versions that have no other do not say so.
        format: value("binlog_format").unwrap_or_else(|| "ROW".to_owned()),
        row_image: value("binlog_row_image").unwrap_or_else(|| "FULL".to_owned()),
        row_metadata: value("binlog_row_metadata").unwrap_or_default(),
        logs_replicated: is_on("log_slave_updates") || is_on("log_replica_updates"),
        is_replica,
        uuid: value("server_uuid"),
        has_gtids: value("gtid_mode").is_some_and(|mode| mode.eq_ignore_ascii_case("ON")),
    })
}

fn wrong(server: &Server, message: &str, help: impl Into<String>) -> Error {
    Error::new(codes::MYSQL_BINLOG, Blame::Environment, format!("{}: {message}", server.name)).help(help)
}

/// Whether the server lets changes be followed at all.
///
/// # Errors
/// When it does not, with what to do.
pub(super) async fn verify(session: &mut Session, server: &Server) -> Result<Settings> {
    let settings = settings(session, server).await?;
    let flavour = Flavour::of(session);
    if !settings.log {
        let help =
            "start the server with log_bin = binlog, binlog_format = ROW and a server_id of its own in its my.cnf";
        return Err(wrong(server, "its binary log is off, so that nothing says what changes", help));
    }
    if !settings.format.eq_ignore_ascii_case("ROW") {
        let message = format!("its binlog_format is {}, so that its log has statements and no rows", settings.format);
        let help = "set global binlog_format = ROW (and in its my.cnf); sessions that are open keep theirs until they connect anew";
        return Err(wrong(server, &message, help));
    }
    if settings.is_replica && !settings.logs_replicated {
        let message = "it replicates from another server, and what comes from there is not in its own log";
        return Err(wrong(server, message, "start it with log_slave_updates = ON, or follow the other server"));
    }
    let grants = server.ask(session, "show grants", "its grants cannot be looked at").await?;
    let grants: Vec<String> = grants.into_iter().flatten().flatten().collect();
    let may = |words: &str| grants.iter().any(|grant| grant.to_ascii_uppercase().contains(words));
    // A role may have the right: then the log itself says no.
    let has_role = grants.iter().any(|grant| !grant.to_ascii_uppercase().contains(" ON "));
    if !may("REPLICATION SLAVE") && !may("REPLICATION REPLICA") && !may("ALL PRIVILEGES ON *.*") && !has_role {
        return Err(not_allowed(server, flavour, "the user may not read the binary log"));
    }
    end_of_log(session, server, flavour).await?;
    Ok(settings)
}

fn not_allowed(server: &Server, flavour: Flavour, message: &str) -> Error {
    let rights = match flavour {
        Flavour::MariaDb(10, 5..) | Flavour::MariaDb(11.., _) => "replication slave, binlog monitor",
        _ => "replication slave, replication client",
    };
    wrong(server, message, format!("let it: grant {rights} on *.* to {}", quote::text(server.user())))
}

/// An error about the binary log, with what helps.
pub(super) fn refused(server: &Server, flavour: Flavour, error: &WireError, doing: &str) -> Error {
    match error {
        WireError::Server { number: 1227 | 1044 | 1045 | 1142, message, .. } => {
            not_allowed(server, flavour, &format!("{doing}: {message}"))
        }
        WireError::Server { number: NOT_IN_LOG, message, .. } => lost(server, &format!("{doing}: {message}")),
        error => server.error(error, doing),
    }
}

/// That changes are not in the log any more.
pub(super) fn lost(server: &Server, message: &str) -> Error {
    Error::new(codes::MYSQL_LOST, Blame::Data, format!("{}: {message}", server.name)).help(
        "--full-refresh reads the table anew and follows it from there; run more often, or keep the log longer \
         (binlog_expire_logs_seconds)",
    )
}

/// What the server says of its log's end: where it is, and the databases that are logged and that are not.
async fn status(session: &mut Session, server: &Server, flavour: Flavour) -> Result<Vec<String>> {
    let sql = match flavour {
        Flavour::MySql(8, 4..) | Flavour::MySql(9.., _) => "show binary log status",
        _ => "show master status",
    };
    let rows = session
        .all(sql)
        .await
        .map_err(|error| refused(server, flavour, &error, "the binary log's end cannot be asked for"))?;
    Ok(rows.into_iter().next().unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect())
}

/// Where the log ends; `None` where there is none.
///
/// # Errors
/// When the server does not say.
pub(in super::super) async fn end_of_log(
    session: &mut Session,
    server: &Server,
    flavour: Flavour,
) -> Result<Option<Place>> {
    let status = status(session, server, flavour).await?;
    Ok(status.first().zip(status.get(1)).and_then(|(file, offset)| Place::of(file, offset)))
}

/// Whether what changes in a database is logged at all.
///
/// # Errors
/// When it is left out.
pub(super) async fn verify_database(session: &mut Session, server: &Server, schema: &str) -> Result<()> {
    let flavour = Flavour::of(session);
    let status = status(session, server, flavour).await?;
    let has = |place: usize| status.get(place).is_some_and(|list| list.split(',').any(|name| name.trim() == schema));
    let is_limited = status.get(2).is_some_and(|list| !list.is_empty());
    if (is_limited && !has(2)) || has(3) {
        let message = format!("what changes in the database {schema} is left out of its binary log");
        return Err(wrong(server, &message, "correct binlog_do_db and binlog_ignore_db in its my.cnf"));
    }
    Ok(())
}

/// The transactions that this server has run.
///
/// # Errors
/// When it does not say.
pub(super) async fn executed(session: &mut Session, server: &Server) -> Result<String> {
    one(session, server, "select @@global.gtid_executed").await.map(|set| set.unwrap_or_default().replace('\n', ""))
}

/// MariaDB's numbers of transactions at a place; `None` when the log does not have it (any more).
///
/// # Errors
/// When it does not say.
pub(super) async fn gtids_at(session: &mut Session, server: &Server, place: &Place) -> Result<Option<String>> {
    one(session, server, &format!("select binlog_gtid_pos({}, {})", quote::text(&place.file), place.offset)).await
}

/// Whether the one set of MySQL's is part of the other.
///
/// # Errors
/// When the server cannot be asked.
pub(super) async fn is_subset(session: &mut Session, server: &Server, one_set: &str, of: &str) -> Result<bool> {
    let sql = format!("select gtid_subset({}, {of})", quote::text(one_set));
    one(session, server, &sql).await.map(|is| is.as_deref() == Some("1"))
}

/// Whether MySQL still has the file of a place, and so much of it.
///
/// # Errors
/// When it does not say.
pub(super) async fn has_place(session: &mut Session, server: &Server, place: &Place) -> Result<bool> {
    let flavour = Flavour::of(session);
    let rows = session.all("show binary logs").await;
    let rows = rows.map_err(|error| refused(server, flavour, &error, "its binary logs cannot be looked at"))?;
    Ok(rows.iter().any(|row| {
        let field = |place: usize| row.get(place).cloned().flatten().unwrap_or_default();
        field(0) == place.file && field(1).parse::<u64>().is_ok_and(|size| size >= place.offset)
    }))
}

async fn one(session: &mut Session, server: &Server, sql: &str) -> Result<Option<String>> {
    let rows = server.ask(session, sql, "its transactions cannot be asked for").await?;
    Ok(rows.into_iter().flatten().next().flatten())
}
