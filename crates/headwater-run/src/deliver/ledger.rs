//! What the catalogue remembers of a load while it is delivered.

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::destination::{KeptRow, Ledger, RowId};
use headwater_sdk::store::{Lease, Store, UndeliveredRecord};
use headwater_sdk::{Result, RunId};

use super::By;
use crate::clock;
use crate::lake::Lake;

/// The ledger of one delivery, in the catalogue. Only who holds the lake's lease writes to it.
pub(super) struct StoreLedger {
    store: Arc<dyn Store>,
    lease: Lease,
    run: RunId,
    delivery: String,
}

impl StoreLedger {
    pub(super) fn new(lake: &Lake, by: &By, delivery: &str) -> Self {
        let (store, lease, run) = (Arc::clone(&lake.store), by.lease.clone(), by.run.clone());
        Self { store, lease, run, delivery: delivery.to_owned() }
    }
}

#[async_trait]
impl Ledger for StoreLedger {
    async fn acknowledged(&self) -> Result<Vec<RowId>> {
        self.store.acknowledged(&self.delivery).await
    }

    async fn kept(&self) -> Result<Vec<(KeptRow, RunId)>> {
        let kept = self.store.undelivered(&self.delivery).await?;
        Ok(kept.into_iter().map(|record| (record.row, record.run)).collect())
    }

    async fn note(&self, done: &[RowId], refused: &[KeptRow], gone: &[String]) -> Result<()> {
        let (run, since_ms) = (&self.run, clock::now_ms());
        let refused = refused.iter().map(|row| UndeliveredRecord {
            delivery: self.delivery.clone(),
            run: run.clone(),
            since_ms,
            row: row.clone(),
        });
        let refused: Vec<UndeliveredRecord> = refused.collect();
        self.store.acknowledge(&self.delivery, done, &refused, gone, &self.lease).await
    }
}
