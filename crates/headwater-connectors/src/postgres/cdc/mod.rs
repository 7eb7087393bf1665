//! Change data capture: what is committed in the database comes by a replication slot
//! (docs/adr/0015-changes-by-key.md).

mod changes;
mod identity;
mod keyed;
mod messages;
mod reading;
mod shape;
mod slot;
mod snapshot;
mod text;

use std::sync::{Arc, Mutex, PoisonError};

use headwater_sdk::Result;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, LoadPosition, Standing};
use tokio::sync::OnceCell;

use super::connect::{Server, Session};
use super::options::SourceOptions;
use crate::database;
use messages::{Lsn, read_lsn, write_lsn};
use reading::{Follow, Reading};
use shape::Shape;
use slot::Names;
use snapshot::Snapshot;

pub(super) use changes::ChangesPart;
pub(super) use identity::key;
pub(super) use slot::Followed;
pub(super) use text::TextReading;

/// So much of the server's log behind what was read, a table of which nothing came keeps its position anew.
const WORTH_A_COMMIT: u64 = 16 << 20;
/// A slot that holds more of the server's log than this is worth a word.
const MUCH: u64 = 1 << 30;

/// Follows a database: what the tables of a source have in common.
#[derive(Debug)]
pub(super) struct Follower {
    server: Server,
    names: Names,
    /// The reading that tables may still take part in.
    gathering: Mutex<Option<Arc<Reading>>>,
}

/// What there is to read of one table.
#[derive(Debug)]
pub(super) struct Outstanding {
    reading: Arc<Reading>,
    place: usize,
    /// The table itself first, then its partitions.
    oids: Vec<u32>,
    pub(super) position: LoadPosition,
    /// Whether it is worth reading.
    pub(super) any: bool,
    /// From where, for people.
    pub(super) since: String,
}

/// Before a table is read as it is: the slot is made, so that nothing that commits later is missed.
#[derive(Debug)]
pub(super) struct Beginning {
    names: Names,
    position: LoadPosition,
    shape: Shape,
    confirmed: OnceCell<Lsn>,
}

impl Beginning {
    pub(super) async fn come(&self, client: &Session, server: &Server) -> Result<()> {
        let begin = slot::ensure(client, server, &self.names.slot);
        self.confirmed.get_or_try_init(|| begin).await.map(|_| ())
    }

    /// Takes up which snapshot of the database the table is read in: the slot may be older, and what this has seen must not be done
    /// once more. It would come right in the end, but for columns that are others since.
    pub(super) fn reads_in(&self, snapshot: String) -> Result<()> {
        let lsn = write_lsn(self.confirmed.get().copied().unwrap_or_default());
        let (slot, shape) = (self.names.slot.clone(), Some(self.shape.clone()));
        let followed = Followed { slot, lsn, snapshot: Some(snapshot), shape };
        self.position.set(database::written(&followed)?, true);
        Ok(())
    }
}

fn written(names: &Names, lsn: u64, shape: Shape) -> Result<serde_json::Value> {
    database::written(&Followed { slot: names.slot.clone(), lsn: write_lsn(lsn), snapshot: None, shape: Some(shape) })
}

impl Follower {
    pub(super) fn new(server: Server, options: &SourceOptions) -> std::result::Result<Self, OptionsError> {
        let names = Names { slot: options.slot.clone(), publication: options.publication.clone() };
        let may = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if names.slot.is_empty() || names.slot.len() > 63 || !names.slot.chars().all(may) {
            return Err(OptionsError {
                key: Some("slot"),
                message: format!("'{}' is no name of a replication slot", names.slot),
                help: Some("use up to 63 lower-case letters, digits and _".to_owned()),
            });
        }
        Ok(Self { server, names, gathering: Mutex::default() })
    }

    /// What a table's first load begins with. `relation` is quoted, `shown` is for messages.
    ///
    /// # Errors
    /// When the server, or the publication, is not as it has to be.
    pub(super) async fn begin(
        &self,
        client: &Session,
        relation: &str,
        shown: &str,
        position: LoadPosition,
    ) -> Result<Beginning> {
        slot::verify_server(client, &self.server).await?;
        slot::verify_publication(client, &self.server, &self.names.publication, relation, shown).await?;
        slot::find(client, &self.server, &self.names.slot).await?;
        let shape = Shape::of(client, &self.server, relation, shown).await?;
        Ok(Beginning { names: self.names.clone(), position, shape, confirmed: OnceCell::new() })
    }

    /// What was committed since a table was read. `lake` are the columns that the lake's table has.
    ///
    /// # Errors
    /// When the slot has not all of it any more, or the table was altered meanwhile so that it has not all, and when the server
    /// cannot be asked.
    pub(super) async fn outstanding(
        &self,
        client: &Session,
        relation: &str,
        shown: &str,
        followed: &Followed,
        lake: &[String],
    ) -> Result<Outstanding> {
        slot::verify_publication(client, &self.server, &self.names.publication, relation, shown).await?;
        let slot = slot::find(client, &self.server, &self.names.slot).await?;
        let from = slot::verify_position(&self.server, &self.names.slot, slot.as_ref(), followed, shown)?;
        let seen = followed.snapshot.as_deref().map(Snapshot::read).transpose();
        let seen = seen.map_err(|reason| slot::unreadable(shown, &reason))?;
        // Before the end of the reading is known: what is altered later is seen by the next one.
        let shape = Shape::of(client, &self.server, relation, shown).await?;
        if let Some(before) = &followed.shape {
            shape.verify(before, lake, shown)?;
        }
        let is_other = followed.shape.as_ref() != Some(&shape);
        let oids = self.oids(client, relation, shown).await?;
        let end = slot.map_or(from, |slot| slot.end);
        let (reading, place) = self.take_part(&Follow { oids: oids.clone(), from, seen }, end);
        let (to, since) = (reading.to.max(from), followed.lsn.clone());
        let far = to - from >= WORTH_A_COMMIT;
        let position = LoadPosition::default();
        position.set(written(&self.names, to, shape)?, far || is_other);
        let any = far || is_other || (to > from && reading.has_any(client).await?);
        Ok(Outstanding { reading, place, oids, position, any, since })
    }

    fn take_part(&self, follow: &Follow, end: u64) -> (Arc<Reading>, usize) {
        let mut gathering = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = gathering.as_ref()
            && let Some(place) = reading.add(follow.clone())
        {
            return (Arc::clone(reading), place);
        }
        let reading = Arc::new(Reading::new(self.server.clone(), self.names.clone(), end));
        let place = reading.add(follow.clone()).unwrap_or_default();
        *gathering = Some(Arc::clone(&reading));
        (reading, place)
    }

    /// The table, then its partitions.
    async fn oids(&self, client: &Session, relation: &str, shown: &str) -> Result<Vec<u32>> {
        let sql = "select $1::text::regclass::oid union all
            select relid::oid from pg_partition_tree($1::text::regclass) where relid <> $1::text::regclass";
        let found = client.query(sql, &[&relation]).await;
        let found = found.map_err(|error| self.server.error(&error, &format!("{shown} cannot be looked at")))?;
        Ok(found.iter().map(|row| row.get(0)).collect())
    }

    /// Moves the slot on to where all of the tables are.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn acknowledge(&self, positions: &[serde_json::Value]) -> Result<Vec<String>> {
        let followed =
            positions.iter().filter_map(|position| serde_json::from_value::<Followed>(position.clone()).ok());
        let places = followed.filter(|followed| followed.slot == self.names.slot);
        let Some(least) = places.filter_map(|followed| read_lsn(&followed.lsn).ok()).min() else {
            return Ok(Vec::new());
        };
        let client = self.server.connect().await?;
        let name = &self.names.slot;
        let mut slot = slot::find(&client, &self.server, name).await?;
        if slot.as_ref().and_then(|slot| slot.confirmed).is_some_and(|confirmed| confirmed < least) {
            slot::advance(&client, &self.server, name, least).await?;
            slot = slot::find(&client, &self.server, name).await?;
        }
        Ok(slot.filter(|slot| slot.kept > MUCH).map(|slot| self.told(&slot)).into_iter().collect())
    }

    fn told(&self, slot: &slot::Slot) -> String {
        let (name, held) = (&self.names.slot, slot.kept as f64 / 1e9);
        format!("{}: the server keeps {held:.1} GB of its log for the slot '{name}'", self.server.name)
    }

    /// How things stand with the slot.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(super) async fn examine(&self, client: &Session) -> Result<Vec<Finding>> {
        let good = |what: String| Finding { standing: Standing::Good, what, help: None };
        if let Err(error) = slot::verify_server(client, &self.server).await {
            let what = format!("the mode cdc is out of reach: {}", error.message);
            return Ok(vec![Finding { standing: Standing::Warning, what, help: error.help }]);
        }
        let name = &self.names.slot;
        Ok(match slot::find(client, &self.server, name).await? {
            None => vec![good(format!(
                "there is no replication slot '{name}' yet: the first load in the mode cdc makes it"
            ))],
            Some(slot) if slot.status == "reserved" || slot.kept < MUCH => {
                let held = slot.kept as f64 / 1e6;
                vec![good(format!(
                    "the replication slot '{name}' is at {}, and holds {held:.1} MB of the log",
                    write_lsn(slot.confirmed.unwrap_or_default())
                ))]
            }
            Some(slot) => vec![Finding {
                standing: Standing::Warning,
                what: self.told(&slot),
                help: Some(
                    "run the project, so that the slot moves on; max_slot_wal_keep_size of the server bounds it"
                        .to_owned(),
                ),
            }],
        })
    }
}
