//! Leases.

use std::sync::Arc;

use headwater_sdk::Result;
use headwater_sdk::store::Store;

use super::Subject;
use super::samples::{TTL_MS, lease};

const TTL: i64 = TTL_MS as i64;

pub(super) async fn one_holder_at_a_time(subject: Subject) -> Result<()> {
    let held = lease(&*subject.store, "a").await?;
    assert_eq!((held.name.as_str(), held.holder.as_str()), ("publish", "a"));
    assert_eq!(held.expires_ms, subject.clock.now_ms() + TTL);
    assert_eq!(subject.other.acquire_lease("publish", "b", TTL_MS).await?, Err(held.clone()), "says who has it");
    assert_eq!(subject.other.acquire_lease("publish", "a", TTL_MS).await?, Err(held.clone()), "not by name of holder");
    subject.store.release_lease(&held).await?;
    lease(&*subject.other, "b").await?;
    Ok(())
}

pub(super) async fn expired_lease_is_taken_over(subject: Subject) -> Result<()> {
    let old = lease(&*subject.store, "a").await?;
    subject.clock.advance(TTL - 1);
    assert_eq!(subject.other.acquire_lease("publish", "b", TTL_MS).await?, Err(old.clone()), "not yet");
    assert!(subject.store.renew_lease(&old, TTL_MS).await?);
    subject.clock.advance(TTL - 1);
    let renewed = subject.other.acquire_lease("publish", "b", TTL_MS).await?;
    assert_eq!(renewed.map_err(|held| held.token), Err(old.token), "renewed");
    subject.clock.advance(1);
    let new = lease(&*subject.other, "b").await?;
    assert!(new.token > old.token);
    assert!(!subject.store.renew_lease(&old, TTL_MS).await?, "taken over");
    assert!(subject.other.renew_lease(&new, TTL_MS).await?, "the loser's renewal took nothing");
    Ok(())
}

pub(super) async fn tokens_never_go_down(subject: Subject) -> Result<()> {
    let mut last = 0;
    for round in 0..6 {
        let name = if round % 2 == 0 { "publish" } else { "maintain" };
        let store: &dyn Store = if round % 3 == 0 { &*subject.store } else { &*subject.other };
        let held = store.acquire_lease(name, "a", TTL_MS).await?;
        let token = held.as_ref().map_or(0, |lease| lease.token);
        assert!(token > last, "{held:?} after token {last}");
        last = token;
        // Given back in half of the rounds, expired in the other half.
        match held {
            Ok(lease) if round < 3 => store.release_lease(&lease).await?,
            _ => subject.clock.advance(TTL),
        }
    }
    Ok(())
}

pub(super) async fn late_holder_goes_on_until_taken_over(subject: Subject) -> Result<()> {
    let held = lease(&*subject.store, "a").await?;
    subject.clock.advance(10 * TTL);
    assert!(subject.store.renew_lease(&held, TTL_MS).await?, "late, but nobody took over");
    let refused = subject.other.acquire_lease("publish", "b", TTL_MS).await?;
    assert_eq!(refused.map_err(|other| other.expires_ms), Err(subject.clock.now_ms() + TTL));
    subject.store.release_lease(&held).await?;
    assert!(!subject.store.renew_lease(&held, TTL_MS).await?, "a lease that was given back is gone");
    Ok(())
}

pub(super) async fn foreign_release_does_nothing(subject: Subject) -> Result<()> {
    let old = lease(&*subject.store, "a").await?;
    subject.clock.advance(TTL);
    let new = lease(&*subject.other, "b").await?;
    subject.store.release_lease(&old).await?;
    assert_eq!(subject.store.acquire_lease("publish", "a", TTL_MS).await?, Err(new.clone()));
    // Whoever knows that the holder is dead breaks its lease with the lease that it was shown.
    subject.store.release_lease(&new).await?;
    lease(&*subject.store, "a").await?;
    Ok(())
}

pub(super) async fn leases_are_independent(subject: Subject) -> Result<()> {
    let publish = lease(&*subject.store, "a").await?;
    let maintain = subject.other.acquire_lease("maintain", "b", TTL_MS).await?;
    assert_eq!(maintain.as_ref().map(|lease| lease.holder.as_str()), Ok("b"));
    subject.store.release_lease(&publish).await?;
    assert_eq!(subject.store.acquire_lease("maintain", "a", TTL_MS).await?, Err(maintain.unwrap_or(publish)));
    Ok(())
}

pub(super) async fn concurrent_acquisition_has_one_winner(subject: Subject) -> Result<()> {
    for _ in 0..3 {
        let mut attempts = Vec::new();
        for number in 0..16 {
            let store = Arc::clone(if number % 2 == 0 { &subject.store } else { &subject.other });
            attempts.push(tokio::spawn(async move {
                store.acquire_lease("publish", &format!("holder {number}"), TTL_MS).await
            }));
        }
        let mut winners = Vec::new();
        let mut losers = Vec::new();
        for attempt in futures::future::join_all(attempts).await.into_iter().flatten() {
            match attempt? {
                Ok(lease) => winners.push(lease),
                Err(held) => losers.push(held),
            }
        }
        assert_eq!((winners.len(), losers.len()), (1, 15));
        assert!(losers.iter().all(|held| winners.contains(held)), "every loser is told the winner");
        subject.clock.advance(TTL);
    }
    Ok(())
}
