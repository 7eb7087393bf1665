//! Change data capture: what is committed in the database comes by the server's binary log (docs/adr/0016-mysql.md).

mod altered;
mod cascade;
mod changes;
mod charset;
mod dump;
mod event;
mod gtid;
mod json;
mod place;
mod reading;
mod server;
mod shape;
mod statement;
mod values;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use headwater_sdk::connector::{Finding, LoadPosition, Standing};
use headwater_sdk::{Blame, Error, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::connect::{Flavour, Server, Session};
use super::describe::{Found, Size, SourceColumn};
use crate::codes;
use crate::database::{other_values, written};
use dump::{Dump, Start};
use reading::{Follow, Reading};
use server::{executed, gtids_at, has_place, is_subset, lost};
use statement::TableName;

pub(super) use cascade::ancestors;
pub(super) use changes::ChangesPart;
pub(super) use place::Place;
pub(super) use server::end_of_log;
pub(super) use shape::Known;

/// So much of the server's log behind what was read, a table of which nothing came keeps its position anew.
const WORTH_A_COMMIT: u64 = 16 << 20;

/// Whether so much lies between two places that a position is worth a commit. One in another file always is: the server throws
/// files away.
fn is_far(from: &Place, to: &Place) -> bool {
    from.file != to.file || to.offset.saturating_sub(from.offset) >= WORTH_A_COMMIT
}

/// How far a table was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Followed {
    /// What is logged before is in the table; none where transactions alone tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    /// The transactions that are: by them the place is found in another server's log. None where the server does not number them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gtids: Option<String>,
    /// MySQL's number of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// When the file of the place was begun, in seconds: by it the file is told from one of another log; none in positions of before it
    /// was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<u32>,
    /// The columns that the table had there.
    columns: Vec<Known>,
}

/// A table that is followed.
pub(super) struct Table<'a> {
    /// Its database and its name.
    pub(super) name: [String; 2],
    pub(super) found: &'a [Found],
    pub(super) size: &'a Size,
    pub(super) primary_key: Vec<String>,
    /// The columns of its other unique indexes.
    pub(super) unique_keys: Vec<Vec<String>>,
    /// The project's key.
    pub(super) declared: &'a [String],
    /// The columns that are read.
    pub(super) read: &'a [SourceColumn],
    /// The columns that the lake's table has.
    pub(super) lake: Vec<String>,
    /// For messages.
    pub(super) shown: String,
}

/// Follows a database: what the tables of a source have in common.
#[derive(Debug)]
pub(super) struct Follower {
    server: Server,
    /// The reading that tables may still take part in.
    gathering: Mutex<Option<Arc<Reading>>>,
    /// What MariaDB said of places, for which it looks through a file.
    places: tokio::sync::Mutex<HashMap<String, Option<String>>>,
}

/// What there is to read of one table.
#[derive(Debug)]
pub(super) struct Outstanding {
    reading: Arc<Reading>,
    place: usize,
    pub(super) position: LoadPosition,
    /// From where, for people; `None` when nothing was logged since.
    pub(super) since: Option<String>,
    /// The columns that the server computes where they are read.
    computed: Vec<String>,
}

/// The moment at which a table is read as it is: where in the log that was.
#[derive(Debug)]
pub(super) struct Beginning {
    position: LoadPosition,
    columns: Vec<Known>,
    uuid: Option<String>,
    has_gtids: bool,
    flavour: Flavour,
    before: OnceCell<String>,
}

impl Beginning {
    /// Whether the place is told for sure only while nobody commits.
    pub(super) fn wants_a_lock(&self) -> bool {
        !self.flavour.is_mariadb() && !self.has_gtids
    }

    /// Before the moment: nothing that commits from here on may be missed.
    ///
    /// # Errors
    /// When the server does not say.
    pub(super) async fn before(&self, session: &mut Session, server: &Server) -> Result<()> {
        if self.has_gtids {
            let set = executed(session, server).await?;
            // Once: a moment is opened once.
            let _first = self.before.set(set);
        }
        Ok(())
    }

    /// At the moment, whose place is known or not.
    ///
    /// # Errors
    /// When it is not, and nothing else tells it.
    pub(super) async fn after(&self, session: &mut Session, server: &Server, place: Option<Place>) -> Result<()> {
        let gtids = match (&place, self.flavour) {
            (Some(place), Flavour::MariaDb(..)) => gtids_at(session, server, place).await?,
            _ => self.before.get().cloned(),
        };
        if place.is_none() && gtids.is_none() {
            let message = format!("{}: where in the binary log a table is read cannot be told for sure", server.name);
            return Err(Error::new(codes::MYSQL_BINLOG, Blame::Environment, message).help(format!(
                "let the user lock all tables for a moment (grant reload on *.* to '{}'), or set gtid_mode = ON",
                server.user()
            )));
        }
        let begun = match &place {
            Some(place) => Dump::begun_at(server, place).await?,
            None => None,
        };
        let (server, columns) = (self.uuid.clone(), self.columns.clone());
        let followed = Followed { place, gtids, server, begun, columns };
        self.position.set(written(&followed)?, true);
        Ok(())
    }
}

impl Follower {
    pub(super) fn new(server: Server) -> Self {
        Self { server, gathering: Mutex::default(), places: tokio::sync::Mutex::default() }
    }

    /// The columns by which a table is followed.
    ///
    /// # Errors
    /// When the server, or the table, is not as it has to be, with what to do.
    pub(super) async fn verify(&self, session: &mut Session, table: &Table<'_>) -> Result<Vec<String>> {
        let settings = server::verify(session, &self.server).await?;
        server::verify_database(session, &self.server, &table.name[0]).await?;
        let refuse = |what: String, help: String| {
            let message = format!("{}: {what}", self.server.name);
            Err(Error::new(codes::MYSQL_BINLOG, Blame::Environment, message).help(help))
        };
        let shown = &table.shown;
        if table.size.kind != "BASE TABLE" {
            let what = format!(
                "{shown} is a {}, and what changes in it is not told row by row",
                table.size.kind.to_lowercase()
            );
            return refuse(what, "follow the tables that it is made from, or read it with another mode".to_owned());
        }
        let is_read = |name: &str| table.read.iter().any(|column| column.name == name && !column.is_gone);
        let is_mariadb = Flavour::of(session).is_mariadb();
        for found in table.found.iter().filter(|found| is_read(&found.name)) {
            if let Some(reason) = Known::of(found, is_mariadb).unread() {
                let what = format!("column '{}' of {shown} {reason}", found.name);
                return refuse(what, format!("leave it out with `exclude: [{}]`", found.name));
            }
        }
        let has_all = !settings.row_image.eq_ignore_ascii_case("MINIMAL");
        let key = if table.declared.is_empty() { table.primary_key.clone() } else { table.declared.to_vec() };
        let same = key.len() == table.primary_key.len() && key.iter().all(|column| table.primary_key.contains(column));
        if !same && !has_all && !table.primary_key.is_empty() {
            let what = format!(
                "rows of {shown} are told apart by ({}), not by the key ({}): its binlog_row_image is MINIMAL",
                table.primary_key.join(", "),
                table.declared.join(", ")
            );
            return refuse(what, "leave `key` out, or set global binlog_row_image = FULL".to_owned());
        }
        if key.is_empty() {
            let what = format!("{shown} has no primary key, by which its rows are told apart");
            return refuse(what, "give it one, or name the columns that tell its rows apart with `key`".to_owned());
        }
        let mut unique =
            table.unique_keys.iter().chain(std::iter::once(&table.primary_key)).filter(|key| !key.is_empty());
        let tells = |unique: &Vec<String>| unique.iter().all(|column| key.contains(column));
        if unique.clone().next().is_some() && !unique.any(tells) {
            let what = format!(
                "rows of {shown} are not told apart by the key ({}): its primary key is ({}), and it has no unique index on these columns",
                key.join(", "),
                table.primary_key.join(", ")
            );
            return refuse(what, "correct `key`, or leave it out: rows are followed by the primary key".to_owned());
        }
        if let Some(missing) = key.iter().find(|column| !is_read(column)) {
            let what = format!("column '{missing}' of {shown} is of its key, and not read");
            return refuse(what, format!("take {missing} out of `exclude`, or correct `key`"));
        }
        Ok(key)
    }

    /// What a table's first load begins with.
    ///
    /// # Errors
    /// When the server does not say how it is set.
    pub(super) async fn begin(
        &self,
        session: &mut Session,
        table: &Table<'_>,
        position: LoadPosition,
    ) -> Result<Beginning> {
        let (settings, flavour) = (server::settings(session, &self.server).await?, Flavour::of(session));
        let columns = table.found.iter().map(|found| Known::of(found, flavour.is_mariadb())).collect();
        let (uuid, has_gtids) = (settings.uuid, settings.has_gtids);
        Ok(Beginning { position, columns, uuid, has_gtids, flavour, before: OnceCell::new() })
    }

    /// What was committed since a table was read.
    ///
    /// # Errors
    /// When the log has not all of it any more, and when the server cannot be asked.
    pub(super) async fn outstanding(
        &self,
        session: &mut Session,
        table: &Table<'_>,
        followed: Followed,
    ) -> Result<Outstanding> {
        let (settings, flavour) = (server::settings(session, &self.server).await?, Flavour::of(session));
        let start = self.start(session, table, &followed, settings.uuid.as_deref()).await?;
        let names = self.server.ask(session, "select @@lower_case_table_names", "its settings cannot be read").await?;
        let has_case = names.into_iter().flatten().next().flatten().as_deref() == Some("0");
        // Before the end is asked for: what is told later is read once more, and what is told too early would be lost.
        let set = if settings.has_gtids { Some(executed(session, &self.server).await?) } else { None };
        let end = end_of_log(session, &self.server, flavour).await?;
        let end = end.ok_or_else(|| lost(&self.server, "its binary log is off"))?;
        let (from, gtids) = match start {
            Start::Place(place) => (Some(place), None),
            Start::Gtids(gtids) => (None, Some(gtids)),
        };
        let known = |name: &str| followed.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        let anew = |found: &&Found| table.lake.contains(&found.name) && !known(&found.name);
        if let Some(found) = table.found.iter().find(anew) {
            return Err(other_values(&table.shown, &format!("column '{}' was dropped and made anew", found.name)));
        }
        let ancestors = cascade::ancestors(session, &self.server, &table.name).await?;
        let [schema, name] = table.name.clone();
        let position = LoadPosition::known(written(&followed)?);
        let follow = Follow {
            name: TableName { schema, table: name, has_case },
            from: from.clone(),
            file: followed.place.as_ref().zip(followed.begun).map(|(place, begun)| (place.file.clone(), begun)),
            stored: followed.columns.clone(),
            lake: table.lake.clone(),
            ancestors,
            position: position.clone(),
        };
        let new = || Reading::new(self.server.clone(), gtids.clone(), end.clone(), settings.uuid.clone(), set.clone());
        let (reading, place) = self.take_part(&follow, &gtids, new);
        let is_new = from.as_ref().is_none_or(|from| *from < reading.to);
        let since = is_new.then(|| match (&followed.place, &followed.gtids) {
            (Some(place), _) => place.to_string(),
            (None, gtids) => gtids.clone().unwrap_or_default(),
        });
        let is_computed = |found: &&Found| found.extra.to_ascii_uppercase().contains("VIRTUAL GENERATED");
        let computed = table.found.iter().filter(is_computed).map(|found| found.name.clone()).collect();
        Ok(Outstanding { reading, place, position, since, computed })
    }

    fn take_part(
        &self,
        follow: &Follow,
        gtids: &Option<String>,
        new: impl FnOnce() -> Reading,
    ) -> (Arc<Reading>, usize) {
        let mut gathering = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = gathering.as_ref()
            && reading.gtids == *gtids
            && follow.from.as_ref().is_none_or(|from| *from <= reading.to)
            && let Some(place) = reading.add(follow.clone())
        {
            return (Arc::clone(reading), place);
        }
        let reading = Arc::new(new());
        let place = reading.add(follow.clone()).unwrap_or_default();
        *gathering = Some(Arc::clone(&reading));
        (reading, place)
    }

    /// Where in this server's log a table's changes begin.
    async fn start(
        &self,
        session: &mut Session,
        table: &Table<'_>,
        followed: &Followed,
        uuid: Option<&str>,
    ) -> Result<Start> {
        let (server, shown) = (&self.server, &table.shown);
        let gone = |what: &str| {
            let at =
                followed.place.as_ref().map_or_else(|| followed.gtids.clone().unwrap_or_default(), Place::to_string);
            lost(server, &format!("{what}: changes of {shown} since {at} are lost"))
        };
        let gtids = followed.gtids.as_deref().filter(|gtids| !gtids.is_empty());
        if Flavour::of(session).is_mariadb() {
            if let Some(place) = &followed.place {
                let mut places = self.places.lock().await;
                let told = match places.get(&place.to_string()) {
                    Some(told) => told.clone(),
                    None => gtids_at(session, server, place).await?,
                };
                places.insert(place.to_string(), told.clone());
                if told.is_some_and(|told| gtid::same(&told, gtids.unwrap_or_default())) {
                    return Ok(Start::Place(place.clone()));
                }
            }
            // Another server, or a log that was begun anew: the transactions tell.
            return gtids
                .map(|gtids| Start::Gtids(gtids.to_owned()))
                .ok_or_else(|| gone("its binary log does not have that place"));
        }
        if let Some(gtids) = gtids {
            if !is_subset(session, server, gtids, "@@global.gtid_executed").await? {
                return Err(gone("it has not run all transactions that the table has"));
            }
            let purged = server.clone();
            let rows =
                purged.ask(session, "select @@global.gtid_purged", "its transactions cannot be asked for").await?;
            let purged = rows.into_iter().flatten().next().flatten().unwrap_or_default();
            if !is_subset(session, server, &purged, &super::quote::text(gtids)).await? {
                return Err(gone("it has thrown away a part of its binary log"));
            }
        }
        if let Some(place) = &followed.place
            && followed.server.as_deref() == uuid
            && has_place(session, server, place).await?
        {
            return Ok(Start::Place(place.clone()));
        }
        gtids.map(|gtids| Start::Gtids(gtids.to_owned())).ok_or_else(|| gone("its binary log does not have that place"))
    }

    /// How things stand with the log.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(super) async fn examine(&self, session: &mut Session) -> Result<Vec<Finding>> {
        let settings = match server::verify(session, &self.server).await {
            Ok(settings) => settings,
            Err(error) => {
                let what = format!("the mode cdc is out of reach: {}", error.message);
                return Ok(vec![Finding { standing: Standing::Warning, what, help: error.help }]);
            }
        };
        let flavour = Flavour::of(session);
        let end = end_of_log(session, &self.server, flavour).await?;
        let what = format!("the binary log is at {}", end.map_or_else(String::new, |end| end.to_string()));
        let mut findings = vec![Finding { standing: Standing::Good, what, help: None }];
        if !settings.row_metadata.eq_ignore_ascii_case("FULL") {
            findings.push(Finding {
                standing: Standing::Good,
                what: format!(
                    "its binlog_row_metadata is {}: a table that is followed may be altered once between two runs",
                    settings.row_metadata
                ),
                help: Some(
                    "set global binlog_row_metadata = FULL, so that its log says which columns rows have".to_owned(),
                ),
            });
        }
        if !settings.row_image.eq_ignore_ascii_case("FULL") {
            findings.push(Finding {
                standing: Standing::Good,
                what: format!(
                    "its binlog_row_image is {}: values that the log leaves out are the lake's, and where it has none are asked for by the \
                     row's key, as they are by then",
                    settings.row_image
                ),
                help: None,
            });
        }
        Ok(findings)
    }
}
