//! One reading of the binary log, for all tables that follow it: what concerns each is put into a temporary file of its own.

use std::collections::HashMap;

use bytes::Bytes;
use headwater_sdk::connector::LoadPosition;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::OnceCell;

use super::super::connect::{Flavour, Server};
use super::super::describe::columns_of_table;
use super::altered::{Judged, Step, steps};
use super::cascade::Ancestor;
use super::dump::{Dump, Event, Start, unknown};
use super::event::{
    FORMAT, HEAD, Head, INCIDENT, MARIA_GTID, MARIA_QUERY_COMPRESSED, PARTIAL_UPDATE, PAYLOAD, QUERY, TABLE_MAP,
    TableMap, XA_PREPARE, XID, query, rows_kind, table_id, unpacked,
};
use super::place::Place;
use super::server::{end_of_log, gtids_at};
use super::shape::Known;
use super::statement::{Effect, TableName, effects};
use super::{Followed, is_far};
use crate::codes;
use crate::database::{Gathering, Messages, Spool, Spooled, defect, written};

/// What a message in a table's file is, by its first byte.
pub(super) const ROWS: u8 = b'R';
pub(super) const EMPTIED: u8 = b'E';
pub(super) const ALTERED: u8 = b'A';
pub(super) const LOST: u8 = b'L';

const XA: &str =
    "rows were changed by a transaction in two phases (XA), of which the log does not say in time how it ended";
const RESET: &str = "the server's log is another one than it was: it was begun anew (reset master, or another server), with the same names and numbers";
const INCIDENTS: &str = "the server says that its log has lost changes";
const PARTIAL: &str =
    "parts of JSON values were changed, of which the log has the parts alone: set binlog_row_value_options = ''";

/// A table that takes part in a reading.
#[derive(Debug, Clone)]
pub(super) struct Follow {
    pub(super) name: TableName,
    /// What is logged before is in the table; `None` where the reading begins there.
    pub(super) from: Option<Place>,
    /// The file of the log in which it was read to, and when that was begun.
    pub(super) file: Option<(String, u32)>,
    /// The columns that it had then.
    pub(super) stored: Vec<Known>,
    /// The columns that the lake's table has.
    pub(super) lake: Vec<String>,
    /// The tables whose rows change its own without a word in the log.
    pub(super) ancestors: Vec<Ancestor>,
    /// Where it is when all is read.
    pub(super) position: LoadPosition,
}

/// A reading that tables may take part in until it begins.
#[derive(Debug)]
pub(super) struct Reading {
    server: Server,
    /// The transactions behind which it begins, where that is not told by a place.
    pub(super) gtids: Option<String>,
    /// What is logged from here on is left to the next one.
    pub(super) to: Place,
    /// What tells `to` on another server: the server's number, and the transactions that MySQL had run before.
    pub(super) uuid: Option<String>,
    pub(super) executed: Option<String>,
    gathering: Gathering<Follow>,
    files: OnceCell<Vec<Found>>,
}

/// What a reading has found of one table.
#[derive(Debug)]
struct Found {
    spooled: Spooled,
    /// How often it was altered.
    altered: usize,
    stored: Vec<Known>,
    now: Vec<Known>,
    /// Why rows that were read before have other values, without the log having them.
    other_values: Option<String>,
    /// Why rows may be gone or others, by foreign keys.
    cascaded: Option<String>,
}

/// What there is to read of one table.
pub(super) struct Changes {
    pub(super) messages: Messages,
    pub(super) altered: usize,
    /// The columns that it had when it was last read, and those that it has now.
    pub(super) stored: Vec<Known>,
    pub(super) now: Vec<Known>,
    /// Why rows that were read before have other values, without the log having them.
    pub(super) other_values: Option<String>,
    /// Why rows may be gone or others, by foreign keys.
    pub(super) cascaded: Option<String>,
}

impl Reading {
    pub(super) fn new(
        server: Server,
        gtids: Option<String>,
        to: Place,
        uuid: Option<String>,
        executed: Option<String>,
    ) -> Self {
        Self { server, gtids, to, uuid, executed, gathering: Gathering::default(), files: OnceCell::new() }
    }

    /// Adds a table; its place among all. `None` when the reading has begun.
    pub(super) fn add(&self, follow: Follow) -> Option<usize> {
        self.gathering.add(follow)
    }

    /// What concerns a table, in order. The first who asks reads the log for all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn changes(&self, place: usize) -> Result<Changes> {
        let files = self.files.get_or_try_init(|| self.read()).await?;
        let found = files.get(place).ok_or_else(|| defect("a table takes part in no reading".to_owned()))?;
        Ok(Changes {
            messages: found.spooled.messages()?,
            altered: found.altered,
            stored: found.stored.clone(),
            now: found.now.clone(),
            other_values: found.other_values.clone(),
            cascaded: found.cascaded.clone(),
        })
    }

    async fn read(&self) -> Result<Vec<Found>> {
        let follows = self.gathering.begin();
        let mut session = self.server.connect().await?;
        let flavour = Flavour::of(&session);
        let mut now = Vec::new();
        for follow in &follows {
            let name = [follow.name.schema.clone(), follow.name.table.clone()];
            let found = columns_of_table(&mut session, &self.server, &name, &follow.name.table).await?;
            now.push(found.iter().map(|found| Known::of(found, flavour.is_mariadb())).collect::<Vec<_>>());
        }
        // A table that is altered between the end of this reading and here has columns of which nothing is read yet.
        let end = end_of_log(&mut session, &self.server, flavour).await?.unwrap_or_else(|| self.to.clone());
        let gtids = match flavour {
            Flavour::MariaDb(..) => gtids_at(&mut session, &self.server, &self.to).await?,
            Flavour::MySql(..) => self.executed.clone(),
        };
        session.quit().await;
        let start = match &self.gtids {
            Some(gtids) => Start::Gtids(gtids.clone()),
            None => {
                let least = follows.iter().filter_map(|follow| follow.from.clone()).min();
                Start::Place(least.unwrap_or_else(|| self.to.clone()))
            }
        };
        let mut dump = Dump::start(&self.server, &start).await?;
        let mut routing = Routing::new(&follows, self.to.clone())?;
        let mut reached = matches!(start, Start::Gtids(_));
        while let Some(event) = dump.next().await? {
            if event.begin >= end {
                reached = true;
                break;
            }
            if event.kind == FORMAT {
                routing.begins(&event.begin.file, dump.begun())?;
            }
            routing.route(&event)?;
        }
        let begun = dump.begun().filter(|_| dump.at().file == self.to.file);
        if !reached && dump.at() < &self.to {
            let message = format!("{}: the binary log ends in the middle", self.server.name);
            return Err(Error::new(codes::MYSQL_UNREACHABLE, Blame::Environment, message)
                .help("the connection was cut: the next try begins anew")
                .transient());
        }
        let Routing { spool, altered, altered_later, alters, mut cascaded, .. } = routing;
        let files = spool.finish()?;
        let mut all = Vec::new();
        for (place, ((follow, now), spooled)) in follows.into_iter().zip(now).zip(files).enumerate() {
            let columns = match (altered[place], altered_later[place]) {
                (0, _) => follow.stored.clone(),
                (_, 0) => now.clone(),
                _ => {
                    let message = format!("{}: {} is being altered", self.server.name, follow.name.table);
                    return Err(Error::new(codes::MYSQL_BINLOG, Blame::Environment, message)
                        .help("run again when that is done")
                        .transient());
                }
            };
            let is_far = altered[place] > 0 || follow.from.as_ref().is_none_or(|from| is_far(from, &self.to));
            let (to, gtids) = (Some(self.to.clone()), gtids.clone());
            let followed = Followed { place: to, gtids, server: self.uuid.clone(), begun, columns };
            follow.position.set(written(&followed)?, is_far);
            let Follow { stored, lake, .. } = follow;
            let (steps, statements) = &alters[place];
            let other_values = Judged { stored: &stored, now: &now, lake: &lake }.reason(steps, *statements);
            let cascaded = cascaded[place].take();
            all.push(Found { spooled, altered: altered[place], stored, now, other_values, cascaded });
        }
        Ok(all)
    }
}

/// Where events go.
struct Routing<'a> {
    follows: &'a [Follow],
    to: Place,
    /// The tables of rows that come, by their numbers: who follows them, and the map.
    maps: HashMap<u64, Mapped>,
    spool: Spool,
    /// How far the files were when the transaction began.
    marks: Vec<u64>,
    altered: Vec<usize>,
    /// Those behind the end of the reading.
    altered_later: Vec<usize>,
    /// What was done to the columns since the table was empty last, and by how many statements.
    alters: Vec<(Vec<Step>, usize)>,
    /// Why rows may be gone or others since then, by foreign keys.
    cascaded: Vec<Option<String>>,
}

/// A table of rows that come: who follows it, for whom it is an ancestor (and which), and the map.
struct Mapped {
    concerned: Vec<usize>,
    descendants: Vec<(usize, usize)>,
    map: Bytes,
}

impl<'a> Routing<'a> {
    fn new(follows: &'a [Follow], to: Place) -> Result<Self> {
        let none = vec![0; follows.len()];
        Ok(Self {
            follows,
            to,
            maps: HashMap::new(),
            spool: Spool::new(follows.len())?,
            marks: vec![0; follows.len()],
            altered: none.clone(),
            altered_later: none,
            alters: vec![Default::default(); follows.len()],
            cascaded: vec![None; follows.len()],
        })
    }

    /// A file begins, or goes on. One that has the name of another, and was begun at another time, is of another log.
    fn begins(&mut self, file: &str, begun: Option<u32>) -> Result<()> {
        for (place, follow) in self.follows.iter().enumerate() {
            let is_other = |(name, then): &(String, u32)| name == file && begun.is_some_and(|begun| begun != *then);
            if follow.file.as_ref().is_some_and(is_other) {
                self.spool.put(place, &[&[LOST], RESET.as_bytes()])?;
            }
        }
        Ok(())
    }

    fn route(&mut self, event: &Event) -> Result<()> {
        let is_later = event.begin >= self.to;
        match event.kind {
            QUERY | MARIA_QUERY_COMPRESSED => self.statement(event, is_later)?,
            MARIA_GTID => self.marks = self.spool.marks(),
            _ if is_later => {}
            TABLE_MAP => self.map(&event.body)?,
            XID => self.maps.clear(),
            XA_PREPARE => {
                let grown: Vec<usize> = self
                    .spool
                    .marks()
                    .iter()
                    .zip(&self.marks)
                    .enumerate()
                    .filter(|(_, (now, then))| now > then)
                    .map(|(place, _)| place)
                    .collect();
                for place in grown {
                    self.spool.put(place, &[&[LOST], XA.as_bytes()])?;
                }
            }
            INCIDENT => {
                for place in 0..self.follows.len() {
                    self.spool.put(place, &[&[LOST], INCIDENTS.as_bytes()])?;
                }
            }
            PAYLOAD => {
                let inner = |bytes: Bytes| {
                    let head = Head::of(&bytes).ok_or_else(unknown)?;
                    self.route(&Event { kind: head.kind, body: bytes.slice(HEAD..), begin: event.begin.clone() })
                };
                unpacked(&event.body, inner).ok_or_else(unknown)??;
            }
            kind if rows_kind(kind).is_some() => self.rows(event)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether what stands there is not in a table yet.
    fn is_new(&self, place: usize, begin: &Place) -> bool {
        self.follows[place].from.as_ref().is_none_or(|from| begin >= from)
    }

    fn map(&mut self, body: &Bytes) -> Result<()> {
        let id = table_id(body).ok_or_else(unknown)?;
        let map = TableMap::read(body).ok_or_else(unknown)?;
        let concerned = self.follows.iter().enumerate().filter(|(_, follow)| follow.name.is(&map.schema, &map.table));
        let concerned: Vec<usize> = concerned.map(|(place, _)| place).collect();
        let mut descendants = Vec::new();
        for (place, follow) in self.follows.iter().enumerate() {
            let is = |ancestor: &Ancestor| {
                let [schema, table] = ancestor.name.clone();
                TableName { schema, table, has_case: follow.name.has_case }.is(&map.schema, &map.table)
            };
            let found = follow.ancestors.iter().enumerate().filter(|(_, ancestor)| is(ancestor));
            descendants.extend(found.map(|(number, _)| (place, number)));
        }
        if concerned.is_empty() && descendants.is_empty() {
            self.maps.remove(&id);
        } else {
            self.maps.insert(id, Mapped { concerned, descendants, map: body.clone() });
        }
        Ok(())
    }

    fn rows(&mut self, event: &Event) -> Result<()> {
        let id = table_id(&event.body).ok_or_else(unknown)?;
        let Some(Mapped { concerned, descendants, map }) = self.maps.get(&id) else { return Ok(()) };
        for (place, number) in descendants {
            if self.cascaded[*place].is_none() && self.is_new(*place, &event.begin) {
                self.cascaded[*place] = self.follows[*place].ancestors[*number].reason(map, event);
            }
        }
        let length = (map.len() as u32).to_be_bytes();
        for place in concerned {
            if !self.is_new(*place, &event.begin) {
                continue;
            }
            if event.kind == PARTIAL_UPDATE {
                self.spool.put(*place, &[&[LOST], PARTIAL.as_bytes()])?;
                continue;
            }
            self.spool.put(*place, &[&[ROWS, event.kind], &length, map, &event.body])?;
        }
        Ok(())
    }

    fn statement(&mut self, event: &Event, is_later: bool) -> Result<()> {
        let (database, text) = query(&event.body, event.kind == MARIA_QUERY_COMPRESSED).ok_or_else(unknown)?;
        match text.trim().trim_end_matches(';') {
            "BEGIN" => {
                self.marks = self.spool.marks();
                return Ok(());
            }
            "COMMIT" => return Ok(()),
            "ROLLBACK" => return self.spool.back_to(&self.marks),
            _ => {}
        }
        for (place, follow) in self.follows.iter().enumerate() {
            if !self.is_new(place, &event.begin) {
                continue;
            }
            for effect in effects(&text, &database, &follow.name) {
                match effect {
                    Effect::Altered if is_later => self.altered_later[place] += 1,
                    _ if is_later => {}
                    Effect::Altered => {
                        self.altered[place] += 1;
                        let (all, statements) = &mut self.alters[place];
                        all.extend(steps(&text));
                        *statements += 1;
                        self.spool.put(place, &[&[ALTERED]])?;
                    }
                    Effect::Emptied => {
                        (self.alters[place], self.cascaded[place]) = Default::default();
                        self.spool.put(place, &[&[EMPTIED]])?;
                    }
                    Effect::Lost(reason) => self.spool.put(place, &[&[LOST], reason.as_bytes()])?,
                }
            }
        }
        Ok(())
    }
}
