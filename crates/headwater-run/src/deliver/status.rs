//! How deliveries stand, as the catalogue has recorded it: no destination is asked.

use headwater_project::Project;
use headwater_sdk::store::{DeliveryOutcome, DeliveryRecord, UndeliveredRecord};
use headwater_sdk::{Relation, Result, TableName};
use serde::Serialize;

use super::choose;
use crate::clock;
use crate::lake::{Base, Lake};

/// Records of a delivery that are looked through for the last one that was delivered.
const HORIZON: usize = 1000;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The destination holds what `main` has.
    UpToDate,
    /// `main` has moved on.
    Behind,
    /// Nothing was ever delivered.
    Never,
    /// There is no such table on `main` yet.
    NotPublished,
}

/// How a delivery stands.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryStatus {
    /// The delivery.
    pub delivery: String,
    /// The kind of system.
    pub connector: String,
    /// The table.
    pub table: TableName,
    /// How it stands.
    pub standing: Standing,
    /// The snapshot that the destination holds, as it was recorded last.
    pub holds: Option<u64>,
    /// The newest snapshot of `main`.
    pub newest: Option<u64>,
    /// How many snapshots since have changed the table (of a view: how many there are).
    pub snapshots_behind: u64,
    /// For how long what it lacks has been published, in seconds.
    pub seconds_behind: f64,
    /// Rows that the destination had refused when it was delivered to last.
    pub undelivered: u64,
    /// What came of the delivery last.
    pub last: Option<DeliveryRecord>,
}

/// How deliveries stand, by their names, those of their destinations or of their tables; none for all.
///
/// # Errors
/// `HW0980` when there is no such delivery; otherwise when the catalogue cannot be read.
pub async fn delivery_status(project: &Project, lake: &Lake, names: &[String]) -> Result<Vec<DeliveryStatus>> {
    let base = lake.base().await?;
    let mut all = Vec::new();
    for delivery in choose(project, names)? {
        let records = lake.store.delivery_history(delivery.name(), HORIZON).await?;
        let held = records.iter().find(is_held);
        let holds = held.and_then(|record| record.to);
        let (standing, snapshots_behind, seconds_behind) = behind(lake, &base, &delivery.table, holds).await?;
        all.push(DeliveryStatus {
            delivery: delivery.name().to_owned(),
            connector: delivery.connector.to_owned(),
            table: delivery.table.clone(),
            standing,
            holds,
            newest: base.id(),
            snapshots_behind,
            seconds_behind,
            undelivered: held.map_or(0, |record| record.undelivered),
            last: records.into_iter().next(),
        });
    }
    Ok(all)
}

fn is_held(record: &&DeliveryRecord) -> bool {
    matches!(record.outcome, DeliveryOutcome::Delivered | DeliveryOutcome::UpToDate)
}

/// The snapshot that a delivery has brought to its destination, as it was recorded last; `None` where it never has.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn holds(lake: &Lake, delivery: &str) -> Result<Option<u64>> {
    let records = lake.store.delivery_history(delivery, HORIZON).await?;
    Ok(records.iter().find(is_held).and_then(|record| record.to))
}

/// How a table stands that a destination holds of a snapshot: how many newer ones have changed it, and for how many seconds.
///
/// # Errors
/// When the catalogue cannot be read.
pub(crate) async fn behind(
    lake: &Lake,
    base: &Base,
    table: &TableName,
    holds: Option<u64>,
) -> Result<(Standing, u64, f64)> {
    let Some(relation) = base.relation(table) else { return Ok((Standing::NotPublished, 0, 0.0)) };
    let is_view = matches!(relation, Relation::View { .. });
    let Some(then) = holds else { return Ok((Standing::Never, 0, 0.0)) };
    let most = base.id().unwrap_or(0).saturating_sub(then);
    let newer = lake.store.snapshots(usize::try_from(most).unwrap_or(usize::MAX)).await?;
    let newer = newer.into_iter().take_while(|snapshot| snapshot.id > then);
    let missed: Vec<i64> = newer
        .filter(|snapshot| is_view || snapshot.changed.contains(table))
        .map(|snapshot| snapshot.published_ms)
        .collect();
    match missed.last() {
        None => Ok((Standing::UpToDate, 0, 0.0)),
        Some(first) => {
            let seconds = (clock::now_ms() - first).max(0) as f64 / 1000.0;
            Ok((Standing::Behind, missed.len() as u64, seconds))
        }
    }
}

/// The rows that the catalogue keeps of what was refused by destinations which cannot do it themselves.
///
/// # Errors
/// As [`delivery_status`].
pub async fn undelivered(project: &Project, lake: &Lake, names: &[String]) -> Result<Vec<UndeliveredRecord>> {
    let mut all = Vec::new();
    for delivery in choose(project, names)? {
        all.extend(lake.store.undelivered(delivery.name()).await?);
    }
    Ok(all)
}
