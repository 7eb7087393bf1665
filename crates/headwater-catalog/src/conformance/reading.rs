//! Reading what was published.

use std::sync::Arc;

use headwater_sdk::store::{SnapshotKind, SnapshotRecord};
use headwater_sdk::{Relation, Result};

use super::Subject;
use super::samples::{START_MS, intent, lease, lineage, name, publish, remove, state};

pub(super) async fn snapshot_at_finds_the_newest_before(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0)]).await?;
    let mut second = intent(Some(&first), &[("raw.a", 1)])?;
    second.snapshot.published_ms = START_MS + 9_000;
    subject.store.publish(&second, &lease).await?;
    // A clock that was set back: the time goes down, the number does not.
    let mut third = intent(Some(&second.snapshot), &[("raw.a", 2)])?;
    third.snapshot.published_ms = START_MS + 5_000;
    subject.store.publish(&third, &lease).await?;
    let at =
        async |ms: i64| Ok::<_, headwater_sdk::Error>(subject.other.snapshot_at(START_MS + ms).await?.map(|s| s.id));
    assert_eq!(at(999).await?, None);
    assert_eq!(at(1_000).await?, Some(1));
    assert_eq!(at(4_999).await?, Some(1));
    assert_eq!(at(5_000).await?, Some(3));
    assert_eq!(at(9_000).await?, Some(3), "the newest by number");
    assert_eq!(subject.other.snapshot_at(i64::MAX).await?, Some(third.snapshot));
    assert_eq!(subject.other.snapshot_at(i64::MIN).await?, None);
    Ok(())
}

pub(super) async fn snapshots_come_newest_first(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let mut published = vec![publish(&*subject.store, &lease, None, &[("raw.a", 0), ("raw.b", 0)]).await?];
    for version in 1..6 {
        let last = &published[published.len() - 1];
        let mut next = intent(Some(last), &[("raw.a", version)])?;
        match version {
            3 => remove(&mut next, last, &["raw.b"])?,
            5 => drop(next.snapshot.relations.insert(name("raw.b")?, Relation::View { sql: "select 1".into() })),
            _ => {}
        }
        subject.store.publish(&next, &lease).await?;
        published.push(next.snapshot);
    }
    published.reverse();
    for limit in [0, 1, 2, 4, 6, 7] {
        assert_eq!(subject.other.snapshots(limit).await?, published[..limit.min(6)], "limit {limit}");
    }
    assert_eq!(subject.other.snapshots(usize::MAX).await?, published);
    Ok(())
}

pub(super) async fn vacuumed_snapshots_are_marked(subject: Subject) -> Result<()> {
    let mine = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &mine, None, &[("raw.a", 0)]).await?;
    publish(&*subject.store, &mine, Some(&first), &[("raw.a", 1)]).await?;
    subject.store.put_vacuumed(&[1, 7].into(), &mine).await?;
    let marked = SnapshotRecord { vacuumed: true, ..first };
    assert_eq!(subject.other.snapshot(1).await?, Some(marked), "nothing else of it changes");
    let marks = async || {
        Ok::<_, headwater_sdk::Error>(
            subject.other.snapshots(9).await?.iter().map(|s| s.vacuumed).collect::<Vec<bool>>(),
        )
    };
    assert_eq!(marks().await?, vec![false, true]);
    subject.store.put_vacuumed(&[].into(), &mine).await?;
    subject.store.put_vacuumed(&[1].into(), &mine).await?;
    assert_eq!(marks().await?, vec![false, true]);
    subject.store.release_lease(&mine).await?;
    let refused = subject.store.put_vacuumed(&[2].into(), &mine).await;
    assert!(refused.is_err_and(|e| e.code == "HW0702"));
    assert_eq!(marks().await?, vec![false, true]);
    Ok(())
}

pub(super) async fn old_snapshots_keep_their_states(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0), ("raw.b", 0)]).await?;
    let second = publish(&*subject.store, &lease, Some(&first), &[("raw.b", 1), ("raw.c", 0)]).await?;
    publish(&*subject.store, &lease, Some(&second), &[("raw.a", 1)]).await?;

    let old = [state("raw.a", 1, "v0")?, state("raw.b", 1, "v0")?];
    assert_eq!(subject.other.asset_states(1).await?, old);
    assert_eq!(subject.other.lineage(1).await?, [lineage("raw.a", "v0")?, lineage("raw.b", "v0")?]);
    let new = [state("raw.a", 3, "v1")?, state("raw.b", 2, "v1")?, state("raw.c", 2, "v0")?];
    assert_eq!(subject.other.asset_states(3).await?, new);
    let new = [lineage("raw.a", "v1")?, lineage("raw.b", "v1")?, lineage("raw.c", "v0")?];
    assert_eq!(subject.other.lineage(3).await?, new);
    assert_eq!(subject.other.asset_states(0).await?, vec![], "before the first");
    Ok(())
}

pub(super) async fn removed_assets_vanish_from_the_new_snapshot_only(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0), ("raw.b", 0), ("raw.c", 0)]).await?;
    let mut second = intent(Some(&first), &[("raw.a", 1)])?;
    remove(&mut second, &first, &["raw.b", "raw.never"])?;
    subject.store.publish(&second, &lease).await?;

    assert_eq!(subject.other.asset_states(2).await?, [state("raw.a", 2, "v1")?, state("raw.c", 1, "v0")?]);
    assert_eq!(subject.other.lineage(2).await?, [lineage("raw.a", "v1")?, lineage("raw.c", "v0")?]);
    assert_eq!(subject.other.head().await?, Some(second.snapshot));
    assert_eq!(subject.other.asset_states(1).await?.len(), 3);
    assert_eq!(subject.other.lineage(1).await?.len(), 3);
    assert_eq!(subject.other.snapshot(1).await?, Some(first));
    Ok(())
}

pub(super) async fn removed_asset_may_come_back(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0)]).await?;
    let mut second = intent(Some(&first), &[])?;
    remove(&mut second, &first, &["raw.a"])?;
    subject.store.publish(&second, &lease).await?;
    // With the very records that it had before it went.
    let mut third = intent(Some(&second.snapshot), &[("raw.a", 0)])?;
    third.assets = vec![state("raw.a", 1, "v0")?];
    subject.store.publish(&third, &lease).await?;
    let counts = async |id: u64| {
        let (states, lineage) = (subject.other.asset_states(id).await?, subject.other.lineage(id).await?);
        let relations = subject.other.snapshot(id).await?.map_or(0, |snapshot| snapshot.relations.len());
        Ok::<_, headwater_sdk::Error>((states.len(), lineage.len(), relations))
    };
    assert_eq!((counts(1).await?, counts(2).await?, counts(3).await?), ((1, 1, 1), (0, 0, 0), (1, 1, 1)));
    Ok(())
}

pub(super) async fn rollback_carries_old_states(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0), ("raw.b", 0)]).await?;
    let second = publish(&*subject.store, &lease, Some(&first), &[("raw.a", 1), ("raw.c", 0)]).await?;
    let mut back = intent(Some(&second), &[])?;
    back.snapshot.kind = SnapshotKind::Rollback { to: 1 };
    back.snapshot.relations.insert(name("raw.a")?, Relation::Table { version: 2 });
    remove(&mut back, &second, &["raw.c"])?;
    back.assets = subject.store.asset_states(1).await?;
    back.lineage = subject.store.lineage(1).await?;
    subject.store.publish(&back, &lease).await?;
    assert_eq!(subject.other.asset_states(3).await?, subject.other.asset_states(1).await?);
    assert_eq!(subject.other.lineage(3).await?, subject.other.lineage(1).await?);
    assert_eq!(subject.other.head().await?, Some(back.snapshot));
    assert_eq!(subject.other.asset_states(2).await?.len(), 3, "what was rolled back can still be looked at");
    Ok(())
}

pub(super) async fn relations_follow_the_map_not_the_list(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let first = publish(&*subject.store, &lease, None, &[("raw.a", 0), ("raw.b", 0)]).await?;
    // One name changes and one goes, and the list of changes says nothing of either.
    let mut second = intent(Some(&first), &[("raw.a", 1)])?;
    second.snapshot.relations.remove(&name("raw.b")?);
    second.snapshot.changed = Vec::new();
    subject.store.publish(&second, &lease).await?;
    assert_eq!(subject.other.head().await?, Some(second.snapshot));
    assert_eq!(subject.other.asset_states(2).await?.len(), 2, "a name without a relation may still have a state");
    Ok(())
}

pub(super) async fn readers_see_whole_snapshots(subject: Subject) -> Result<()> {
    let tables: Vec<String> = (0..20).map(|number| format!("raw.t{number}")).collect();
    let writer = {
        let (store, tables) = (Arc::clone(&subject.store), tables.clone());
        tokio::spawn(async move {
            let lease = lease(&*store, "a").await?;
            let mut last = None;
            for version in 0..20 {
                let all: Vec<_> = tables.iter().map(|table| (table.as_str(), version)).collect();
                last = Some(publish(&*store, &lease, last.as_ref(), &all).await?);
            }
            Ok::<_, headwater_sdk::Error>(())
        })
    };
    let mut last_seen = 0;
    while last_seen < 20 {
        let finished = writer.is_finished();
        let Some(head) = subject.other.head().await? else {
            assert!(!finished, "nothing was published");
            tokio::task::yield_now().await;
            continue;
        };
        assert!(head.id >= last_seen, "the newest snapshot never goes back");
        last_seen = head.id;
        let expected = Relation::Table { version: head.id - 1 };
        assert_eq!(head.relations.len(), tables.len());
        assert!(head.relations.values().all(|relation| *relation == expected), "one version everywhere: {head:?}");
        let states = subject.other.asset_states(head.id).await?;
        assert!(states.iter().all(|state| state.contents == format!("v{}", head.id - 1)), "{states:?}");
        assert!(!finished || last_seen == 20, "the writer has failed");
    }
    assert!(matches!(writer.await, Ok(Ok(()))));
    Ok(())
}
