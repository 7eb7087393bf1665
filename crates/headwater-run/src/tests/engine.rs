//! A small engine: tables are lists of versions in memory, branches stand on them, publishing appends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use arrow_schema::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt;
use headwater_sdk::check::{CheckResult, CompiledCheck, Probe, Severity, Verdict};
use headwater_sdk::engine::{
    Analysis, AuditViewRequest, Branch, Compacted, CompareRequest, Comparison, Engine, Foresight, ForesightRequest,
    GivenTable, KeepSet, Layout, OutgoingRequest, OutgoingRows, PublishOutcome, QueryResult, SqlError, StageInput,
    StageRequest, Staged, StagedTable, Survey, Trial, TrialRequest, VacuumReport, WriteMode,
};
use headwater_sdk::lineage::{ColumnLineage, ColumnRef, Edge, Fingerprint, Fingerprints, Influence, OutputColumn};
use headwater_sdk::types::timestamp_utc;
use headwater_sdk::{Blame, Error, Relation, Relations, Result, RunId, TableName};

use super::sources::{Row, text_schema, to_batch, to_rows};
use super::sql;
use super::tap::Tap;

/// One commit of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version {
    commit: u64,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) position: Option<serde_json::Value>,
}

impl Version {
    fn emptied(&self) -> Self {
        Self { rows: Vec::new(), position: None, ..self.clone() }
    }
}

#[derive(Default)]
pub(super) struct Storage {
    pub(super) tables: BTreeMap<TableName, Vec<Version>>,
    pub(super) branches: BTreeMap<String, BTreeMap<TableName, (Option<u64>, Version)>>,
    commits: u64,
    pub(super) vacuumed: Option<KeepSet>,
}

impl Storage {
    /// Puts a staged commit into its table's log; false when another commit stands there.
    fn put_commit(&mut self, branch: &str, staged: &StagedTable) -> Result<bool> {
        let there = self.branches.get(branch).and_then(|branch| branch.get(&staged.table));
        let (_, version) = there.ok_or_else(dropped)?.clone();
        let log = self.tables.entry(staged.table.clone()).or_default();
        Ok(match log.get(staged.version as usize) {
            Some(there) => *there == version,
            None if log.len() as u64 == staged.version => {
                log.push(version);
                true
            }
            None => false,
        })
    }

    /// Takes back a staged commit that is the newest of its table's log.
    fn take_back(&mut self, branch: &str, staged: &StagedTable) {
        let there = self.branches.get(branch).and_then(|branch| branch.get(&staged.table));
        let (Some((_, version)), Some(log)) = (there, self.tables.get_mut(&staged.table)) else { return };
        if log.len() as u64 == staged.version + 1 && log.last() == Some(version) {
            let before = staged.base.map(|base| log[base as usize].clone());
            self.commits += 1;
            log.push(Version { commit: self.commits, ..before.unwrap_or_else(|| version.emptied()) });
        }
    }
}

/// Branches that people make are tried out with the real engine.
fn no_areas(name: &str) -> Error {
    Error::new("HW0914", Blame::Headwater, format!("this engine has no area {name}"))
}

fn dropped() -> Error {
    Error::new("HW0920", Blame::Environment, "the branch is gone")
}

#[derive(Clone)]
pub(super) struct MemoryEngine {
    pub(super) storage: Arc<Mutex<Storage>>,
    pub(super) tap: Arc<Tap>,
}

impl MemoryEngine {
    pub(super) fn new(tap: Arc<Tap>) -> Self {
        Self { storage: Arc::default(), tap }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Storage> {
        self.storage.lock().unwrap()
    }

    /// Commits to a published log, as another program would.
    pub(super) fn foreign_commit(&self, table: &str) {
        let mut storage = self.lock();
        storage.commits += 1;
        let commit = storage.commits;
        let versions = storage.tables.get_mut(&table.parse().unwrap()).unwrap();
        let newest = versions.last().unwrap().clone();
        versions.push(Version { commit, ..newest });
    }

    /// The columns and rows of a name.
    pub(super) fn read(&self, relations: &Relations, name: &TableName) -> Result<(Vec<String>, Vec<Row>)> {
        let missing = || Error::new("HW0511", Blame::Environment, format!("{name} is not there"));
        match relations.get(name).ok_or_else(missing)? {
            Relation::View { sql } => self.evaluate(relations, sql),
            Relation::Table { version } => {
                let storage = self.lock();
                let version = storage.tables.get(name).and_then(|v| v.get(*version as usize)).ok_or_else(missing)?;
                Ok((version.columns.clone(), version.rows.clone()))
            }
            Relation::Staged { branch, .. } => {
                let storage = self.lock();
                let (_, version) = storage.branches.get(branch).and_then(|b| b.get(name)).ok_or_else(missing)?;
                Ok((version.columns.clone(), version.rows.clone()))
            }
        }
    }

    pub(super) fn evaluate(&self, relations: &Relations, sql: &str) -> Result<(Vec<String>, Vec<Row>)> {
        let select = sql::parse(sql).ok_or_else(|| Error::new("HW0501", Blame::Project, "not SQL"))?;
        let (mut names, mut rows) = (Vec::new(), Vec::new());
        for table in &select.tables {
            let (columns, found) = self.read(relations, table)?;
            names = match select.columns.as_slice() {
                [(star, _)] if star == "*" => columns.clone(),
                some => some.iter().map(|(name, _)| name.clone()).collect(),
            };
            let places: Vec<usize> =
                names.iter().map(|name| columns.iter().position(|column| column == name).unwrap()).collect();
            rows.extend(found.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect::<Row>()));
        }
        Ok((names, rows))
    }

    fn judge(&self, check: &CompiledCheck, columns: &[String], rows: &[Row], relations: &Relations) -> Vec<usize> {
        let place = |name: &String| columns.iter().position(|column| column == name).unwrap();
        let failing = |fails: &dyn Fn(&Row) -> bool| (0..rows.len()).filter(|row| fails(&rows[*row])).collect();
        match &check.probe {
            Probe::NotNull { columns } => failing(&|row| columns.iter().any(|column| row[place(column)].is_none())),
            Probe::Row { fails_when } => {
                let (column, text) = sql::parse_condition(fails_when).unwrap();
                failing(&|row| row[place(&column.to_owned())].as_deref() == Some(text))
            }
            Probe::References { columns, to, to_columns } => {
                let (theirs, found) = self.read(relations, to).unwrap();
                let there = theirs.iter().position(|column| *column == to_columns[0]).unwrap();
                let known: BTreeSet<&Option<String>> = found.iter().map(|row| &row[there]).collect();
                failing(&|row| !known.contains(&row[place(&columns[0])]))
            }
            Probe::RowCount { .. } | Probe::Freshness { .. } | Probe::Unique { .. } | Probe::Query { .. } => Vec::new(),
        }
    }

    /// Judges the new rows of a table; checks that set nothing aside also judge those
    /// `before` when they take a second look, or all with `judge_all`.
    fn check_all(
        &self,
        checks: &[CompiledCheck],
        columns: &[String],
        new: &[Row],
        before: &[Row],
        judge_all: bool,
        relations: &Relations,
    ) -> (Vec<CheckResult>, BTreeSet<usize>) {
        let (mut results, mut aside) = (Vec::new(), BTreeSet::new());
        for check in checks {
            let all = (judge_all || !check.is_one_pass()) && check.severity != Severity::Quarantine;
            let rows = if all { [before, new].concat() } else { new.to_vec() };
            let failing = self.judge(check, columns, &rows, relations);
            let within = check.threshold.tolerates(failing.len() as u64, rows.len() as u64);
            let verdict = match check.severity {
                _ if failing.is_empty() || (within && check.severity != Severity::Quarantine) => Verdict::Passed,
                Severity::Warn => Verdict::Warned,
                Severity::Quarantine => Verdict::Quarantined,
                Severity::Error => Verdict::Failed,
            };
            if verdict == Verdict::Quarantined {
                aside.extend(failing.iter().copied());
            }
            let observed = match &check.probe {
                Probe::Freshness { column, .. } => {
                    let place = columns.iter().position(|name| name == column).unwrap();
                    rows.iter().filter_map(|row| row[place].clone()).max()
                }
                _ => None,
            };
            let (checked, failing) = (rows.len() as u64, failing.len() as u64);
            results.push(CheckResult { check: check.clone(), verdict, checked, failing, observed, sample: Vec::new() });
        }
        (results, aside)
    }
}

struct MemoryBranch {
    engine: MemoryEngine,
    name: String,
}

impl MemoryBranch {
    fn put(
        &self,
        table: TableName,
        columns: Vec<String>,
        rows: Vec<Row>,
        position: Option<serde_json::Value>,
    ) -> Result<StagedTable> {
        let mut storage = self.engine.lock();
        storage.commits += 1;
        let base = storage.tables.get(&table).map(|versions| versions.len() as u64 - 1);
        let version = Version { commit: storage.commits, columns, rows, position };
        let (count, bytes) = (version.rows.len() as u64, version.rows.len() as u64 * 10);
        storage.branches.get_mut(&self.name).ok_or_else(dropped)?.insert(table.clone(), (base, version));
        let version = base.map_or(0, |base| base + 1);
        Ok(StagedTable { table, base, below: None, version, rows: Some(count), bytes, files: 1 })
    }
}

#[async_trait]
impl Branch for MemoryBranch {
    async fn stage(&self, request: StageRequest) -> Result<Staged> {
        let index = self.engine.tap.before(&format!("engine stage {}", request.table)).await?;
        let (columns, fresh) = match request.input {
            StageInput::Query { sql, .. } => self.engine.evaluate(&request.relations, &sql)?,
            StageInput::Source { schema, parts, .. } => {
                let mut rows = Vec::new();
                for part in parts {
                    let mut batches = part.read(Arc::clone(&request.progress));
                    while let Some(batch) = batches.next().await {
                        rows.extend(to_rows(&batch?.rows));
                    }
                }
                (schema.fields().iter().map(|field| field.name().clone()).collect(), rows)
            }
        };
        let before = match request.mode {
            WriteMode::Append => self.engine.read(&request.relations, &request.table)?.1,
            WriteMode::Replace => Vec::new(),
        };
        let (checks, aside) =
            self.engine.check_all(&request.checks, &columns, &fresh, &before, request.judge_all, &request.relations);
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (place, row) in fresh.iter().enumerate() {
            if aside.contains(&place) { bad.push(row.clone()) } else { good.push(row.clone()) }
        }
        let rows_out = good.len() as u64;
        let good = [before, good].concat();
        let mut staged = Staged { rows_in: fresh.len() as u64, rows_out, checks, ..Staged::default() };
        staged.tables.push(self.put(
            request.table.clone(),
            columns.clone(),
            good,
            request.position.map(|position| position.get()),
        )?);
        if !bad.is_empty() {
            staged.quarantined = bad.len() as u64;
            staged.tables.push(self.put(request.table.quarantine(), columns, bad, None)?);
        }
        self.engine.tap.after(index).await;
        Ok(staged)
    }

    async fn audit_view(&self, request: AuditViewRequest) -> Result<Staged> {
        let index = self.engine.tap.before(&format!("engine audit_view {}", request.view)).await?;
        let (columns, rows) = self.engine.evaluate(&request.relations, &request.sql)?;
        let (checks, _) = self.engine.check_all(&request.checks, &columns, &rows, &[], false, &request.relations);
        self.engine.tap.after(index).await;
        Ok(Staged { rows_in: rows.len() as u64, checks, ..Staged::default() })
    }

    async fn stage_restore(&self, table: &TableName, to_version: u64) -> Result<StagedTable> {
        let index = self.engine.tap.before(&format!("engine stage_restore {table}")).await?;
        let old = self.engine.lock().tables.get(table).and_then(|versions| versions.get(to_version as usize)).cloned();
        let old =
            old.ok_or_else(|| Error::new("HW0560", Blame::Data, format!("version {to_version} of {table} is gone")))?;
        let staged = self.put(table.clone(), old.columns, old.rows, old.position)?;
        self.engine.tap.after(index).await;
        Ok(staged)
    }

    /// A table has no files here.
    async fn stage_compaction(&self, _: &TableName, _: &Layout, _: bool) -> Result<Option<Compacted>> {
        Ok(None)
    }

    async fn adopt(&self, staged: &StagedTable, _from: &str) -> Result<()> {
        Err(no_areas(&staged.table.to_string()))
    }

    async fn holds(&self, staged: &StagedTable) -> Result<bool> {
        self.engine.tap.before("engine holds").await?;
        let storage = self.engine.lock();
        let found = storage.branches.get(&self.name).and_then(|branch| branch.get(&staged.table));
        Ok(found.is_some_and(|(base, _)| *base == staged.base))
    }
}

#[async_trait]
impl Engine for MemoryEngine {
    fn analyze(
        &self,
        text: &str,
        table_schema: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
    ) -> Result<Analysis, SqlError> {
        let error = |code, message: String, span| SqlError { code, message, help: None, span };
        let select = sql::parse(text).ok_or_else(|| error("HW0501", "not SQL".into(), None))?;
        let (mut names, mut columns) = (Vec::new(), BTreeMap::<String, Vec<Edge>>::new());
        for table in &select.tables {
            let schema = table_schema(table).ok_or_else(|| error("HW0502", format!("no table {table}"), None))?;
            let all: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            names = match select.columns.as_slice() {
                [(star, _)] if star == "*" => all.clone(),
                some => some.iter().map(|(name, _)| name.clone()).collect(),
            };
            for (name, span) in select.columns.iter().filter(|(name, _)| name != "*") {
                if !all.contains(name) {
                    return Err(error("HW0503", format!("no column {name}"), Some(span.clone())));
                }
            }
            for name in &names {
                let from = ColumnRef { table: table.clone(), column: name.clone() };
                let edge = Edge { from, influence: Influence::Identity, masking: false };
                columns.entry(name.clone()).or_default().push(edge);
            }
        }
        let columns = names
            .iter()
            .map(|name| OutputColumn { name: name.clone(), edges: columns.remove(name).unwrap_or_default() })
            .collect();
        let lineage = ColumnLineage { columns, dataset: Vec::new() };
        let print = |what: &str| Fingerprint { hash: format!("{what} of {:?}", select.tables), stable: true };
        let fingerprints =
            Fingerprints { columns: names.iter().map(|name| print(name)).collect(), rows: print("rows") };
        Ok(Analysis { schema: text_schema(&names), lineage, fingerprints, sums: Vec::new(), volatile: select.volatile })
    }

    /// Texts, but for a column `time`.
    fn lake_schema(&self, schema: &SchemaRef) -> Result<SchemaRef> {
        let fields = schema.fields().iter().map(|field| {
            let data_type = if field.name() == "time" { timestamp_utc() } else { field.data_type().clone() };
            Field::new(field.name(), data_type, true)
        });
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }

    async fn open_branch(&self, branch: &str, on: Option<&str>, _run: &RunId) -> Result<Arc<dyn Branch>> {
        if let Some(on) = on {
            return Err(no_areas(on));
        }
        let index = self.tap.before("engine open_branch").await?;
        self.lock().branches.entry(branch.to_owned()).or_default();
        self.tap.after(index).await;
        Ok(Arc::new(MemoryBranch { engine: self.clone(), name: branch.to_owned() }))
    }

    async fn drop_branch(&self, branch: &str) -> Result<()> {
        let index = self.tap.before("engine drop_branch").await?;
        self.lock().branches.remove(branch);
        self.tap.after(index).await;
        Ok(())
    }

    async fn publish(
        &self,
        _run: &RunId,
        branch: &str,
        onto: Option<&str>,
        tables: &[StagedTable],
    ) -> Result<PublishOutcome> {
        if let Some(onto) = onto {
            return Err(no_areas(onto));
        }
        let index = self.tap.before("engine publish").await?;
        for staged in tables {
            // Between two tables the process may die as well.
            let between = self.tap.before("engine publish one").await?;
            if !self.lock().put_commit(branch, staged)? {
                return Ok(PublishOutcome::Stale { tables: vec![staged.table.clone()] });
            }
            self.tap.after(between).await;
        }
        self.tap.after(index).await;
        Ok(PublishOutcome::Done)
    }

    async fn unpublish(&self, _run: &RunId, branch: &str, _onto: Option<&str>, tables: &[StagedTable]) -> Result<()> {
        let index = self.tap.before("engine unpublish").await?;
        tables.iter().for_each(|staged| self.lock().take_back(branch, staged));
        self.tap.after(index).await;
        Ok(())
    }

    async fn head_version(&self, table: &TableName) -> Result<Option<u64>> {
        Ok(self.lock().tables.get(table).map(|versions| versions.len() as u64 - 1))
    }

    async fn schema(&self, relations: &Relations, name: &TableName) -> Result<SchemaRef> {
        self.tap.before(&format!("engine schema {name}")).await?;
        Ok(text_schema(&self.read(relations, name)?.0))
    }

    async fn position(&self, table: &TableName, relation: &Relation) -> Result<Option<serde_json::Value>> {
        self.tap.before(&format!("engine position {table}")).await?;
        let Some(version) = relation.version() else { return Ok(None) };
        let storage = self.lock();
        let versions = &storage.tables[table][..=version as usize];
        Ok(versions.iter().rev().find_map(|version| version.position.clone()))
    }

    fn moments(&self, _: &str) -> Result<Vec<headwater_sdk::engine::Moment>> {
        Ok(Vec::new())
    }

    async fn query(&self, relations: &Relations, _: &headwater_sdk::engine::Past, sql: &str) -> Result<QueryResult> {
        let (columns, rows) = self.evaluate(relations, sql)?;
        let schema = text_schema(&columns);
        let batch = to_batch(&schema, &rows);
        let stream = futures::stream::iter([Ok(batch)]).boxed();
        Ok(QueryResult { schema, stream, scans: Arc::new(Vec::new) })
    }

    async fn count_rows(&self, relations: &Relations, table: &TableName) -> Result<u64> {
        Ok(self.read(relations, table)?.1.len() as u64)
    }

    async fn compare(&self, request: &CompareRequest) -> Result<Comparison> {
        Err(Error::new("HW0914", Blame::Headwater, format!("this engine does not compare {}", request.table)))
    }

    async fn outgoing(&self, request: &OutgoingRequest) -> Result<OutgoingRows> {
        Err(Error::new("HW0914", Blame::Headwater, format!("this engine does not deliver {}", request.table)))
    }

    async fn try_out(&self, request: TrialRequest) -> Result<Trial> {
        let (given, mut relations) = (Self::new(Arc::clone(&self.tap)), Relations::new());
        for (name, table) in request.tables {
            let relation = match table {
                GivenTable::View { sql } => Relation::View { sql },
                GivenTable::Rows(batch) => {
                    let columns = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
                    let version = Version { commit: 0, columns, rows: to_rows(&batch), position: None };
                    given.lock().tables.insert(name.clone(), vec![version]);
                    Relation::Table { version: 0 }
                }
            };
            relations.insert(name, relation);
        }
        let (columns, rows) = given.evaluate(&relations, &request.sql)?;
        let (checks, _) = given.check_all(&request.checks, &columns, &rows, &[], false, &relations);
        Ok(Trial { rows: to_batch(&text_schema(&columns), &rows), checks })
    }

    fn foresee(
        &self,
        request: &ForesightRequest<'_>,
        _table_schema: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
    ) -> Result<Foresight, SqlError> {
        let stays = request.changed.is_empty();
        Ok(if stays { Foresight::Nothing } else { Foresight::Full { because: None } })
    }

    async fn survey(&self, _: &TableName, _: &Layout, _: bool) -> Result<Survey> {
        Ok(Survey::default())
    }

    async fn checkpoint(&self, _: &TableName) -> Result<()> {
        Ok(())
    }

    async fn vacuum(&self, keep: &KeepSet, _dry_run: bool) -> Result<VacuumReport> {
        self.tap.before("engine vacuum").await?;
        self.lock().vacuumed = Some(keep.clone());
        Ok(VacuumReport { files: 3, bytes: 30, branches: 0 })
    }
}
