//! Which files of a load brought no row, because all that they had were set aside: once somebody corrects them, they are read again.

use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::Error;
use headwater_sdk::connector::{LoadPosition, SourceBatch};

use super::position::Position;

/// The position of a load whose files are being read.
#[derive(Debug)]
pub(super) struct Ending {
    position: Mutex<Position>,
    /// As the load's plan has it.
    told: LoadPosition,
}

/// What a file has brought, counted over its parts.
#[derive(Debug)]
pub(super) struct Brought {
    path: String,
    counts: Mutex<Counts>,
    ending: Arc<Ending>,
}

#[derive(Debug, Default)]
struct Counts {
    rows: usize,
    set_aside: usize,
    /// Parts that are not at their end yet.
    parts: usize,
}

impl Ending {
    /// # Errors
    /// Only for a defect.
    pub(super) fn new(position: Position) -> Result<Self, Error> {
        let told = LoadPosition::known(position.write()?);
        Ok(Self { position: Mutex::new(position), told })
    }

    /// What to give to the plan: final when all files are read.
    pub(super) fn told(&self) -> LoadPosition {
        self.told.clone()
    }
}

impl Brought {
    /// Of a file that is read in so many parts.
    pub(super) fn new(path: String, parts: usize, ending: Arc<Ending>) -> Arc<Self> {
        Arc::new(Self { path, counts: Mutex::new(Counts { parts, ..Counts::default() }), ending })
    }

    /// Counts what a part of the file brings.
    pub(super) fn watch(
        self: Arc<Self>,
        part: BoxStream<'static, Result<SourceBatch, Error>>,
    ) -> BoxStream<'static, Result<SourceBatch, Error>> {
        let this = Arc::clone(&self);
        let counted = part.inspect(move |batch| {
            if let Ok(batch) = batch {
                let mut counts = this.counts.lock().unwrap_or_else(PoisonError::into_inner);
                counts.rows += batch.rows.num_rows();
                counts.set_aside += batch.rejected.len();
            }
        });
        let end = futures::stream::once(async move { self.end().err() }).filter_map(async |error| error.map(Err));
        counted.chain(end).boxed()
    }

    /// Ends a part.
    fn end(&self) -> Result<(), Error> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.parts -= 1;
        if counts.parts > 0 || counts.rows > 0 || counts.set_aside == 0 {
            return Ok(());
        }
        let mut position = self.ending.position.lock().unwrap_or_else(PoisonError::into_inner);
        position.set_aside(&self.path);
        self.ending.told.set(position.write()?, false);
        Ok(())
    }
}
