//! The engine: plans SQL, writes Delta tables on branches with their checks, publishes them, and answers queries.
//!
//! This is the only crate that names DataFusion or Delta. [`LakeEngine`] implements [`headwater_sdk::engine::Engine`];
//! nothing of either library shows in its interface.
//!
//! - `lake/`: tables, branches over their logs, publishing, vacuum
//! - `session/`: the one door through which tables reach a query
//! - `stage/`: writing a table with the checks looking on
//! - `maintenance/`: writing the rows of tables again into better files, checkpoints of logs
//! - `compare/`: what differs between a table as two snapshots have it
//! - `refresh/`: what of a table has to be computed again when its inputs change, proven from the plan
//! - `outlet/`: tables that are delivered to other people's Delta tables
//! - `analysis/`: typed columns and column-level lineage from SQL alone

#[doc(hidden)]
pub mod analysis;
mod branch;
mod codes;
mod compare;
mod lake;
mod maintenance;
pub mod outlet;
mod refresh;
mod session;
mod stage;
mod trial;
mod types;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::execution::object_store::ObjectStoreUrl;
use headwater_sdk::destination::{DestinationType, erased};
use headwater_sdk::engine::{
    Analysis, Branch, CompareRequest, Comparison, Engine, Foresight, ForesightRequest, KeepSet, Layout, Moment,
    OutgoingRequest, OutgoingRows, Past, PublishOutcome, QueryResult, SqlError, StagedTable, Survey, Trial,
    TrialRequest, VacuumReport,
};
use headwater_sdk::name::is_branch_name;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, RunId, TableName};

pub use analysis::codes::CODES as SQL_CODES;
pub use codes::CODES;
pub use lake::location::INTERNAL_FOLDER;

use analysis::KeptAnalyses;
use branch::RunBranch;
use lake::location::Location;
use lake::publish::Publisher;
use lake::table::TableVersion;
use session::{LakeTable, Runtime, Session, TableCache};

/// Every destination of the engine's, in the order of their names.
pub fn destinations() -> Vec<Box<dyn DestinationType>> {
    vec![erased::<outlet::DeltaDestination>()]
}

/// Where a lake is and what the engine may use.
#[derive(Debug, Clone)]
pub struct LakeOptions {
    /// An absolute path, or a URL such as `s3://bucket/prefix` or `az://container/prefix`.
    pub location: String,
    /// Options of the object store, e.g. `aws_endpoint`. The environment (`AWS_…`) supplies what is not given.
    pub storage: BTreeMap<String, String>,
    /// Memory for the states of operators (sorts, joins, aggregates), in bytes. Past it they spill into temporary files (`TMPDIR`).
    pub memory: u64,
    /// How many threads work on one task.
    pub threads: usize,
    /// Whether a local folder is made when it is not there; readers need none.
    pub create: bool,
    /// A file on this machine for what planning told, so that the next process need not plan the same again; `None` for none.
    pub analyses: Option<PathBuf>,
}

/// The engine of one lake. Cheap to clone.
#[derive(Clone)]
pub struct LakeEngine {
    lake: Arc<Lake>,
}

/// What the parts of the engine share.
pub(crate) struct Lake {
    location: Location,
    runtime: Runtime,
    cache: Arc<TableCache>,
    threads: usize,
    analyses: KeptAnalyses,
}

impl Lake {
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    pub(crate) fn store_url(&self) -> ObjectStoreUrl {
        self.runtime.store_url.clone()
    }

    pub(crate) fn session(&self, relations: &Relations) -> Session {
        Session::new(&self.runtime, &self.location, relations, &self.cache, None)
    }

    pub(crate) fn session_with_past(&self, relations: &Relations, past: &Past) -> Session {
        Session::with_past(&self.runtime, &self.location, (relations, past), &self.cache)
    }

    /// A table of the lake.
    pub(crate) async fn open(&self, name: &TableName, relation: &Relation) -> Result<Arc<LakeTable>> {
        self.cache.open(&self.runtime, &self.location, name, relation).await
    }

    pub(crate) fn session_with(&self, relations: &Relations, name: TableName, table: Arc<LakeTable>) -> Session {
        Session::new(&self.runtime, &self.location, relations, &self.cache, Some((name, table)))
    }
}

impl LakeEngine {
    /// Opens a lake.
    ///
    /// # Errors
    /// When the location is no lake's, or cannot be reached or created.
    pub fn open(options: &LakeOptions) -> Result<Self> {
        let location = Location::open(&options.location, &options.storage, options.create)?;
        Self::at(location, options.memory, options.threads, options.analyses.clone())
    }

    pub(crate) fn at(location: Location, memory: u64, threads: usize, analyses: Option<PathBuf>) -> Result<Self> {
        let threads = threads.max(1);
        let runtime = Runtime::new(&location, memory, threads)?;
        let analyses = KeptAnalyses::new(analyses);
        let lake = Lake { location, runtime, cache: Arc::default(), threads, analyses };
        Ok(Self { lake: Arc::new(lake) })
    }
}

#[async_trait]
impl Engine for LakeEngine {
    fn analyze(
        &self,
        sql: &str,
        table_schema: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
    ) -> Result<Analysis, SqlError> {
        self.lake.analyses.analyze(self.lake.runtime.template(), sql, table_schema)
    }

    fn keep_analyses(&self) {
        self.lake.analyses.keep();
    }

    fn foresee(
        &self,
        request: &ForesightRequest<'_>,
        table_schema: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
    ) -> Result<Foresight, SqlError> {
        let state = self.lake.runtime.template();
        let (planned, optimized) = analysis::plans(state, request.sql, table_schema)?;
        Ok(stage::foresee(&planned, &optimized, request))
    }

    fn lake_schema(&self, schema: &SchemaRef) -> Result<SchemaRef> {
        Ok(Arc::new(types::lake_schema(schema)?))
    }

    async fn open_branch(&self, branch: &str, on: Option<&str>, run: &RunId) -> Result<Arc<dyn Branch>> {
        if let Some(branch) = [Some(branch), on].into_iter().flatten().find(|name| !is_branch_name(name)) {
            return Err(Error::new("HW0619", Blame::Project, format!("'{branch}' cannot name a branch"))
                .help("use lower-case letters, digits, _ and -"));
        }
        Ok(Arc::new(RunBranch {
            lake: self.lake.clone(),
            name: branch.to_owned(),
            on: on.map(str::to_owned),
            run: run.clone(),
        }))
    }

    async fn drop_branch(&self, branch: &str) -> Result<()> {
        lake::vacuum::remove_all(&self.lake.location, &self.lake.location.branch(branch)).await
    }

    async fn publish(
        &self,
        run: &RunId,
        branch: &str,
        onto: Option<&str>,
        tables: &[StagedTable],
    ) -> Result<PublishOutcome> {
        Publisher { location: &self.lake.location, run, branch, onto }.publish(tables).await
    }

    async fn unpublish(&self, run: &RunId, branch: &str, onto: Option<&str>, tables: &[StagedTable]) -> Result<()> {
        Publisher { location: &self.lake.location, run, branch, onto }.unpublish(tables).await
    }

    async fn head_version(&self, table: &TableName) -> Result<Option<u64>> {
        lake::table::head_version(&self.lake.location, table).await
    }

    async fn schema(&self, relations: &Relations, name: &TableName) -> Result<SchemaRef> {
        match relations.get(name) {
            None => Err(Error::new("HW0557", Blame::Project, format!("there is no table {name}"))
                .help("`headwater show` lists the tables that are published")),
            Some(Relation::View { sql }) => {
                let plan = self.lake.session(relations).plan(sql).await?;
                self.lake_schema(&Arc::new(plan.schema().as_arrow().clone()))
            }
            Some(relation) => Ok(TableVersion::open(&self.lake.location, name, relation).await?.schema()),
        }
    }

    async fn position(&self, table: &TableName, relation: &Relation) -> Result<Option<serde_json::Value>> {
        lake::commit::position(&self.lake.location, table, relation).await
    }

    fn moments(&self, sql: &str) -> Result<Vec<Moment>> {
        session::moments(sql)
    }

    async fn query(&self, relations: &Relations, past: &Past, sql: &str) -> Result<QueryResult> {
        let session = self.lake.session_with_past(relations, past);
        let plan = session.plan(sql).await?;
        session::answer(session, plan, past.is_empty()).await
    }

    async fn count_rows(&self, relations: &Relations, table: &TableName) -> Result<u64> {
        compare::count(&self.lake, relations, table).await
    }

    async fn compare(&self, request: &CompareRequest) -> Result<Comparison> {
        Box::pin(compare::compare(&self.lake, request)).await
    }

    async fn outgoing(&self, request: &OutgoingRequest) -> Result<OutgoingRows> {
        Box::pin(compare::outgoing(&self.lake, request)).await
    }

    async fn try_out(&self, request: TrialRequest) -> Result<Trial> {
        trial::try_out(&self.lake.runtime, request).await
    }

    async fn survey(&self, table: &TableName, layout: &Layout, anew: bool) -> Result<Survey> {
        maintenance::survey(&self.lake.location, table, layout, anew).await
    }

    async fn checkpoint(&self, table: &TableName) -> Result<()> {
        maintenance::checkpoint(&self.lake.location, table).await
    }

    async fn vacuum(&self, keep: &KeepSet, dry_run: bool) -> Result<VacuumReport> {
        lake::vacuum::vacuum(&self.lake.location, keep, dry_run).await
    }
}
