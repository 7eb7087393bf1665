//! What the tasks of a run share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_project::plan::{Action, PlannedTask, passed_over};
use headwater_project::select::Selection;
use headwater_project::{Asset, AssetKind, Materialize, Project};
use headwater_sdk::engine::{Branch, Staged};
use headwater_sdk::method::TimeRange;
use headwater_sdk::script::ProgramRunner;
use headwater_sdk::secrets::redact;
use headwater_sdk::store::{AssetState, ContentParts, Lease, RunRecord, TaskRecord};
use headwater_sdk::{Relation, Relations, Result, TableName};

use crate::branching::Adoption;
use crate::lake::{Base, Lake};
use crate::observer::Observer;
use crate::resolve::{Resolved, ResolvedAsset};

/// How often and how patiently a task is tried.
#[derive(Debug, Clone)]
pub(crate) struct RetryPolicy {
    pub(crate) attempts: u32,
    pub(crate) first_pause: Duration,
}

impl RetryPolicy {
    /// The pause after a failed attempt (counted from 1): doubled each time, at most a minute.
    pub(crate) fn pause_after(&self, attempt: u32) -> Duration {
        self.first_pause.saturating_mul(1 << (attempt - 1).min(10)).min(Duration::from_secs(60))
    }
}

/// What there is to say of a run that is about a selection.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The options that selected it.
    pub(crate) options: String,
    /// How many assets were not selected.
    pub(crate) left: u64,
    /// Inputs that have changes and were not selected.
    pub(crate) notes: Vec<String>,
}

impl Part {
    pub(crate) fn of(project: &Project, plan: &[PlannedTask], selection: Option<&Selection>) -> Self {
        Self {
            options: selection.map(ToString::to_string).unwrap_or_default(),
            left: plan.iter().filter(|task| task.action == Action::NotSelected).count() as u64,
            notes: passed_over(project, plan),
        }
    }
}

/// What the tasks of a run share.
pub(crate) struct Context {
    pub(crate) project: Arc<Project>,
    /// `None` when the run is about all of the project.
    pub(crate) part: Option<Part>,
    pub(crate) resolved: Resolved,
    pub(crate) lake: Lake,
    pub(crate) base: Base,
    pub(crate) run: RunRecord,
    /// What the catalogue takes records for.
    pub(crate) lease: Lease,
    pub(crate) branch_name: String,
    /// `None` when there is nothing to build.
    pub(crate) branch: Option<Arc<dyn Branch>>,
    /// What of a branch is published by this run.
    pub(crate) adoption: Option<Adoption>,
    pub(crate) full_refresh: bool,
    /// The time that models take up again, of a backfill.
    pub(crate) range: Option<TimeRange>,
    pub(crate) retry: RetryPolicy,
    /// What runs the programs of scripts.
    pub(crate) programs: Option<Arc<dyn ProgramRunner>>,
    pub(crate) observer: Arc<dyn Observer>,
    /// Assets that have other columns than was planned.
    pub(crate) known_anew: Mutex<BTreeMap<TableName, Arc<ResolvedAsset>>>,
    pub(crate) visible: Mutex<Visible>,
}

/// What is known of an asset's contents.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) fingerprint: String,
    pub(crate) parts: Option<ContentParts>,
}

impl Contents {
    pub(crate) fn of(state: &AssetState) -> Arc<Self> {
        Arc::new(Self { fingerprint: state.contents.clone(), parts: state.parts.clone() })
    }
}

/// What a task of the run reads: the tables of `main` or of its branch, replaced by those that the run has audited.
#[derive(Clone)]
pub(crate) struct Visible {
    pub(crate) relations: Relations,
    /// The contents of each asset.
    pub(crate) contents: BTreeMap<TableName, Arc<Contents>>,
}

impl Visible {
    /// What `main` holds.
    pub(crate) fn of(base: &Base) -> Self {
        let contents = base.states.iter().map(|(name, state)| (name.clone(), Contents::of(state))).collect();
        Self { relations: base.relations(), contents }
    }
}

impl Context {
    /// What a task that begins now reads.
    pub(crate) fn visible(&self) -> Visible {
        self.lock().clone()
    }

    /// Makes an audited asset readable for the tasks that follow.
    pub(crate) fn reveal(&self, asset: &Asset, staged: &Staged, after: &AssetState) {
        let mut visible = self.lock();
        if let AssetKind::Model(model) = &asset.kind
            && model.materialize == Materialize::View
        {
            let sql = self.resolved.sql(&asset.name, model).to_owned();
            visible.relations.insert(asset.name.clone(), Relation::View { sql });
        }
        for table in &staged.tables {
            visible.relations.insert(table.table.clone(), table.relation(&self.branch_name));
        }
        visible.contents.insert(asset.name.clone(), Contents::of(after));
    }

    /// Keeps task records in the catalogue, without secrets: messages of other systems may hold what they were asked with.
    ///
    /// # Errors
    /// When the catalogue cannot be written to, or the lease has been taken over.
    pub(crate) async fn put_tasks(&self, records: impl IntoIterator<Item = &TaskRecord>) -> Result<()> {
        let secrets = &self.project.secrets;
        let clean = |text: &String| redact(text, secrets).into_owned();
        let records: Vec<TaskRecord> = records
            .into_iter()
            .map(|record| {
                let (reason, message) = (clean(&record.reason), record.message.as_ref().map(clean));
                let mut cleaned = TaskRecord { reason, message, ..record.clone() };
                for note in cleaned.staged.iter_mut().flat_map(|staged| &mut staged.notes) {
                    *note = clean(note);
                }
                cleaned
            })
            .collect();
        self.lake.store.put_tasks(&records, &self.lease).await
    }

    fn lock(&self) -> MutexGuard<'_, Visible> {
        self.visible.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an asset is a view.
pub(crate) fn is_view(asset: &Asset) -> bool {
    matches!(&asset.kind, AssetKind::Model(model) if model.materialize == Materialize::View)
}
