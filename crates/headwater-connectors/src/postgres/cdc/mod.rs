//! Change data capture: what is committed in the database comes by a replication slot
//! (docs/adr/0015-changes-by-key.md).

mod changes;
mod identity;
mod making;
mod messages;
mod publication;
mod reading;
mod shape;
mod slot;
mod snapshot;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_sdk::Result;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Finding, LoadPosition, Standing};
use headwater_sdk::duration::parse_duration;
use headwater_sdk::progress::Progress;
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
/// The slot of lakes that were begun before each had its own by default.
const EARLIER: &str = "headwater";
/// Characters of a slot's name, at most.
const LONGEST: usize = 63;
/// How long the making of a slot may wait for open transactions, unless the project says otherwise.
const WAIT: Duration = Duration::from_secs(3600);
/// Seconds that it may wait at most: the server counts milliseconds in 31 bits.
const MOST_WAIT: u64 = 20 * 86_400;
/// A slot that holds more of the server's log than this is worth a word.
const MUCH: u64 = 1 << 30;

/// Follows a database: what the tables of a source have in common.
#[derive(Debug)]
pub(super) struct Follower {
    server: Server,
    /// The slot that the project names.
    slot: Option<String>,
    /// The one of tables that follow none yet, where it names none.
    default_slot: String,
    publication: String,
    /// The tables that are followed, quoted.
    tables: Mutex<BTreeSet<String>>,
    /// How long a slot's making may wait.
    wait: Duration,
    /// For each slot, the reading that tables may still take part in.
    gathering: Mutex<BTreeMap<String, Arc<Reading>>>,
    /// One table at a time makes the slot.
    making: Arc<tokio::sync::Mutex<()>>,
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
    wait: Duration,
    making: Arc<tokio::sync::Mutex<()>>,
    position: LoadPosition,
    shape: Shape,
    confirmed: OnceCell<Lsn>,
}

impl Beginning {
    pub(super) async fn come(&self, client: &Session, server: &Server, progress: &Progress) -> Result<()> {
        let begin = async {
            let _one = self.making.lock().await;
            Box::pin(making::ensure(client, server, &self.names, self.wait, progress)).await
        };
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
    /// `lake` is what the lake is called.
    pub(super) fn new(server: Server, options: &SourceOptions, lake: &str) -> std::result::Result<Self, OptionsError> {
        let wrong = |key, message, help: &str| OptionsError { key: Some(key), message, help: Some(help.to_owned()) };
        let is_name = |name: &str| !name.is_empty() && name.len() <= LONGEST && name.chars().all(may_be_in_a_name);
        if let Some(slot) = options.slot.as_ref().filter(|slot| !is_name(slot)) {
            let message = format!("'{slot}' is no name of a replication slot");
            return Err(wrong("slot", message, "use up to 63 lower-case letters, digits and _"));
        }
        let wait = match &options.slot_wait {
            None => WAIT,
            Some(text) => match parse_duration(text).filter(|seconds| (1..=MOST_WAIT).contains(seconds)) {
                Some(seconds) => Duration::from_secs(seconds),
                None => {
                    let message = format!("'{text}' is no duration up to 20 days");
                    return Err(wrong("slot_wait", message, "write it as 30m or 2h"));
                }
            },
        };
        let (slot, default_slot, publication) = (options.slot.clone(), default_slot(lake), options.publication.clone());
        let (tables, gathering, making) = (Mutex::default(), Mutex::default(), Arc::default());
        Ok(Self { server, slot, default_slot, publication, tables, wait, gathering, making })
    }

    /// Says that a table, quoted, is followed: what one publication lacks is told in one statement.
    pub(super) fn follows(&self, relation: String) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(relation);
    }

    /// By what the publication has the table.
    async fn published(&self, client: &Session, name: &str, table: (&str, &str)) -> Result<publication::Entries> {
        let all: Vec<String> = self.tables.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        publication::verify(client, &self.server, name, table, &all).await
    }

    /// The slot of a table that is followed by one, or by none yet. Where the project names none, it stays with the one it has.
    fn names(&self, followed: Option<&Followed>) -> Names {
        let known = self.slot.as_ref().or(followed.map(|followed| &followed.slot));
        Names { slot: known.unwrap_or(&self.default_slot).clone(), publication: self.publication.clone() }
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
        let names = self.names(None);
        let published = self.published(client, &names.publication, (relation, shown)).await?;
        slot::find(client, &self.server, &names.slot).await?;
        let shape = Shape::of(client, &self.server, (relation, shown), published).await?;
        let (wait, making) = (self.wait, Arc::clone(&self.making));
        Ok(Beginning { names, wait, making, position, shape, confirmed: OnceCell::new() })
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
        let names = self.names(Some(followed));
        let published = self.published(client, &names.publication, (relation, shown)).await?;
        let slot = slot::find(client, &self.server, &names.slot).await?;
        let from = slot::verify_position(&self.server, &names.slot, slot.as_ref(), followed, shown)?;
        let seen = followed.snapshot.as_deref().map(Snapshot::read).transpose();
        let seen = seen.map_err(|reason| slot::unreadable(shown, &reason))?;
        // Before the end of the reading is known: what is altered later is seen by the next one.
        let shape = Shape::of(client, &self.server, (relation, shown), published).await?;
        if let Some(before) = &followed.shape {
            shape.verify(before, lake, shown)?;
            shape.published.verify(&before.published, &self.server, &names.publication, shown)?;
        }
        let is_other = followed.shape.as_ref() != Some(&shape);
        let oids = self.oids(client, relation, shown).await?;
        let end = slot.map_or(from, |slot| slot.end);
        let (reading, place) = self.take_part(&names, &Follow { oids: oids.clone(), from, seen }, end);
        let (to, since) = (reading.to.max(from), followed.lsn.clone());
        let far = to - from >= WORTH_A_COMMIT;
        let position = LoadPosition::default();
        position.set(written(&names, to, shape)?, far || is_other);
        let any = far || is_other || (to > from && reading.has_any(client).await?);
        Ok(Outstanding { reading, place, oids, position, any, since })
    }

    fn take_part(&self, names: &Names, follow: &Follow, end: u64) -> (Arc<Reading>, usize) {
        let mut gathering = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = gathering.get(&names.slot)
            && let Some(place) = reading.add(follow.clone())
        {
            return (Arc::clone(reading), place);
        }
        let reading = Arc::new(Reading::new(self.server.clone(), names.clone(), end));
        let place = reading.add(follow.clone()).unwrap_or_default();
        gathering.insert(names.slot.clone(), Arc::clone(&reading));
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
        let mut least: BTreeMap<String, Lsn> = BTreeMap::new();
        for followed in followed.filter(|followed| self.slot.as_ref().is_none_or(|slot| *slot == followed.slot)) {
            if let Ok(lsn) = read_lsn(&followed.lsn) {
                least.entry(followed.slot).and_modify(|least| *least = lsn.min(*least)).or_insert(lsn);
            }
        }
        if least.is_empty() {
            return Ok(Vec::new());
        }
        let client = self.server.connect().await?;
        let mut notes = Vec::new();
        for (name, least) in &least {
            let mut slot = slot::find(&client, &self.server, name).await?;
            if slot.as_ref().and_then(|slot| slot.confirmed).is_some_and(|confirmed| confirmed < *least) {
                slot::advance(&client, &self.server, name, *least).await?;
                slot = slot::find(&client, &self.server, name).await?;
            }
            notes.extend(slot.filter(|slot| slot.kept > MUCH).map(|slot| self.told(name, &slot)));
        }
        if !least.contains_key(EARLIER) && self.slot.is_none() {
            notes.extend(
                self.left_behind(&client).await.filter(|slot| slot.kept > MUCH).map(|slot| self.told_of_it(&slot)),
            );
        }
        Ok(notes)
    }

    fn told(&self, name: &str, slot: &slot::Slot) -> String {
        let held = slot.kept as f64 / 1e9;
        format!("{}: the server keeps {held:.1} GB of its log for the slot '{name}'", self.server.name)
    }

    /// The slot that lakes had by default before they had one of their own. Another program's is none of ours.
    async fn left_behind(&self, client: &Session) -> Option<slot::Slot> {
        slot::find(client, &self.server, EARLIER).await.ok().flatten()
    }

    fn told_of_it(&self, slot: &slot::Slot) -> String {
        let held = slot.kept as f64 / 1e6;
        format!(
            "{}: there is a replication slot '{EARLIER}', the default of earlier versions, which holds {held:.1} MB of the log: once \
             no table of any lake is followed by it, drop it: select pg_drop_replication_slot('{EARLIER}')",
            self.server.name
        )
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
        let name = self.slot.as_ref().unwrap_or(&self.default_slot);
        let mut findings = vec![match slot::find(client, &self.server, name).await? {
            None => good(format!("there is no replication slot '{name}' yet: the first load in the mode cdc makes it")),
            Some(slot) if slot.status == "reserved" || slot.kept < MUCH => {
                let held = slot.kept as f64 / 1e6;
                good(format!(
                    "the replication slot '{name}' is at {}, and holds {held:.1} MB of the log",
                    write_lsn(slot.confirmed.unwrap_or_default())
                ))
            }
            Some(slot) => Finding {
                standing: Standing::Warning,
                what: self.told(name, &slot),
                help: Some(
                    "run the project, so that the slot moves on; max_slot_wal_keep_size of the server bounds it"
                        .to_owned(),
                ),
            },
        }];
        if self.slot.is_none() && name != EARLIER {
            findings.extend(self.left_behind(client).await.map(|slot| good(self.told_of_it(&slot))));
        }
        Ok(findings)
    }
}

fn may_be_in_a_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

/// The name of a lake's own slot.
fn default_slot(lake: &str) -> String {
    let lower = lake.to_lowercase();
    let fits: String = lower.chars().map(|c| if may_be_in_a_name(c) { c } else { '_' }).collect();
    let name = format!("{EARLIER}_{fits}");
    match name.len() {
        _ if lake.is_empty() => EARLIER.to_owned(),
        length if length > LONGEST => {
            // FNV-1a: names that are cut stay different.
            let hash =
                lower.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
            format!("{}_{hash:08x}", &name[..LONGEST - 9])
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lake_has_a_slot_of_its_own_by_default() {
        assert_eq!(default_slot("Shop-7_dev"), "headwater_shop_7_dev");
        assert_eq!(default_slot(""), "headwater");
        let (one, other) = (default_slot(&"x".repeat(80)), default_slot(&"x".repeat(81)));
        assert_eq!((one.len(), other.len()), (63, 63));
        assert_ne!(one, other);
    }
}
