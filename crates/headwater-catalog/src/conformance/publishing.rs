//! Intents and publishing.

use std::sync::Arc;

use headwater_sdk::store::{SnapshotKind, Store};
use headwater_sdk::{Relation, Result};

use super::samples::{TTL_MS, intent, lease, name, publish, run_id};
use super::{LEASE_LOST, Subject, assert_refused};

const STALE_PARENT: &str = "HW0703";

pub(super) async fn new_catalogue_is_empty(subject: Subject) -> Result<()> {
    assert_eq!(subject.store.head().await?, None);
    assert_eq!(subject.store.snapshot(1).await?, None);
    assert_eq!(subject.store.snapshot_at(i64::MAX).await?, None);
    assert_eq!(subject.store.snapshots(10).await?, vec![]);
    assert_eq!(subject.store.asset_states(1).await?, vec![]);
    assert_eq!(subject.store.lineage(1).await?, vec![]);
    assert_eq!(subject.store.intents().await?, vec![]);
    Ok(())
}

pub(super) async fn snapshot_comes_back_as_it_was_put(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let mut first = intent(None, &[("raw.a", 0), ("raw.b", 3), ("marts.c", 1)])?;
    let view = Relation::View { sql: "select *\nfrom raw.\"a\" where x = 'ä' -- it's".into() };
    first.snapshot.relations.insert(name("marts.v")?, view);
    // Neither complete nor sorted, and still what is given back.
    first.snapshot.changed = vec![name("raw.b")?, name("marts.v")?, name("raw.a")?];
    subject.store.publish(&first, &lease).await?;
    assert_eq!(subject.other.head().await?, Some(first.snapshot.clone()));
    assert_eq!(subject.other.snapshot(1).await?, Some(first.snapshot.clone()));

    let mut second = intent(Some(&first.snapshot), &[("raw.a", 1)])?;
    second.snapshot.kind = SnapshotKind::Rollback { to: 1 };
    subject.store.publish(&second, &lease).await?;
    assert_eq!(subject.other.head().await?, Some(second.snapshot));
    assert_eq!(subject.other.snapshot(1).await?, Some(first.snapshot), "the old one has not changed");
    assert_eq!(subject.other.snapshot(3).await?, None);
    Ok(())
}

pub(super) async fn lost_lease_refuses_intent(subject: Subject) -> Result<()> {
    let old = lease(&*subject.store, "a").await?;
    let intent = intent(None, &[("raw.a", 0)])?;
    subject.clock.advance(TTL_MS as i64);
    subject.store.put_intent(&intent, &old).await?;
    subject.store.clear_intent(&intent.run, &old).await?;
    let new = lease(&*subject.other, "b").await?;
    assert_refused(&subject.store.put_intent(&intent, &old).await, LEASE_LOST);
    subject.other.put_intent(&intent, &new).await?;
    assert_refused(&subject.store.clear_intent(&intent.run, &old).await, LEASE_LOST);
    subject.other.clear_intent(&intent.run, &new).await?;
    subject.other.release_lease(&new).await?;
    assert_refused(&subject.store.put_intent(&intent, &old).await, LEASE_LOST);
    assert_eq!(subject.store.intents().await?, vec![]);
    Ok(())
}

pub(super) async fn lost_lease_refuses_publish(subject: Subject) -> Result<()> {
    let old = lease(&*subject.store, "a").await?;
    let intent = intent(None, &[("raw.a", 0)])?;
    subject.store.put_intent(&intent, &old).await?;
    subject.clock.advance(TTL_MS as i64);
    let new = lease(&*subject.other, "b").await?;
    assert_refused(&subject.store.publish(&intent, &old).await, LEASE_LOST);
    assert_eq!(subject.store.head().await?, None);
    assert_eq!(subject.other.intents().await?, vec![intent.clone()], "left to the new holder to finish or undo");
    subject.other.publish(&intent, &new).await?;
    assert_eq!(subject.store.head().await?, Some(intent.snapshot));
    Ok(())
}

pub(super) async fn stale_parent_refuses_publish(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0)]).await?;
    let mut orphan = intent(None, &[("raw.b", 0)])?;
    orphan.snapshot.id = 2;
    assert_refused(&subject.store.publish(&orphan, &lease).await, STALE_PARENT);
    let second = publish(&*subject.store, &lease, Some(&first), &[("raw.a", 1)]).await?;
    let mut late = intent(Some(&first), &[("raw.a", 2)])?;
    late.snapshot.id = 3;
    assert_refused(&subject.store.publish(&late, &lease).await, STALE_PARENT);
    assert_eq!(subject.store.head().await?, Some(second));
    Ok(())
}

pub(super) async fn number_must_grow(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0)]).await?;
    let mut again = intent(Some(&first), &[("raw.a", 1)])?;
    again.snapshot.id = 1;
    assert!(subject.store.publish(&again, &lease).await.is_err());
    assert_eq!(subject.store.snapshots(10).await?, vec![first]);
    Ok(())
}

pub(super) async fn refused_publish_changes_nothing(subject: Subject) -> Result<()> {
    let held = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &held, None, &[("raw.a", 0), ("raw.b", 0)]).await?;
    let (states, lineage) = (subject.store.asset_states(1).await?, subject.store.lineage(1).await?);

    let mut stale = intent(Some(&first), &[("raw.a", 1), ("raw.new", 0)])?;
    stale.removed = vec![name("raw.b")?];
    stale.snapshot.parent = None;
    subject.store.put_intent(&stale, &held).await?;
    assert_refused(&subject.store.publish(&stale, &held).await, STALE_PARENT);
    stale.snapshot.parent = Some(1);
    subject.store.release_lease(&held).await?;
    assert_refused(&subject.store.publish(&stale, &held).await, LEASE_LOST);

    assert_eq!(subject.other.head().await?, Some(first.clone()));
    assert_eq!(subject.other.snapshots(10).await?, vec![first]);
    assert_eq!(subject.other.asset_states(2).await?, states);
    assert_eq!(subject.other.lineage(2).await?, lineage);
    assert_eq!(subject.other.intents().await?.len(), 1, "the intent stays until it is finished or undone");
    Ok(())
}

pub(super) async fn intents_are_kept_until_cleared(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let mut intent = intent(None, &[("raw.a", 0)])?;
    subject.store.put_intent(&intent, &lease).await?;
    assert_eq!(subject.other.intents().await?, vec![intent.clone()]);
    intent.branch = "another".into();
    subject.store.put_intent(&intent, &lease).await?;
    assert_eq!(subject.other.intents().await?, vec![intent.clone()], "one per run");
    subject.other.clear_intent(&run_id(99), &lease).await?;
    assert_eq!(subject.store.intents().await?.len(), 1);
    subject.other.clear_intent(&intent.run, &lease).await?;
    assert_eq!(subject.store.intents().await?, vec![]);
    assert_eq!(subject.store.head().await?, None, "clearing publishes nothing");
    Ok(())
}

pub(super) async fn publish_clears_its_own_intent_only(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let intent_a = intent(None, &[("raw.a", 0)])?;
    let mut intent_b = intent_a.clone();
    intent_b.run = run_id(7);
    subject.store.put_intent(&intent_a, &lease).await?;
    subject.store.put_intent(&intent_b, &lease).await?;
    subject.store.publish(&intent_a, &lease).await?;
    assert_eq!(subject.other.intents().await?, vec![intent_b]);
    Ok(())
}

pub(super) async fn concurrent_publish_has_one_winner(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let mut attempts = Vec::new();
    for number in 0..8 {
        let store: Arc<dyn Store> = Arc::clone(if number % 2 == 0 { &subject.store } else { &subject.other });
        let (intent, lease) = (intent(None, &[("raw.a", number)])?, lease.clone());
        attempts.push(tokio::spawn(async move { (number, store.publish(&intent, &lease).await) }));
    }
    let mut winners = Vec::new();
    for (number, outcome) in futures::future::join_all(attempts).await.into_iter().flatten() {
        match outcome {
            Ok(()) => winners.push(number),
            refused => assert_refused(&refused, STALE_PARENT),
        }
    }
    assert_eq!(winners.len(), 1);
    let states = subject.store.asset_states(1).await?;
    assert_eq!(states.iter().map(|s| s.contents.clone()).collect::<Vec<_>>(), [format!("v{}", winners[0])]);
    Ok(())
}
