//! What the parts of a load share: one moment of the database, and the sessions that read at it.
//!
//! No session can enter another's snapshot, as in PostgreSQL. So all are opened before the first part is read, and it is made sure
//! that they see the same:
//!
//! - MariaDB says for each snapshot where in the binary log it stands. Sessions whose place is not that of the newest begin anew,
//!   until all stand at one place. Nobody has to wait, and no right is needed.
//! - Otherwise all tables are locked (`flush tables with read lock`) for the moment in which the sessions begin, where the user
//!   has the right.
//! - Otherwise there is one session, and the parts are read one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use headwater_sdk::{Blame, Error, Result};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::binlog::{Beginning, Place};
use super::connect::{Flavour, Server, Session};
use crate::codes;

/// How often sessions begin anew until all see the same.
const ATTEMPTS: usize = 200;
/// Seconds that all others wait at most for a lock that a long statement stands in the way of.
const LOCK_WAIT: u32 = 5;
const BEGIN: &str = "start transaction with consistent snapshot, read only";

/// The moment at which a load reads, from its first part on.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) server: Server,
    /// Sessions that read at a time, at most.
    sessions: usize,
    pool: OnceCell<Pool>,
    /// What is told of the moment to the load's position.
    beginning: Option<Beginning>,
}

#[derive(Debug)]
struct Pool {
    idle: Mutex<Vec<Session>>,
    free: Arc<Semaphore>,
}

/// A session at the moment, as long as a part has it.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) session: Session,
    _turn: OwnedSemaphorePermit,
}

impl Moment {
    pub(super) fn new(server: Server, parts: usize, beginning: Option<Beginning>) -> Self {
        let most = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { server, sessions: parts.clamp(1, most), pool: OnceCell::new(), beginning }
    }

    /// A session in a transaction at the moment, when there is one that no part uses.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(super) async fn lend(&self) -> Result<Lent> {
        let pool = self.pool.get_or_try_init(|| self.open()).await?;
        let lost = || {
            let message = format!("{}: a session of the load was lost, and its moment with it", self.server.name);
            Error::new(codes::MYSQL_UNREACHABLE, Blame::Environment, message)
                .help("the next try begins anew")
                .transient()
        };
        let turn = Arc::clone(&pool.free).acquire_owned().await.map_err(|_closed| lost())?;
        let session = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or_else(lost)?;
        Ok(Lent { session, _turn: turn })
    }

    /// Takes a session back whose answer was read to its end.
    pub(super) fn give_back(&self, lent: Lent) {
        if let Some(pool) = self.pool.get() {
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lent.session);
        }
    }

    async fn open(&self) -> Result<Pool> {
        let mut sessions = vec![self.server.connect().await?];
        let flavour = Flavour::of(&sessions[0]);
        for _ in 1..self.sessions {
            sessions.push(self.server.connect().await?);
        }
        if let Some(beginning) = &self.beginning {
            beginning.before(&mut sessions[0], &self.server).await?;
        }
        let place = match flavour {
            Flavour::MariaDb(..) => self.meet(&mut sessions).await?,
            Flavour::MySql(..) => None,
        };
        let place = match place {
            Some(place) => Some(place),
            // Without a place in the log, a lock alone makes several sessions, or a place, meet.
            None if sessions.len() > 1 || self.beginning.as_ref().is_some_and(Beginning::wants_a_lock) => {
                self.lock(&mut sessions, flavour).await?
            }
            None => {
                self.begin(&mut sessions[0]).await?;
                None
            }
        };
        if let Some(beginning) = &self.beginning {
            beginning.after(&mut sessions[0], &self.server, place).await?;
        }
        let free = Arc::new(Semaphore::new(sessions.len()));
        Ok(Pool { idle: Mutex::new(sessions), free })
    }

    /// Begins in all sessions, and again in those that see less than others; where in the log that is. `None` when the server does
    /// not say, or commits too fast.
    async fn meet(&self, sessions: &mut [Session]) -> Result<Option<Place>> {
        let mut places: Vec<Option<Place>> = vec![None; sessions.len()];
        for _ in 0..ATTEMPTS {
            let newest = places.iter().flatten().max().cloned();
            for (session, place) in sessions.iter_mut().zip(&mut places) {
                if place.is_some() && *place == newest {
                    continue;
                }
                self.begin(session).await?;
                *place = self.snapshot_place(session).await?;
                if place.is_none() {
                    return Ok(None);
                }
            }
            let first = places[0].clone();
            if places.iter().all(|place| *place == first) {
                return Ok(first);
            }
        }
        Ok(None)
    }

    async fn begin(&self, session: &mut Session) -> Result<()> {
        self.server.ask(session, BEGIN, "no transaction can be begun").await.map(drop)
    }

    /// Where in the binary log the snapshot of a session stands; `None` without a log.
    async fn snapshot_place(&self, session: &mut Session) -> Result<Option<Place>> {
        let sql = "select variable_name, variable_value from information_schema.session_status
            where variable_name in ('BINLOG_SNAPSHOT_FILE', 'BINLOG_SNAPSHOT_POSITION') order by variable_name";
        let rows = self.server.ask(session, sql, "the moment of a load cannot be asked for").await?;
        let value = |row: usize| rows.get(row)?.get(1)?.as_deref();
        let place = value(0).zip(value(1)).and_then(|(file, offset)| Place::of(file, offset));
        Ok(place)
    }

    /// Begins while nobody can commit, and says where that is in the log. One session is left where the lock is not given.
    async fn lock(&self, sessions: &mut Vec<Session>, flavour: Flavour) -> Result<Option<Place>> {
        let mut locking = self.server.connect().await?;
        let wait = format!("set lock_wait_timeout = {LOCK_WAIT}");
        self.server.ask(&mut locking, &wait, "a session cannot be set up").await?;
        if locking.all("flush tables with read lock").await.is_err() {
            sessions.truncate(1);
            self.begin(&mut sessions[0]).await?;
            return match flavour {
                Flavour::MariaDb(..) => self.snapshot_place(&mut sessions[0]).await,
                Flavour::MySql(..) => Ok(None),
            };
        }
        for session in sessions {
            self.begin(session).await?;
        }
        let place = match &self.beginning {
            Some(_) => super::binlog::end_of_log(&mut locking, &self.server, flavour).await?,
            None => None,
        };
        self.server.ask(&mut locking, "unlock tables", "a lock cannot be taken back").await?;
        locking.quit().await;
        Ok(place)
    }
}
