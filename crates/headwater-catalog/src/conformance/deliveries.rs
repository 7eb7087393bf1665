//! Deliveries: what has come of them, and what is kept for destinations that cannot remember.

use headwater_sdk::destination::{KeptRow, Mark};
use headwater_sdk::store::{DeliveryOutcome, DeliveryRecord, LedgerRecord, UndeliveredRecord};
use headwater_sdk::{Relation, Result};

use super::samples::{START_MS, TTL_MS, lease, name, run_id};
use super::{LEASE_LOST, Subject, assert_refused};

const NAME: &str = "hook/raw.a";

fn record(run: u64, delivery: &str, started_ms: i64) -> Result<DeliveryRecord> {
    Ok(DeliveryRecord {
        run: run_id(run),
        delivery: delivery.to_owned(),
        connector: "webhook".to_owned(),
        table: name("raw.a")?,
        outcome: DeliveryOutcome::Delivered,
        from: None,
        to: Some(run),
        written: 1,
        deleted: 0,
        undelivered: 0,
        bytes: 10,
        attempts: 1,
        started_ms,
        ended_ms: started_ms + 5,
        code: None,
        message: None,
    })
}

fn mark(snapshot: u64) -> Mark {
    let relation = Relation::Table { version: snapshot };
    Mark { snapshot, run: run_id(1).to_string(), relation, definition: "[]".to_owned() }
}

fn ledger(mark: Option<Mark>, pending: Option<Mark>) -> LedgerRecord {
    LedgerRecord { delivery: NAME.to_owned(), mark, pending }
}

fn refused(id: &str, reason: &str, since_ms: i64) -> UndeliveredRecord {
    let row = KeptRow { id: id.to_owned(), operation: 0, row: "{}".to_owned(), reason: reason.to_owned() };
    UndeliveredRecord { delivery: NAME.to_owned(), run: run_id(1), since_ms, row }
}

pub(super) async fn records_come_back_in_order(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let (first, second) = (record(1, "z/raw.a", START_MS)?, record(1, NAME, START_MS + 1)?);
    let later = record(2, NAME, START_MS + 7)?;
    for record in [&later, &second, &first] {
        subject.store.put_delivery(record, &lease).await?;
    }
    assert_eq!(subject.other.deliveries(&run_id(1)).await?, [first, second.clone()]);
    assert_eq!(subject.other.deliveries(&run_id(9)).await?, []);
    assert_eq!(subject.other.delivery_history(NAME, 9).await?, [later.clone(), second]);
    assert_eq!(subject.other.delivery_history(NAME, 1).await?, std::slice::from_ref(&later));
    let failed = DeliveryRecord { outcome: DeliveryOutcome::Failed, message: Some("no".to_owned()), ..later };
    subject.other.put_delivery(&failed, &lease).await?;
    assert_eq!(subject.store.deliveries(&run_id(2)).await?, [failed]);
    Ok(())
}

pub(super) async fn rows_are_acknowledged_until_a_load_is_over(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    assert_eq!(subject.store.ledger(NAME).await?, None);
    subject.store.put_ledger(&ledger(None, Some(mark(1))), &lease).await?;
    let known = async || {
        let mut known = subject.other.acknowledged(NAME).await?;
        known.sort_unstable();
        Ok::<_, headwater_sdk::Error>(known)
    };
    subject.store.acknowledge(NAME, &[[7; 16], [1; 16]], &[], &[], &lease).await?;
    subject.store.acknowledge(NAME, &[[7; 16], [9; 16]], &[], &[], &lease).await?;
    subject.store.acknowledge("hook/raw.b", &[[3; 16]], &[], &[], &lease).await?;
    assert_eq!(known().await?, [[1; 16], [7; 16], [9; 16]]);
    // What it is being brought to is the same, and is another.
    subject.store.put_ledger(&ledger(None, Some(mark(1))), &lease).await?;
    assert_eq!(known().await?.len(), 3);
    subject.store.put_ledger(&ledger(None, Some(mark(2))), &lease).await?;
    assert_eq!(known().await?.len(), 0);
    subject.store.acknowledge(NAME, &[[7; 16]], &[], &[], &lease).await?;
    subject.store.put_ledger(&ledger(Some(mark(2)), None), &lease).await?;
    assert_eq!(known().await?.len(), 0);
    assert_eq!(subject.other.ledger(NAME).await?, Some(ledger(Some(mark(2)), None)));
    assert_eq!(subject.other.acknowledged("hook/raw.b").await?, [[3; 16]]);
    Ok(())
}

pub(super) async fn refused_rows_are_kept_since_they_were_refused_first(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let (early, late) = (refused("x", "first", START_MS), refused("b", "other", START_MS + 5));
    subject.store.acknowledge(NAME, &[], &[late.clone(), early], &[], &lease).await?;
    subject.store.acknowledge(NAME, &[], &[refused("x", "second", START_MS + 9)], &[], &lease).await?;
    assert_eq!(subject.other.undelivered(NAME).await?, [refused("x", "second", START_MS), late.clone()]);
    assert_eq!(subject.other.undelivered("hook/raw.b").await?, []);
    subject.store.acknowledge(NAME, &[[1; 16]], &[], &["x".to_owned(), "none".to_owned()], &lease).await?;
    assert_eq!(subject.other.undelivered(NAME).await?, [late]);
    Ok(())
}

pub(super) async fn lost_lease_refuses_deliveries(subject: Subject) -> Result<()> {
    let lost = lease(&*subject.store, "a").await?;
    subject.clock.advance(TTL_MS as i64 + 1);
    lease(&*subject.other, "b").await?;
    assert_refused(&subject.store.put_delivery(&record(1, NAME, START_MS)?, &lost).await, LEASE_LOST);
    assert_refused(&subject.store.put_ledger(&ledger(None, None), &lost).await, LEASE_LOST);
    let noted = subject.store.acknowledge(NAME, &[[1; 16]], &[refused("x", "r", 1)], &[], &lost).await;
    assert_refused(&noted, LEASE_LOST);
    assert_eq!(subject.other.deliveries(&run_id(1)).await?, []);
    assert_eq!(subject.other.ledger(NAME).await?, None);
    assert_eq!((subject.other.acknowledged(NAME).await?.len(), subject.other.undelivered(NAME).await?.len()), (0, 0));
    Ok(())
}
