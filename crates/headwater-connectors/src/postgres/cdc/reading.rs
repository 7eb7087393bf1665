//! One reading of the slot, for all tables that follow it: what concerns each is put into a temporary file of its own.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::sync::{Mutex, PoisonError};

use futures::TryStreamExt;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;

use super::super::connect::{Server, Session};
use super::super::copy::Rows;
use super::super::quote;
use super::messages::{Lsn, Message, read, write_lsn};
use super::slot::{Names, refused};
use crate::codes;
use crate::database::defect;

/// A table that takes part in a reading.
#[derive(Debug, Clone)]
pub(super) struct Follow {
    /// The table itself first, then its partitions.
    pub(super) oids: Vec<u32>,
    /// What was committed before is in the table.
    pub(super) from: Lsn,
}

/// A reading that tables may take part in until it begins.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) server: Server,
    pub(super) names: Names,
    /// What is committed from here on is left to the next one.
    pub(super) to: Lsn,
    taking_part: Mutex<TakingPart>,
    /// Whether the slot has any change of any table.
    any: OnceCell<bool>,
    files: OnceCell<Vec<Spooled>>,
}

#[derive(Debug, Default)]
struct TakingPart {
    follows: Vec<Follow>,
    begun: bool,
}

/// What a reading has found of one table.
#[derive(Debug)]
struct Spooled {
    file: File,
    bytes: u64,
}

impl Reading {
    pub(super) fn new(server: Server, names: Names, to: Lsn) -> Self {
        Self { server, names, to, taking_part: Mutex::default(), any: OnceCell::new(), files: OnceCell::new() }
    }

    /// Adds a table; its place among all. `None` when the reading has begun.
    pub(super) fn add(&self, follow: Follow) -> Option<usize> {
        let mut part = self.taking_part.lock().unwrap_or_else(PoisonError::into_inner);
        if part.begun {
            return None;
        }
        part.follows.push(follow);
        Some(part.follows.len() - 1)
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
        let mut file = spooled.file.try_clone().map_err(|error| disk(&error))?;
        file.rewind().map_err(|error| disk(&error))?;
        Ok(Messages { file: BufReader::with_capacity(1 << 20, file), left: spooled.bytes, bytes: Vec::new() })
    }

    async fn read(&self) -> Result<Vec<Spooled>> {
        let follows = {
            let mut part = self.taking_part.lock().unwrap_or_else(PoisonError::into_inner);
            part.begun = true;
            part.follows.clone()
        };
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
        routing.finish()
    }
}

/// Where messages go.
struct Routing {
    from: Vec<Lsn>,
    /// The tables that follow a relation.
    tables: HashMap<u32, Vec<usize>>,
    files: Vec<(BufWriter<File>, u64)>,
    /// Where the commit of the transaction stands that messages belong to.
    commit: Lsn,
}

impl Routing {
    fn new(follows: &[Follow]) -> Result<Self> {
        let mut tables: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, follow) in follows.iter().enumerate() {
            follow.oids.iter().for_each(|oid| tables.entry(*oid).or_default().push(place));
        }
        let file = |_: &Follow| tempfile::tempfile().map(|file| (BufWriter::with_capacity(1 << 20, file), 0));
        let files = follows.iter().map(file).collect::<std::io::Result<_>>().map_err(|error| disk(&error))?;
        Ok(Self { from: follows.iter().map(|follow| follow.from).collect(), tables, files, commit: 0 })
    }

    fn route(&mut self, bytes: &[u8], to: Lsn) -> Result<()> {
        let message = read(bytes).map_err(defect)?;
        let oids: &[u32] = match &message {
            Message::Begin { commit } => {
                self.commit = *commit;
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
            // The columns of a table are told once, in whatever transaction.
            if !is_shape && (self.commit < self.from[place] || self.commit >= to) {
                continue;
            }
            let (file, written) = &mut self.files[place];
            let length = u32::try_from(bytes.len()).map_err(|_| defect("a message is too long".to_owned()))?;
            let put = file.write_all(&length.to_be_bytes()).and_then(|()| file.write_all(bytes));
            put.map_err(|error| disk(&error))?;
            *written += 4 + bytes.len() as u64;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Spooled>> {
        let close = |(file, bytes): (BufWriter<File>, u64)| {
            let file = file.into_inner().map_err(|error| disk(error.error()))?;
            Ok(Spooled { file, bytes })
        };
        self.files.into_iter().map(close).collect()
    }
}

/// Messages that were put into a file.
pub(super) struct Messages {
    file: BufReader<File>,
    left: u64,
    bytes: Vec<u8>,
}

impl Messages {
    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(|error| disk(&error))?;
        let length = u32::from_be_bytes(length);
        self.bytes.resize(length as usize, 0);
        self.file.read_exact(&mut self.bytes).map_err(|error| disk(&error))?;
        self.left = self.left.saturating_sub(4 + u64::from(length));
        Ok(Some(&self.bytes))
    }
}

fn disk(error: &std::io::Error) -> Error {
    let message = format!("the changes cannot be kept in a temporary file: {error}");
    Error::new(codes::UNREADABLE, Blame::Environment, message)
        .help("make room in the folder for temporary files (TMPDIR says which)")
}
