//! The session of a delivery.

use headwater_sdk::{Blame, Error, Result};

use super::super::connect::{Flavour, Session};
use super::super::quote;
use super::super::wire::WireError;
use super::TableOutlet;
use crate::codes;

/// Seconds for which a delivery waits for another one to the same table.
const WAITS: u32 = 10;
/// Bytes of a statement with rows, about.
const PIECE: usize = 1 << 20;

/// A session, and who delivers by it.
pub(super) struct Work<'a> {
    pub(super) outlet: &'a TableOutlet,
    pub(super) session: Session,
    pub(super) flavour: Flavour,
    /// Bytes that a statement may have (`max_allowed_packet`), less some for its words.
    pub(super) longest: usize,
}

impl<'a> Work<'a> {
    /// Begins one.
    pub(super) async fn begin(outlet: &'a TableOutlet) -> Result<Self> {
        let session = outlet.server.connect_to_write().await?;
        let flavour = Flavour::of(&session);
        let mut work = Self { outlet, session, flavour, longest: 0 };
        // Deletions by several tables want one to be chosen.
        work.run(format!("use {}", quote::name(&outlet.target.database))).await?;
        let longest = work.one("select @@max_allowed_packet").await?;
        work.longest = longest.and_then(|bytes| bytes.parse().ok()).unwrap_or(PIECE).saturating_sub(16 << 10);
        Ok(work)
    }

    /// Bytes of rows that are sent at once.
    pub(super) fn piece(&self) -> usize {
        PIECE.min(self.longest / 2)
    }

    /// Runs a statement; how many rows it has written.
    pub(super) async fn run(&mut self, sql: impl AsRef<[u8]>) -> Result<u64> {
        self.session.run(sql.as_ref()).await.map_err(|error| self.outlet.error(&error))
    }

    /// Runs a statement over rows, one of which it may refuse.
    pub(super) async fn attempt(&mut self, sql: &str) -> Result<Result<u64, String>> {
        match self.session.run(sql.as_bytes()).await {
            Ok(rows) => Ok(Ok(rows)),
            Err(error) => fault(&error).map(Err).ok_or_else(|| self.outlet.error(&error)),
        }
    }

    /// The rows of a query, which are few.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        self.session.all(sql).await.map_err(|error| self.outlet.error(&error))
    }

    /// The first value of a query's first row.
    pub(super) async fn one(&mut self, sql: &str) -> Result<Option<String>> {
        let rows = self.ask(sql).await?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    /// Whether there is such a table or view.
    pub(super) async fn is_there(&mut self, table: &str) -> Result<bool> {
        let sql = format!(
            "select count(*) from information_schema.tables where table_schema = {} and table_name = {}",
            quote::text(&self.outlet.target.database),
            quote::text(table)
        );
        Ok(self.one(&sql).await?.as_deref() != Some("0"))
    }

    /// Keeps others from this delivery until the session ends. A lock of the server, for its statements of definition end transactions.
    pub(super) async fn lock(&mut self) -> Result<()> {
        let what = format!("{}/{}", self.outlet.target.database, self.outlet.settings.name);
        // Names of locks have 64 characters.
        let name = format!("headwater {}", &blake3::hash(what.as_bytes()).to_hex()[..40]);
        let got = self.one(&format!("select get_lock({}, {WAITS})", quote::text(&name))).await?;
        if got.as_deref() == Some("1") {
            return Ok(());
        }
        let message =
            format!("{}: another run delivers to {} now", self.outlet.server.name, self.outlet.target.shown());
        Err(Error::new(codes::DELIVERED_MEANWHILE, Blame::Environment, message)
            .help("let one project deliver to a table; the next run tries again")
            .transient())
    }
}

/// What the server says of a row, where it is the row that it refuses: values that a column cannot hold, broken constraints, and what
/// triggers raise (MariaDB, "Error Codes"; MySQL, "Server Error Message Reference").
fn fault(error: &WireError) -> Option<String> {
    let WireError::Server { number, state, message } = error else { return None };
    let of_rows = match number {
        // Deadlocks and waits for locks, which are of a class of rows elsewhere.
        1205 | 1213 => false,
        // No default, cut, wrong values, division, functional values, checks, JSON, partitions that are not there.
        1364 | 1265 | 1366 | 1365 | 1411 | 1526 | 1690 | 3140 | 3141 | 3819 | 3903 | 4025 => true,
        _ => ["22", "23", "45"].iter().any(|class| state.starts_with(class)),
    };
    of_rows.then(|| message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_rows_is_told_from_what_is_not() {
        let of =
            |number, state: &str| fault(&WireError::Server { number, state: state.to_owned(), message: "m".into() });
        for (number, state) in [(1062, "23000"), (1406, "22001"), (1644, "45000"), (3819, "HY000"), (1366, "HY000")] {
            assert!(of(number, state).is_some(), "{number}");
        }
        for (number, state) in [(1213, "40001"), (1205, "HY000"), (1146, "42S02"), (1054, "42S22"), (2013, "HY000")] {
            assert!(of(number, state).is_none(), "{number}");
        }
        assert!(fault(&WireError::Form("x")).is_none());
    }
}
