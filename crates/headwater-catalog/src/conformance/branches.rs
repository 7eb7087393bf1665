//! Branches: lines of snapshots beside `main`.

use headwater_sdk::store::{BranchRecord, Intent, SnapshotRecord};
use headwater_sdk::{Relation, Result};

use super::samples::{START_MS, intent, lease, name, publish, remove};
use super::{LEASE_LOST, Subject, assert_refused};

const EXISTS: &str = "HW0711";
const NOT_THERE: &str = "HW0712";
const STALE_PARENT: &str = "HW0703";

fn branch(name: &str, base: Option<u64>) -> BranchRecord {
    let area = format!("{name}-area");
    BranchRecord { name: name.into(), area, base, head: base, created_ms: START_MS }
}

/// An intent for a branch, with a number.
fn on_branch(parent: Option<&SnapshotRecord>, name: &str, id: u64, tables: &[(&str, u64)]) -> Result<Intent> {
    let mut intent = intent(parent, tables)?;
    intent.snapshot.id = id;
    intent.snapshot.branch = Some(name.into());
    intent.onto = Some(format!("{name}-area"));
    Ok(intent)
}

pub(super) async fn branches_are_listed_and_deleted(subject: Subject) -> Result<()> {
    let held = lease(&*subject.store, "a").await?;
    assert_eq!(subject.store.branches().await?, vec![]);
    let (one, two) = (branch("one", None), branch("two", None));
    subject.store.create_branch(&two, &held).await?;
    subject.store.create_branch(&one, &held).await?;
    assert_refused(&subject.store.create_branch(&branch("one", Some(1)), &held).await, EXISTS);
    assert_eq!(subject.other.branches().await?, vec![one, two.clone()]);
    assert_refused(&subject.store.delete_branch("three", &held).await, NOT_THERE);
    subject.store.delete_branch("one", &held).await?;
    assert_eq!(subject.other.branches().await?, vec![two]);
    subject.store.release_lease(&held).await?;
    assert_refused(&subject.store.create_branch(&branch("four", None), &held).await, LEASE_LOST);
    assert_refused(&subject.store.delete_branch("two", &held).await, LEASE_LOST);
    assert_eq!(subject.other.branches().await?.len(), 1);
    Ok(())
}

pub(super) async fn a_branch_moves_and_main_does_not(subject: Subject) -> Result<()> {
    let (store, held) = (&*subject.store, lease(&*subject.store, "a").await?);
    let first = publish(store, &held, None, &[("raw.a", 0), ("raw.b", 0)]).await?;
    store.create_branch(&branch("dev", Some(1)), &held).await?;
    let mut second = on_branch(Some(&first), "dev", 2, &[("raw.a", 1), ("raw.new", 0)])?;
    remove(&mut second, &first, &["raw.b"])?;
    let staged = Relation::Staged { branch: "dev-area".into(), base: Some(0), version: 1, below: None };
    second.snapshot.relations.insert(name("raw.a")?, staged);
    store.put_intent(&second, &held).await?;
    store.publish(&second, &held).await?;
    assert_eq!(subject.other.intents().await?, vec![]);
    assert_eq!(subject.other.branches().await?[0].head, Some(2));
    assert_eq!(subject.other.snapshot(2).await?, Some(second.snapshot.clone()));
    let third = on_branch(Some(&second.snapshot), "dev", 3, &[("raw.b", 4)])?;
    store.publish(&third, &held).await?;
    let contents = async |id: u64| {
        let states = subject.other.asset_states(id).await?;
        let lineage = subject.other.lineage(id).await?;
        assert_eq!(states.len(), lineage.len());
        Ok::<_, headwater_sdk::Error>(states.iter().map(|s| format!("{}:{}", s.asset, s.contents)).collect::<Vec<_>>())
    };
    assert_eq!(contents(1).await?, ["raw.a:v0", "raw.b:v0"]);
    assert_eq!(contents(2).await?, ["raw.a:v1", "raw.new:v0"]);
    assert_eq!(contents(3).await?, ["raw.a:v1", "raw.b:v4", "raw.new:v0"]);
    assert_eq!(subject.other.branch_snapshots("dev", 9).await?, vec![third.snapshot, second.snapshot.clone()]);
    assert_eq!(subject.other.branch_snapshots("dev", 1).await?.len(), 1);

    // Main knows nothing of it, but for the numbers.
    assert_eq!(subject.other.head().await?, Some(first.clone()));
    assert_eq!(subject.other.snapshots(9).await?, vec![first.clone()]);
    assert_eq!(subject.other.snapshot_at(i64::MAX).await?, Some(first.clone()));
    let mut late = intent(Some(&first), &[("raw.a", 1)])?;
    assert!(store.publish(&late, &held).await.is_err(), "the number is taken");
    late.snapshot.id = 4;
    store.publish(&late, &held).await?;
    assert_eq!(contents(4).await?, ["raw.a:v1", "raw.b:v0"]);
    assert_eq!(contents(3).await?, ["raw.a:v1", "raw.b:v4", "raw.new:v0"], "the branch stands on its base");
    let stale = on_branch(Some(&second.snapshot), "dev", 5, &[])?;
    assert_refused(&store.publish(&stale, &held).await, STALE_PARENT);
    assert_refused(&store.publish(&on_branch(None, "other", 5, &[])?, &held).await, NOT_THERE);
    store.put_vacuumed(&[2].into(), &held).await?;
    assert_eq!(subject.other.snapshot(2).await?, Some(SnapshotRecord { vacuumed: true, ..second.snapshot }));
    Ok(())
}

pub(super) async fn numbers_of_a_deleted_branch_are_not_given_again(subject: Subject) -> Result<()> {
    let (store, held) = (&*subject.store, lease(&*subject.store, "a").await?);
    assert_eq!(store.last_snapshot_id().await?, 0);
    store.create_branch(&branch("dev", None), &held).await?;
    store.publish(&on_branch(None, "dev", 1, &[("raw.a", 0)])?, &held).await?;
    store.delete_branch("dev", &held).await?;
    assert_eq!((subject.other.snapshot(1).await?, subject.other.last_snapshot_id().await?), (None, 1));
    assert!(store.publish(&intent(None, &[("raw.a", 0)])?, &held).await.is_err());
    store.create_branch(&branch("dev", None), &held).await?;
    assert_eq!(subject.other.branch_snapshots("dev", 9).await?, vec![]);
    store.publish(&on_branch(None, "dev", 2, &[("raw.b", 0)])?, &held).await?;
    assert_eq!(subject.other.asset_states(2).await?.len(), 1);
    Ok(())
}

pub(super) async fn publishing_a_branch_lets_it_begin_anew(subject: Subject) -> Result<()> {
    let (store, held) = (&*subject.store, lease(&*subject.store, "a").await?);
    let first = publish(store, &held, None, &[("raw.a", 0)]).await?;
    store.create_branch(&branch("dev", Some(1)), &held).await?;
    store.publish(&on_branch(Some(&first), "dev", 2, &[("raw.a", 1)])?, &held).await?;
    let mut merged = intent(Some(&first), &[("raw.a", 1)])?;
    merged.snapshot.id = 3;
    let fresh = BranchRecord { area: "dev-next".into(), ..branch("dev", Some(3)) };
    merged.rebases = Some(fresh.clone());
    store.put_intent(&merged, &held).await?;
    assert_eq!(subject.other.intents().await?, vec![merged.clone()]);
    store.publish(&merged, &held).await?;
    assert_eq!(subject.other.branches().await?, vec![fresh]);
    assert_eq!((subject.other.snapshot(2).await?, subject.other.head().await?), (None, Some(merged.snapshot.clone())));
    let mut lost = intent(Some(&merged.snapshot), &[("raw.a", 2)])?;
    lost.rebases = Some(branch("gone", Some(4)));
    assert_refused(&store.publish(&lost, &held).await, NOT_THERE);
    assert_eq!(subject.other.head().await?, Some(merged.snapshot), "all of it or nothing");
    Ok(())
}
