//! A lake and sources in memory, and what a test wants to know of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use headwater_catalog::memory::MemoryStore;
use headwater_project::Project;
use headwater_project::plan::PlannedTask;
use headwater_sdk::connector::ConnectorType;
use headwater_sdk::store::{Lease, RunState, Store, TaskState};

use super::engine::MemoryEngine;
use super::project::table;
use super::sources::Files;
use super::store::TappedStore;
use super::tap::Tap;
use crate::{Lake, LeaseOptions, Observer, PlanOptions, Quiet, RunError, RunOptions, RunSummary};

pub(super) struct World {
    pub(super) engine: MemoryEngine,
    pub(super) store: Arc<TappedStore>,
    pub(super) files: Files,
    pub(super) tap: Arc<Tap>,
}

/// Options for fast tests: one task at a time, short pauses, a lease that runs out soon.
pub(super) fn options() -> RunOptions {
    RunOptions {
        jobs: 1,
        first_pause: Duration::from_millis(1),
        lease: LeaseOptions {
            ttl: Duration::from_millis(60),
            heartbeat: Duration::from_millis(15),
            wait: Some(Duration::from_secs(20)),
        },
        ..RunOptions::default()
    }
}

impl World {
    pub(super) fn new() -> Self {
        let tap = Arc::new(Tap::default());
        let engine = MemoryEngine::new(Arc::clone(&tap));
        let store = Arc::new(TappedStore { inner: MemoryStore::new(), tap: Arc::clone(&tap) });
        Self { engine, store, files: Files::default(), tap }
    }

    pub(super) fn lake(&self) -> Lake {
        let store: Arc<dyn Store> = Arc::<TappedStore>::clone(&self.store);
        Lake { engine: Arc::new(self.engine.clone()), store }
    }

    pub(super) fn connectors(&self) -> Vec<Box<dyn ConnectorType>> {
        vec![Box::new(self.files.clone())]
    }

    pub(super) async fn run_with(&self, project: &Arc<Project>, options: &RunOptions) -> Result<RunSummary, RunError> {
        let observer: Arc<dyn Observer> = Arc::new(Quiet);
        crate::run(project, &self.connectors(), &self.lake(), options, &observer).await
    }

    pub(super) async fn run(&self, project: &Arc<Project>) -> RunSummary {
        self.run_with(project, &options()).await.unwrap()
    }

    pub(super) async fn plan(&self, project: &Project) -> Vec<PlannedTask> {
        crate::plan(project, &self.connectors(), &self.lake(), &PlanOptions::default()).await.unwrap().tasks
    }

    /// The rows that `main` shows of a name, cells joined; `None` when there is no such name.
    pub(super) async fn rows(&self, name: &str) -> Option<Vec<String>> {
        let relations = self.store.inner.head().await.unwrap()?.relations;
        relations.get(&table(name))?;
        let (_, rows) = self.engine.read(&relations, &table(name)).unwrap();
        let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "-".to_owned());
        Some(rows.iter().map(|row| row.iter().map(cell).collect::<String>()).collect())
    }

    /// Makes the processes of unfinished runs known to be dead: they ran before the machine was started again.
    pub(super) async fn bury(&self) {
        let store = &self.store.inner;
        let lease = self.rob(1).await;
        for mut run in store.runs(100).await.unwrap() {
            if run.state == RunState::Running {
                let holder = run.holder.unwrap();
                let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
                run.holder = Some(holder.replace(boot.trim(), "another-boot"));
                store.put_run(&run, &lease).await.unwrap();
            }
        }
    }

    /// Takes the lake's lease away from whoever has it.
    pub(super) async fn rob(&self, ttl_ms: u64) -> Lease {
        let store = &self.store.inner;
        match store.acquire_lease("lake", "robber", ttl_ms).await.unwrap() {
            Ok(lease) => lease,
            Err(other) => {
                store.release_lease(&other).await.unwrap();
                store.acquire_lease("lake", "robber", ttl_ms).await.unwrap().unwrap()
            }
        }
    }

    pub(super) async fn head(&self) -> Option<u64> {
        self.store.inner.head().await.unwrap().map(|snapshot| snapshot.id)
    }
}

/// How each asset ended, in order.
pub(super) fn states(summary: &RunSummary) -> Vec<(String, TaskState)> {
    summary.assets.iter().map(|asset| (asset.asset.to_string(), asset.state)).collect()
}

pub(super) fn state(summary: &RunSummary, name: &str) -> TaskState {
    asset(summary, name).state
}

pub(super) fn asset<'a>(summary: &'a RunSummary, name: &str) -> &'a crate::AssetSummary {
    summary.assets.iter().find(|asset| asset.asset == table(name)).unwrap()
}

/// An observer that keeps the notes.
#[derive(Default)]
pub(super) struct Notes(pub(super) Mutex<Vec<String>>);

impl Observer for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}
