//! One run at a time.

use std::sync::Arc;
use std::time::Duration;

use headwater_sdk::connector::ReadMode;
use headwater_sdk::store::Store;

use super::project::Draft;
use super::world::{World, options};
use crate::{LeaseOptions, RunError, RunOptions};

fn world() -> World {
    let world = World::new();
    world.files.put("raw.a", &["k"], "1", &[&["a"]]);
    world
}

fn project() -> Arc<headwater_project::Project> {
    Draft::new().stream("raw.a", ReadMode::NewFiles).build()
}

fn impatient() -> RunOptions {
    RunOptions { lease: LeaseOptions { wait: None, ..options().lease }, ..options() }
}

#[tokio::test]
async fn a_second_run_is_refused_and_says_who_has_the_lake() {
    let (world, project) = (world(), project());
    world.tap.hold("engine stage");
    let options = impatient();
    let first = world.run_with(&project, &options);
    let second = async {
        world.tap.reached.notified().await;
        let refused = world.run_with(&project, &options).await;
        world.tap.release.notify_one();
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap().exit_code, 0);
    let Err(refused) = second else { panic!("two runs at once") };
    assert_eq!(refused.exit_code(), 3);
    let RunError::Failed(error) = refused else { panic!("{refused:?}") };
    assert_eq!(error.code, "HW0911");
    assert!(error.message.contains(&format!("process {}", std::process::id())), "{}", error.message);
}

#[tokio::test]
async fn a_second_run_that_waits_finds_nothing_left_to_do() {
    let (world, project) = (world(), project());
    world.tap.hold("engine stage");
    let (first_options, second_options) = (options(), options());
    let first = world.run_with(&project, &first_options);
    let second = async {
        world.tap.reached.notified().await;
        let release = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.tap.release.notify_one();
        };
        tokio::join!(world.run_with(&project, &second_options), release).0
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.unwrap().snapshot, second.unwrap().snapshot), (Some(1), None));
    assert_eq!(world.rows("raw.a").await.unwrap(), ["a"], "loaded once");
}

#[tokio::test]
async fn a_dead_holder_on_this_machine_is_taken_over_at_once() {
    let (world, project) = (world(), project());
    // It ran before the machine was started again.
    let holder = crate::lease::Holder::this_process(&headwater_sdk::RunId::from_text("01x")).to_string();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let holder = holder.replace(boot.trim(), "another-boot");
    world.store.inner.acquire_lease("lake", &holder, 3_600_000).await.unwrap().unwrap();
    assert_eq!(world.run_with(&project, &impatient()).await.unwrap().exit_code, 0);
}

#[tokio::test]
async fn a_holder_on_another_machine_is_not() {
    let (world, project) = (world(), project());
    let holder = "run=01x host=elsewhere pid=1 process=another-boot/7 since=2026-01-01T00:00:00Z";
    world.store.inner.acquire_lease("lake", holder, 3_600_000).await.unwrap().unwrap();
    assert_eq!(world.run_with(&project, &impatient()).await.unwrap_err().exit_code(), 3);
}

#[tokio::test]
async fn a_run_that_loses_its_lease_stops_and_publishes_nothing() {
    let (world, project) = (world(), project());
    world.tap.hold("engine stage");
    let options = impatient();
    let run = world.run_with(&project, &options);
    let rob = async {
        world.tap.reached.notified().await;
        world.rob(60_000).await;
    };
    let (lost, ()) = tokio::join!(run, rob);
    let Err(RunError::Failed(error)) = lost else { panic!("went on") };
    assert_eq!(error.code, "HW0702");
    assert_eq!(world.head().await, None);
}
