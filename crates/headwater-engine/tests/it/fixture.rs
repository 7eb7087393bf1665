//! A lake in a temporary folder, and the shortest way to stage, publish and read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_engine::{LakeEngine, LakeOptions};
use headwater_sdk::check::{CompiledCheck, Probe, Severity, Threshold};
use headwater_sdk::connector::{Delivery, ReadPart, RejectedRow, SourceBatch};
use headwater_sdk::engine::{
    Branch, Engine, Layout, Past, PublishOutcome, StageInput, StageRequest, Staged, WriteMode,
};
use headwater_sdk::method::Method;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Relation, Relations, Result, RunId, TableName};

pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) engine: LakeEngine,
    /// What `main` holds.
    pub(crate) relations: Relations,
    runs: std::cell::Cell<u32>,
}

pub(crate) fn name(text: &str) -> TableName {
    text.parse().unwrap()
}

/// Columns with names, as a batch.
pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

/// Rows handed out as one part of a source.
pub(crate) struct Rows(pub(crate) Vec<RecordBatch>, pub(crate) Vec<RejectedRow>);

impl ReadPart for Rows {
    fn name(&self) -> &str {
        "rows"
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, _: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        let mut rejected = Some(self.1);
        let batches =
            self.0.into_iter().map(move |rows| Ok(SourceBatch::new(rows, rejected.take().unwrap_or_default())));
        futures::stream::iter(batches).boxed()
    }
}

pub(crate) fn check(name: &str, severity: Severity, probe: Probe) -> CompiledCheck {
    CompiledCheck {
        kind: "test".into(),
        name: name.into(),
        description: None,
        columns: vec![],
        severity,
        threshold: Threshold::default(),
        filter: None,
        probe,
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { engine: open(folder.path(), 1 << 30), folder, relations: Relations::new(), runs: 0.into() }
    }

    /// A branch of a new run, and its name.
    pub(crate) async fn branch(&self) -> (String, Arc<dyn Branch>) {
        self.runs.set(self.runs.get() + 1);
        let branch = format!("run-{}", self.runs.get());
        let run = self.run();
        let opened = self.engine.open_branch(&branch, None, &run).await.unwrap();
        (branch, opened)
    }

    pub(crate) fn request(
        &self,
        table: &str,
        input: StageInput,
        mode: WriteMode,
        checks: Vec<CompiledCheck>,
    ) -> StageRequest {
        StageRequest {
            table: name(table),
            input,
            mode,
            partition_by: vec![],
            layout: Layout::default(),
            checks,
            judge_all: false,
            keep_rejected: false,
            rejected_once: false,
            relations: self.relations.clone(),
            position: None,
            progress: Arc::default(),
        }
    }

    /// The lake's folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// The Parquet files in a folder of the lake.
    pub(crate) fn data_files(&self, folder: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect()
    }

    /// The run of the newest branch.
    pub(crate) fn run(&self) -> RunId {
        RunId::from_text(format!("01jd{:022}", self.runs.get()))
    }

    /// Publishes what was staged and moves `main`.
    pub(crate) async fn publish(&mut self, branch: &str, staged: &Staged) {
        let outcome = self.engine.publish(&self.run(), branch, None, &staged.tables).await.unwrap();
        assert_eq!(outcome, PublishOutcome::Done);
        for table in &staged.tables {
            self.relations.insert(table.table.clone(), Relation::Table { version: table.version });
        }
        self.engine.drop_branch(branch).await.unwrap();
    }

    /// Stages and publishes rows.
    pub(crate) async fn load(
        &mut self,
        table: &str,
        rows: RecordBatch,
        mode: WriteMode,
        checks: Vec<CompiledCheck>,
    ) -> Staged {
        let (branch, opened) = self.branch().await;
        let staged = opened.stage(self.request(table, source(vec![rows]), mode, checks)).await.unwrap();
        self.publish(&branch, &staged).await;
        staged
    }

    /// Stages and publishes the rows of a query.
    pub(crate) async fn build(&mut self, table: &str, sql: &str, checks: Vec<CompiledCheck>) -> Staged {
        let (branch, opened) = self.branch().await;
        let input = StageInput::Query { sql: sql.into(), since: None, method: Method::Whole.into() };
        let staged = opened.stage(self.request(table, input, WriteMode::Replace, checks)).await.unwrap();
        self.publish(&branch, &staged).await;
        staged
    }

    /// The rows of a query as a text table.
    pub(crate) async fn rows(&self, sql: &str) -> String {
        rows(&self.engine, &self.relations, sql).await
    }
}

pub(crate) fn open(folder: &Path, memory: u64) -> LakeEngine {
    let location = folder.join("lake").display().to_string();
    let options =
        LakeOptions { location, storage: Default::default(), memory, threads: 2, create: true, analyses: None };
    LakeEngine::open(&options).unwrap()
}

pub(crate) fn source(batches: Vec<RecordBatch>) -> StageInput {
    let schema: SchemaRef = batches[0].schema();
    let parts: Vec<Box<dyn ReadPart>> = vec![Box::new(Rows(batches, vec![]))];
    StageInput::Source { schema, parts, delivery: Delivery::Rows, checks: Vec::new() }
}

pub(crate) async fn rows(engine: &LakeEngine, relations: &Relations, sql: &str) -> String {
    let result = engine.query(relations, &Past::new(), sql).await.unwrap();
    let batches: Vec<RecordBatch> = result.stream.try_collect().await.unwrap();
    let text = arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    let cells = text.lines().filter(|line| line.starts_with('|')).skip(1);
    cells.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}
