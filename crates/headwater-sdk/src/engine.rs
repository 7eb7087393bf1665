//! The engine: plans SQL, writes tables on a branch with their checks, publishes, and answers queries.
//!
//! `headwater-run` drives it through these traits; `headwater-engine` implements them on DataFusion and Delta.

pub mod comparison;
pub mod foresight;
pub mod layout;
pub mod moment;
pub mod outgoing;
pub mod scans;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::check::{CheckCount, CheckResult, CompiledCheck};
use crate::connector::{Delivery, LoadPosition, ReadPart, RejectedRow};
use crate::error::Result;
use crate::id::RunId;
use crate::lineage::{ColumnLineage, Fingerprints, Sum};
use crate::method::Method;
use crate::name::TableName;
use crate::progress::Progress;
use crate::relation::{Below, Relation, Relations};
use crate::stream::BatchStream;

pub use comparison::{ChangedRow, ColumnChange, CompareRequest, Comparison, RowSamples};
pub use foresight::{Foresight, ForesightRequest, InputChange};
pub use layout::{ClusterOrder, Clustering, Compacted, Layout, Survey};
pub use moment::{AsOf, Moment, Past};
pub use outgoing::{OutgoingRequest, OutgoingRows};
pub use scans::{Asked, Restriction, Scans, TableScan};

/// What planning a model's SQL tells, without touching data.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The output columns, in lake types.
    pub schema: SchemaRef,
    /// Column-level lineage to the tables that the SQL names.
    pub lineage: ColumnLineage,
    /// What each output column and the rows are made from.
    pub fingerprints: Fingerprints,
    /// Sums in it of values that are added as the tables have them.
    pub sums: Vec<Sum>,
    /// Functions in it whose value differs from run to run (`now`, `random`, …), sorted.
    pub volatile: Vec<String>,
}

/// Why SQL cannot be planned, with the place to point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// A stable code, `HW05xx`.
    pub code: &'static str,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The bytes of the SQL to point at, where known.
    pub span: Option<std::ops::Range<usize>>,
}

/// What fills a table.
pub enum StageInput {
    /// The rows of a query whose names are resolved in the run's relations.
    Query {
        /// Rendered SQL.
        sql: String,
        /// What the table as it is published was made from, by the same SQL; `None` when all rows have to be computed.
        since: Option<Since>,
        /// What becomes of the rows.
        method: Box<Method>,
    },
    /// Parts of a source, read in parallel.
    Source {
        /// The schema of every part's batches.
        schema: SchemaRef,
        /// What is read.
        parts: Vec<Box<dyn ReadPart>>,
        /// What the rows are to those of the table.
        delivery: Delivery,
        /// What the checks had seen of the table's rows, which stay but for those that others take the place of; nothing, where that
        /// does not count.
        checks: Vec<CheckCount>,
    },
}

/// What a published table was made from: where a refresh from what has changed begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// What the names in its query meant then.
    pub relations: Relations,
    /// The version of the table that was made from them.
    pub version: u64,
    /// What its checks had seen of its rows: rows that stay need not be looked at again.
    pub checks: Vec<CheckCount>,
}

/// How a table was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Refresh {
    /// All of its rows were computed and written.
    Full {
        /// Why not from what had changed, where that was looked into: a clause without a full stop.
        because: Option<String>,
    },
    /// Rows made from those that its inputs have gained were added.
    Append,
    /// The rows of the keys that the changes of its inputs concern were computed again.
    Keys {
        /// The columns of the key.
        columns: Vec<String>,
        /// How many keys were concerned.
        keys: u64,
        /// Rows that were taken out.
        deleted: u64,
    },
    /// Rows that the project chooses were taken up ([`Method::Incremental`]).
    Chosen {
        /// Which: e.g. `append since 2013-03-01`.
        what: String,
        /// The columns by whose values rows were replaced; none when they were only added.
        columns: Vec<String>,
        /// Rows that were taken out.
        deleted: u64,
    },
    /// Rows of a source took the place of those with their keys. The numbers are of keys.
    Changes {
        /// The columns of the key.
        columns: Vec<String>,
        /// Keys that the table did not have.
        added: u64,
        /// Keys whose row is another now.
        replaced: u64,
        /// Keys that are gone.
        deleted: u64,
        /// Keys that came as they were.
        same: u64,
    },
    /// Versions of rows were ended and begun. The numbers are of keys.
    History {
        /// Keys that have a current version and had none.
        opened: u64,
        /// Keys with a current version in place of another.
        changed: u64,
        /// Keys that are gone.
        deleted: u64,
        /// Keys of which an earlier version was put right.
        corrected: u64,
        /// Keys of whose current version untracked columns were overwritten.
        overwritten: u64,
        /// How many keys were looked at, where these were not all.
        keys: Option<u64>,
        /// Why all keys were looked at, where that was looked into: a clause without a full stop.
        because: Option<String>,
    },
    /// All rows were added as they are now.
    Snapshot {
        /// Rows of the same period that they took the place of.
        replaced: u64,
        /// Rows of old snapshots that are kept no longer.
        expired: u64,
    },
    /// What it reads of its inputs is what it was.
    Nothing,
}

/// Whether the rows replace those of the table or are added to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteMode {
    /// The table then holds exactly these rows.
    Replace,
    /// These rows are added.
    Append,
}

/// One table to be written and audited on a branch.
pub struct StageRequest {
    /// The table.
    pub table: TableName,
    /// Where the rows come from.
    pub input: StageInput,
    /// Replace or append.
    pub mode: WriteMode,
    /// Columns that partition the table's files; empty for none. Takes effect when the table is created or replaced.
    pub partition_by: Vec<String>,
    /// How the new rows are to lie in files. Rows of a query are sorted by the columns that they are clustered by, within each
    /// of the files; those of a source lie as they come.
    pub layout: Layout,
    /// The checks, in the project's order.
    pub checks: Vec<CompiledCheck>,
    /// Whether the checks have to be judged on the rows that the table has already, too, because they are others than those
    /// that these rows have passed. Checks that set rows aside look at the new rows only.
    pub judge_all: bool,
    /// Whether the table's `__rejected` table is kept (only with [`StageInput::Source`]).
    pub keep_rejected: bool,
    /// Whether a row that cannot be read may be one that an earlier load could not read either, so that what `__rejected` has already, by
    /// its text and the reason, is not set aside once more.
    pub rejected_once: bool,
    /// What the names in queries and checks mean: the snapshot's tables, replaced by those that the run has staged.
    pub relations: Relations,
    /// The source's position after this load, kept in the commit.
    pub position: Option<LoadPosition>,
    /// Moved while the task works.
    pub progress: Arc<Progress>,
}

/// A view to be audited: its checks are evaluated over its query, nothing is written.
pub struct AuditViewRequest {
    /// The view.
    pub view: TableName,
    /// Its rendered SQL.
    pub sql: String,
    /// The checks; none with severity `quarantine`.
    pub checks: Vec<CompiledCheck>,
    /// See [`StageRequest::relations`].
    pub relations: Relations,
    /// Moved while the task works.
    pub progress: Arc<Progress>,
}

/// One table that a task has written on a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StagedTable {
    /// The table: the asset's own, or one of its side tables.
    pub table: TableName,
    /// The version that it stands on, published or the branch's that the run works on; `None` when the table is new.
    pub base: Option<u64>,
    /// Where the newest of the versions up to `base` are, when they are not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Below>,
    /// The staged version: the last of the commits `base + 1 ..= version`.
    pub version: u64,
    /// Rows in the table at that version, where known without reading data.
    pub rows: Option<u64>,
    /// Bytes of data files written.
    pub bytes: u64,
    /// Data files written.
    pub files: u64,
}

impl StagedTable {
    /// What the table's name stands for, as seen from the staging area `branch` that holds its commits.
    pub fn relation(&self, branch: &str) -> Relation {
        let (base, version, below) = (self.base, self.version, self.below.clone());
        Relation::Staged { branch: branch.to_owned(), base, version, below }
    }

    /// What the table's name stands for once its commits are in the staging area of the branch that the run worked on, or
    /// in the published log.
    pub fn relation_once_put(&self, onto: Option<&str>) -> Relation {
        match onto {
            None => Relation::Table { version: self.version },
            Some(branch) => {
                let base = self.below.as_ref().map_or(self.base, |below| below.base);
                Relation::Staged { branch: branch.to_owned(), base, version: self.version, below: None }
            }
        }
    }
}

/// What a task on one asset has led to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Staged {
    /// Tables written: the asset's own first, then its side tables. Empty for a view.
    pub tables: Vec<StagedTable>,
    /// Rows read.
    pub rows_in: u64,
    /// Rows written to the asset's table.
    pub rows_out: u64,
    /// Rows set aside in `__quarantine`.
    pub quarantined: u64,
    /// Rows set aside in `__rejected`.
    pub rejected: u64,
    /// The first of them; not kept with the task.
    #[serde(skip)]
    pub first_rejected: Option<RejectedRow>,
    /// Bytes read from a source, as stored there; 0 for a query.
    pub bytes_in: u64,
    /// Bytes that checks read again after the write (0 when every check was one-pass).
    pub bytes_audited: u64,
    /// One result per check, in the request's order.
    pub checks: Vec<CheckResult>,
    /// How the table was brought up to date; `None` for views, and for sources whose rows do not take the place of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
    /// Things the person should know, e.g. that somebody else had written to the table.
    pub notes: Vec<String>,
    /// What its query and its checks have asked of tables; not kept with the task.
    #[serde(skip)]
    pub scans: Vec<TableScan>,
}

/// A run's line of table versions, apart from `main` and from the branch that it may work on.
#[async_trait]
pub trait Branch: Send + Sync {
    /// Writes a table and evaluates its checks. What an earlier attempt on this branch staged for it is thrown away
    /// first. The staged table is complete and readable when this returns; judging the verdicts is up to the caller.
    ///
    /// # Errors
    /// Whatever stops the rows from being read, computed or written. Nothing of the attempt is then visible.
    async fn stage(&self, request: StageRequest) -> Result<Staged>;

    /// Evaluates a view's checks.
    ///
    /// # Errors
    /// When the view's query fails.
    async fn audit_view(&self, request: AuditViewRequest) -> Result<Staged>;

    /// Stages the contents of an older version of a table as a new commit (Delta RESTORE).
    ///
    /// # Errors
    /// When the version or one of its files is gone.
    async fn stage_restore(&self, table: &TableName, to_version: u64) -> Result<StagedTable>;

    /// Stages the same rows of a table in other files, as [`Engine::survey`] finds it worth while; with `anew`, all of them.
    /// The commit says that it only rearranges rows. `None` when there is nothing to do. What an earlier attempt on this branch
    /// staged for the table is thrown away first.
    ///
    /// # Errors
    /// When the rows cannot be read or written. Nothing is staged then.
    async fn stage_compaction(&self, table: &TableName, layout: &Layout, anew: bool) -> Result<Option<Compacted>>;

    /// Takes over commits of another staging area that stand on the published version `staged.base`: from then on they are
    /// this branch's, as if it had staged them itself. What it had staged of the table is thrown away first.
    ///
    /// # Errors
    /// `HW0635` when a commit is not there; otherwise when the storage cannot be read or written.
    async fn adopt(&self, staged: &StagedTable, from: &str) -> Result<()>;

    /// Whether the branch still holds this staged table, commit for commit and file for file.
    ///
    /// # Errors
    /// When the storage cannot be read.
    async fn holds(&self, staged: &StagedTable) -> Result<bool>;
}

/// How publishing ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Every staged commit is in its table's published log.
    Done,
    /// A table's log holds a commit of somebody else's where the staged one had to go. Commits of other tables may have
    /// been put: [`Engine::unpublish`] takes them back.
    Stale {
        /// The tables with foreign commits.
        tables: Vec<TableName>,
    },
    /// Staged commits that were not put yet are gone from the branch, so that they never can be. Commits of other tables
    /// may have been put: [`Engine::unpublish`] takes them back.
    Lost {
        /// The tables without their commits.
        tables: Vec<TableName>,
    },
}

/// Rows for a reader.
pub struct QueryResult {
    /// The columns.
    pub schema: SchemaRef,
    /// The rows; a stream of constant memory.
    pub stream: BatchStream,
    /// What it asks of the tables that it reads as they are now.
    pub scans: Scans,
}

/// A table that stands for one of the lake while a query is tried out.
#[derive(Debug, Clone)]
pub enum GivenTable {
    /// These rows, in lake types.
    Rows(RecordBatch),
    /// The rows of a query, whose names are resolved among the given tables.
    View {
        /// Rendered SQL.
        sql: String,
    },
}

/// A query to be tried out on tables that are given.
#[derive(Debug, Clone)]
pub struct TrialRequest {
    /// The table that the query would fill.
    pub table: TableName,
    /// Rendered SQL.
    pub sql: String,
    /// Everything that the query and the checks can name, beside the table itself.
    pub tables: BTreeMap<TableName, GivenTable>,
    /// Checks to be evaluated on the rows. None sets any aside.
    pub checks: Vec<CompiledCheck>,
    /// The time that `now()` and its like stand for, in microseconds since 1970-01-01T00:00:00Z; `None` for the clock's.
    pub now: Option<i64>,
}

/// What came of trying a query out.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Its rows, in lake types: what a run would write.
    pub rows: RecordBatch,
    /// One result per check, in the request's order.
    pub checks: Vec<CheckResult>,
}

/// What must be kept when files are removed.
#[derive(Debug, Clone, Default)]
pub struct KeepSet {
    /// Per table, the published versions that a live snapshot refers to. The log's newest version is always kept.
    pub versions: BTreeMap<TableName, BTreeSet<u64>>,
    /// Tables that Headwater has made, published or not. What lies in the folders of others is not touched.
    pub tables: BTreeSet<TableName>,
    /// Staging areas that are still in use, each with the one that its commits stand on, if any; all others are removed.
    pub branches: BTreeMap<String, Option<String>>,
}

/// What was, or would be, removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VacuumReport {
    /// Data files removed.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Staging areas of dead branches removed.
    pub branches: u64,
}

/// Plans, writes, publishes and reads. One per lake.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Plans a model's SQL against the schemas of the tables it names; touches no data.
    ///
    /// # Errors
    /// [`SqlError`] for SQL that is wrong, is no single query, writes, or whose output no table can hold.
    fn analyze(
        &self,
        sql: &str,
        table_schema: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
    ) -> Result<Analysis, SqlError>;

    /// Keeps what [`Engine::analyze`] told for the next process, where there is a place for that.
    fn keep_analyses(&self) {}

    /// How a model's table will be brought up to date when its inputs change; touches no data.
    ///
    /// # Errors
    /// As [`Engine::analyze`].
    fn foresee(
        &self,
        request: &ForesightRequest<'_>,
        table_schema: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
    ) -> Result<Foresight, SqlError>;

    /// The Arrow schema of a table in the lake, for columns of any Arrow types.
    ///
    /// # Errors
    /// When a column's type cannot be kept in a Delta table.
    fn lake_schema(&self, schema: &SchemaRef) -> Result<SchemaRef>;

    /// Opens (or reopens, after a crash) the branch of a run. It stands on what is published, or on the staging area `on` of
    /// the branch that the run works on.
    ///
    /// # Errors
    /// When the storage cannot be reached.
    async fn open_branch(&self, branch: &str, on: Option<&str>, run: &RunId) -> Result<Arc<dyn Branch>>;

    /// Throws a branch's staging area away. Data files are left to [`Engine::vacuum`].
    ///
    /// # Errors
    /// When the storage cannot be reached.
    async fn drop_branch(&self, branch: &str) -> Result<()>;

    /// Puts the staged commits of a run into the published logs, or into the staging area `onto` of the branch that the run
    /// worked on. Idempotent: may be called again after a crash at any moment.
    ///
    /// # Errors
    /// When the storage fails; calling again later finishes the work.
    async fn publish(
        &self,
        run: &RunId,
        branch: &str,
        onto: Option<&str>,
        tables: &[StagedTable],
    ) -> Result<PublishOutcome>;

    /// Takes back by RESTORE commits what [`Engine::publish`] put before it found that the rest cannot be put, so that
    /// direct readers of those tables see their old contents again. A table that somebody has written to since is left
    /// as it is. What was put into a branch's staging area, where nobody else reads or writes, is removed from it.
    /// Idempotent. Only for who holds the lake's lease, and only when no snapshot shows the commits.
    ///
    /// # Errors
    /// When the storage fails; calling again later finishes the work.
    async fn unpublish(&self, run: &RunId, branch: &str, onto: Option<&str>, tables: &[StagedTable]) -> Result<()>;

    /// The newest version in a table's published log; `None` when there is no such table.
    ///
    /// # Errors
    /// When the storage cannot be reached.
    async fn head_version(&self, table: &TableName) -> Result<Option<u64>>;

    /// The schema of a name.
    ///
    /// # Errors
    /// When the table cannot be read or the view cannot be planned.
    async fn schema(&self, relations: &Relations, name: &TableName) -> Result<SchemaRef>;

    /// The source position kept in the newest commit at or below a version; `None` when there is none, and for views.
    ///
    /// # Errors
    /// When the log cannot be read.
    async fn position(&self, table: &TableName, relation: &Relation) -> Result<Option<serde_json::Value>>;

    /// The moments that a query reads tables as of, in the order of the text: `FOR VERSION AS OF`, `FOR SYSTEM_TIME AS OF`.
    ///
    /// # Errors
    /// `HW0565` for a moment that is no constant.
    fn moments(&self, sql: &str) -> Result<Vec<Moment>>;

    /// Answers a query. Statements other than queries are refused. `past` says what names meant at the moments that the
    /// query names.
    ///
    /// # Errors
    /// For SQL that is wrong or not a query, and for tables that cannot be read.
    async fn query(&self, relations: &Relations, past: &Past, sql: &str) -> Result<QueryResult>;

    /// The number of rows of a table or view.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    async fn count_rows(&self, relations: &Relations, table: &TableName) -> Result<u64>;

    /// Compares a table with itself, in memory that does not grow with it.
    ///
    /// # Errors
    /// `HW0636` for a key that a side does not have, `HW0637` for one that does not tell rows apart, and when a side cannot
    /// be read.
    async fn compare(&self, request: &CompareRequest) -> Result<Comparison>;

    /// The rows of a table that are to be delivered, in memory that does not grow with them. Of a load of changes the key tells the
    /// rows of either side apart: that is checked before they are published.
    ///
    /// # Errors
    /// `HW0640` when only new rows are asked for and others are gone, and when a side cannot be read.
    async fn outgoing(&self, request: &OutgoingRequest) -> Result<OutgoingRows>;

    /// Answers a query from given tables, and evaluates checks on its rows. Neither the lake nor anything else is read or
    /// written.
    ///
    /// # Errors
    /// For SQL that is wrong, and for values that it cannot compute with.
    async fn try_out(&self, request: TrialRequest) -> Result<Trial>;

    /// What the files of a table's newest version are, and which of them should be written again; with `anew`, all of them.
    ///
    /// # Errors
    /// When the log cannot be read.
    async fn survey(&self, table: &TableName, layout: &Layout, anew: bool) -> Result<Survey>;

    /// Puts a checkpoint of the newest version beside a table's log, so that readers need not read the commits before it.
    /// No commit is removed.
    ///
    /// # Errors
    /// When the log cannot be read or the checkpoint cannot be written; readers then go by the commits as before.
    async fn checkpoint(&self, table: &TableName) -> Result<()>;

    /// Removes files that nothing refers to.
    ///
    /// # Errors
    /// When the storage cannot be reached.
    async fn vacuum(&self, keep: &KeepSet, dry_run: bool) -> Result<VacuumReport>;
}
