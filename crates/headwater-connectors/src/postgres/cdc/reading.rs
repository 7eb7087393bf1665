//! One reading of the slot, for all tables that follow it: what concerns each is put into a temporary file of its own.

use futures::TryStreamExt;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use std::collections::HashMap;
use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;

use super::super::connect::{Server, Session};
use super::super::copy::Rows;
use super::super::quote;
use super::messages::{Lsn, Message, read, write_lsn};
use super::slot::{Names, find, moved, refused};
use super::snapshot::Snapshot;
use crate::codes;
use crate::database::{Gathering, Messages, Spool, Spooled, defect};

/// A table that takes part in a reading.
#[derive(Debug, Clone)]
pub(super) struct Follow {
    /// The table itself first, then its partitions.
    pub(super) oids: Vec<u32>,
    /// What was committed before is in the table.
    pub(super) from: Lsn,
    /// What this has seen is in it, too.
    pub(super) seen: Option<Snapshot>,
}

/// A reading that tables may take part in until it begins.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) server: Server,
    pub(super) names: Names,
    /// What is committed from here on is left to the next one.
    pub(super) to: Lsn,
    gathering: Gathering<Follow>,
    /// Whether the slot has any change of any table.
    any: OnceCell<bool>,
    files: OnceCell<Vec<Spooled>>,
}

impl Reading {
    pub(super) fn new(server: Server, names: Names, to: Lsn) -> Self {
        Self { server, names, to, gathering: Gathering::default(), any: OnceCell::new(), files: OnceCell::new() }
    }

    /// Adds a table; its place among all. `None` when the reading has begun.
    pub(super) fn add(&self, follow: Follow) -> Option<usize> {
        self.gathering.add(follow)
    }

    /// Whether there is anything to read, of whatever table.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(super) async fn has_any(&self, client: &Session) -> Result<bool> {
        let peek = async {
            let sql = format!("select exists (select 1 from {})", self.peek("1"));
            match client.query_one(&sql, &[]).await {
                Ok(row) => Ok(row.get(0)),
                // Somebody reads it at this moment: who reads it later will find out.
                Err(error) if error.code() == Some(&SqlState::OBJECT_IN_USE) => Ok(true),
                Err(error) => Err(refused(&self.server, &error, &self.doing())),
            }
        };
        self.any.get_or_try_init(|| peek).await.copied()
    }

    /// A look at the slot's messages, which stay there.
    fn peek(&self, most: &str) -> String {
        format!(
            "pg_logical_slot_peek_binary_changes({}, {}, {most}, 'proto_version', '1', 'publication_names', {})",
            quote::text(&self.names.slot),
            quote::text(&write_lsn(self.to)),
            quote::text(&quote_identifier(&self.names.publication)),
        )
    }

    fn doing(&self) -> String {
        format!("the changes in the slot '{}' cannot be read", self.names.slot)
    }

    /// The messages about a table, in order. The first who asks reads the slot for all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn messages(&self, place: usize) -> Result<Messages> {
        let files = self.files.get_or_try_init(|| self.read()).await?;
        let spooled = files.get(place).ok_or_else(|| defect("a table takes part in no reading".to_owned()))?;
        spooled.messages()
    }

    async fn read(&self) -> Result<Vec<Spooled>> {
        let follows = self.gathering.begin();
        let mut routing = Routing::new(&follows)?;
        let doing = self.doing();
        let failed = |error| refused(&self.server, &error, &doing);
        let mut session = self.server.connect().await?;
        let copy = format!("copy (select data from {}) to stdout (format binary)", self.peek("null"));
        session.is_busy = true;
        let mut pieces = Box::pin(session.copy_out(&copy).await.map_err(failed)?);
        let (mut rows, mut fields) = (Rows::default(), Vec::new());
        while let Some(piece) = pieces.try_next().await.map_err(failed)? {
            rows.add(&piece);
            while let Some(row) = rows.next(&mut fields).map_err(defect)? {
                let message = fields.first().cloned().flatten().map(|range| &row[range]).unwrap_or_default();
                routing.route(message, self.to)?;
            }
        }
        if !rows.ended {
            let message = format!("{}: {doing}: they end in the middle", self.server.name);
            return Err(Error::new(codes::POSTGRES_UNREACHABLE, Blame::Environment, message)
                .help("the connection was cut: the next try begins anew")
                .transient());
        }
        session.is_busy = false;
        // What somebody else has taken out of the slot meanwhile was not among it.
        drop(pieces);
        let slot = find(&session, &self.server, &self.names.slot).await?;
        let least = follows.iter().map(|follow| follow.from).min().unwrap_or_default();
        match slot.and_then(|slot| slot.confirmed) {
            Some(confirmed) if confirmed <= least => routing.spool.finish(),
            _ => Err(moved(&self.server, &self.names.slot)),
        }
    }
}

/// Where messages go.
struct Routing<'a> {
    follows: &'a [Follow],
    /// The tables that follow a relation.
    tables: HashMap<u32, Vec<usize>>,
    spool: Spool,
    /// Where the commit of the transaction stands that messages belong to, and its number.
    commit: Lsn,
    id: u32,
}

impl<'a> Routing<'a> {
    fn new(follows: &'a [Follow]) -> Result<Self> {
        let mut tables: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, follow) in follows.iter().enumerate() {
            follow.oids.iter().for_each(|oid| tables.entry(*oid).or_default().push(place));
        }
        Ok(Self { follows, tables, spool: Spool::new(follows.len())?, commit: 0, id: 0 })
    }

    fn route(&mut self, bytes: &[u8], to: Lsn) -> Result<()> {
        let message = read(bytes).map_err(defect)?;
        let oids: &[u32] = match &message {
            Message::Begin { commit, id } => {
                (self.commit, self.id) = (*commit, *id);
                return Ok(());
            }
            Message::Other => return Ok(()),
            Message::Relation { oid, .. }
            | Message::Insert { oid, .. }
            | Message::Update { oid, .. }
            | Message::Delete { oid, .. } => &[*oid],
            Message::Truncate { oids } => oids,
        };
        let is_shape = matches!(message, Message::Relation { .. });
        let mut concerned: Vec<usize> = oids.iter().filter_map(|oid| self.tables.get(oid)).flatten().copied().collect();
        concerned.sort_unstable();
        concerned.dedup();
        for place in concerned {
            let Follow { from, seen, .. } = &self.follows[place];
            let is_known = self.commit < *from || seen.as_ref().is_some_and(|seen| seen.has(self.id));
            // The columns of a table are told once, in whatever transaction.
            if !is_shape && (is_known || self.commit >= to) {
                continue;
            }
            self.spool.put(place, &[bytes])?;
        }
        Ok(())
    }
}
