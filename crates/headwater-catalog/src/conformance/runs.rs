//! Runs and tasks.

use headwater_sdk::Result;
use headwater_sdk::engine::Staged;
use headwater_sdk::store::{RunState, TaskState};

use super::samples::{self, TTL_MS, lease, run, run_id, state, task};
use super::{LEASE_LOST, Subject, assert_refused};

pub(super) async fn runs_come_newest_first(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    assert_eq!(subject.store.runs(10).await?, vec![]);
    assert_eq!(subject.store.run(&run_id(1)).await?, None);
    // Also beyond 9, where the order of numbers is not that of their digits, and put in another order.
    for number in [2, 11, 1, 3, 10] {
        subject.store.put_run(&run(number), &lease).await?;
    }
    let numbers: Vec<_> = subject.other.runs(10).await?.iter().map(|run| run.number).collect();
    assert_eq!(numbers, [11, 10, 3, 2, 1]);
    assert_eq!(subject.other.runs(2).await?, vec![run(11), run(10)]);
    assert_eq!(subject.other.runs(0).await?, vec![]);
    assert_eq!(subject.other.runs(usize::MAX).await?.len(), 5);
    assert_eq!(subject.other.run(&run_id(3)).await?, Some(run(3)));
    Ok(())
}

pub(super) async fn run_record_is_replaced(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let mut record = run(1);
    subject.store.put_run(&record, &lease).await?;
    record.state = RunState::Partial;
    record.snapshot = Some(1);
    record.ended_ms = Some(record.started_ms + 5);
    subject.other.put_run(&record, &lease).await?;
    assert_eq!(subject.store.runs(10).await?, vec![record]);
    Ok(())
}

pub(super) async fn tasks_come_in_order(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    // The order of positions is neither that of names nor that of being put.
    let tasks = [task(1, 0, "z.first")?, task(1, 1, "a.second")?, task(1, 10, "m.last")?];
    for task in [&tasks[2], &tasks[0], &tasks[1]] {
        subject.store.put_task(task, &lease).await?;
    }
    subject.store.put_task(&task(2, 0, "a.second")?, &lease).await?;
    assert_eq!(subject.other.tasks(&run_id(1)).await?, tasks);
    assert_eq!(subject.other.tasks(&run_id(2)).await?.len(), 1);
    assert_eq!(subject.other.tasks(&run_id(3)).await?, vec![]);
    let some = [tasks[2].asset.clone(), task(1, 0, "no.such")?.asset, tasks[0].asset.clone()];
    let found = subject.other.tasks_on(&run_id(1), &some).await?;
    assert_eq!(found, [tasks[2].clone(), tasks[0].clone()]);
    assert_eq!(subject.other.tasks_on(&run_id(2), &some).await?, vec![]);
    let known: Vec<String> = subject.other.known_assets().await?.iter().map(ToString::to_string).collect();
    assert_eq!(known, ["a.second", "m.last", "z.first"]);
    Ok(())
}

pub(super) async fn task_record_is_replaced(subject: Subject) -> Result<()> {
    let lease = lease(&*subject.store, "a").await?;
    let mut record = task(1, 0, "marts.fct")?;
    subject.store.put_task(&record, &lease).await?;
    record.state = TaskState::Audited;
    record.attempts = 2;
    record.position = 4;
    record.staged =
        Some(Staged { rows_out: 7, notes: vec!["somebody wrote 'ü' and \"'; --".into()], ..Staged::default() });
    record.after = Some(state("marts.fct", 1, "v1")?);
    record.lineage = Some(samples::lineage("marts.fct", "a")?);
    subject.other.put_task(&record, &lease).await?;
    assert_eq!(subject.store.tasks(&run_id(1)).await?, vec![record]);
    Ok(())
}

pub(super) async fn lost_lease_refuses_records(subject: Subject) -> Result<()> {
    let old = lease(&*subject.store, "a").await?;
    let (mut run, mut task) = (run(1), task(1, 0, "marts.fct")?);
    subject.store.put_run(&run, &old).await?;
    subject.store.put_task(&task, &old).await?;
    subject.clock.advance(TTL_MS as i64);
    let new = lease(&*subject.other, "b").await?;
    run.state = RunState::Abandoned;
    subject.other.put_run(&run, &new).await?;
    task.state = TaskState::Audited;
    let stalled = samples::run(1);
    assert_refused(&subject.store.put_run(&stalled, &old).await, LEASE_LOST);
    assert_refused(&subject.store.put_tasks(&[task], &old).await, LEASE_LOST);
    assert_eq!(subject.store.runs(10).await?, vec![run]);
    let states: Vec<TaskState> = subject.store.tasks(&run_id(1)).await?.iter().map(|task| task.state).collect();
    assert_eq!(states, [TaskState::Pending]);
    Ok(())
}
