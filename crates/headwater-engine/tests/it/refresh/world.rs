//! A lake in which tables are refreshed, and the same tables computed whole.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use headwater_sdk::Relations;
use headwater_sdk::check::{CheckCount, CheckResult, CompiledCheck};
use headwater_sdk::engine::{
    ClusterOrder, Clustering, Compacted, Engine, Layout, Past, Refresh, Since, StageInput, StageRequest, Staged,
    WriteMode,
};
use headwater_sdk::method::Method;

use super::events::{Event, TABLES, rows};
use crate::fixture::{Fixture, name};

/// A lake, and what each of its models was last made from.
pub(super) struct World {
    pub(super) lake: Fixture,
    made: BTreeMap<String, Since>,
}

impl World {
    pub(super) fn new() -> Self {
        Self { lake: Fixture::new(), made: BTreeMap::new() }
    }

    /// Adds events to `raw.t` or `raw.u`.
    pub(super) async fn load(&mut self, table: usize, events: &[Event]) {
        self.lake.load(&format!("raw.{}", TABLES[table].0), rows(table, events), WriteMode::Append, vec![]).await;
    }

    /// Brings a model up to date, and says how.
    pub(super) async fn refresh(
        &mut self,
        model: &str,
        sql: &str,
        checks: Vec<CompiledCheck>,
    ) -> Result<Staged, String> {
        let (branch, opened) = self.lake.branch().await;
        let input = StageInput::Query {
            sql: sql.to_owned(),
            since: self.made.get(model).cloned(),
            method: Method::Whole.into(),
        };
        // Some tables are partitioned, by numbers with nulls.
        let partition_by = if model.starts_with("m.parts") { vec!["c0".to_owned()] } else { Vec::new() };
        let request = StageRequest { partition_by, ..self.lake.request(model, input, WriteMode::Replace, checks) };
        let staged = opened.stage(request).await.map_err(|e| e.full_message())?;
        let relations = self.lake.relations.clone();
        self.lake.publish(&branch, &staged).await;
        let version = match self.lake.relations.get(&name(model)) {
            Some(headwater_sdk::Relation::Table { version }) => *version,
            other => panic!("{model} is {other:?}"),
        };
        self.made.insert(
            model.to_owned(),
            Since { relations, version, checks: staged.checks.iter().map(CheckCount::of).collect() },
        );
        Ok(staged)
    }

    /// Writes a table again into other files; whether there was anything to do. A model that reads it was made from the files
    /// before.
    pub(super) async fn compact(&mut self, table: &str, columns: &[&str], order: ClusterOrder) -> Result<bool, String> {
        let (branch, opened) = self.lake.branch().await;
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let layout = Layout { clustering: Clustering { columns, order }, ..Layout::default() };
        let anew = !layout.clustering.columns.is_empty();
        let compacted = opened.stage_compaction(&name(table), &layout, anew).await.map_err(|e| e.full_message())?;
        let Some(Compacted { staged, .. }) = compacted else { return Ok(false) };
        let version = staged.version;
        self.lake.publish(&branch, &Staged { tables: vec![staged], ..Staged::default() }).await;
        if let Some(since) = self.made.get_mut(table) {
            since.version = version;
        }
        Ok(true)
    }

    /// Fails unless the checks of a refreshed model have found what they find when all of it is computed.
    pub(super) async fn verify_checks(&self, model: &str, sql: &str, refreshed: &Staged) -> Result<(), String> {
        let (branch, opened) = self.lake.branch().await;
        let input = StageInput::Query { sql: sql.to_owned(), since: None, method: Method::Whole.into() };
        let checks = refreshed.checks.iter().map(|result| result.check.clone()).collect();
        let whole = opened.stage(self.lake.request(model, input, WriteMode::Replace, checks)).await;
        self.lake.engine.drop_branch(&branch).await.map_err(|e| e.full_message())?;
        let found = |staged: &Staged| -> Vec<_> {
            let result = |r: &CheckResult| (r.check.name.clone(), r.verdict, r.checked, r.failing);
            staged.checks.iter().map(result).collect()
        };
        let (wanted, got) = (found(&whole.map_err(|e| e.full_message())?), found(refreshed));
        if wanted == got {
            return Ok(());
        }
        Err(format!(
            "{model} was refreshed by {:?}\n{sql}\nchecks found {got:?}\nand not {wanted:?}",
            refreshed.refresh
        ))
    }

    /// The rows of a query, sorted; `None` when the engine cannot run it.
    pub(super) async fn rows_of(&self, sql: &str) -> Option<Vec<String>> {
        rows_of(&self.lake, &self.lake.relations, sql).await
    }

    /// Fails unless a model's table has the rows that its query yields.
    pub(super) async fn verify(&self, model: &str, sql: &str, how: Option<&Refresh>) -> Result<(), String> {
        let wanted = self.rows_of(sql).await.ok_or_else(|| format!("cannot be run any more: {sql}"))?;
        let got = self.rows_of(&format!("select * from {model}")).await.ok_or("its table cannot be read")?;
        if wanted == got {
            return Ok(());
        }
        let lacks: Vec<&String> = wanted.iter().filter(|row| !got.contains(row)).collect();
        let extra: Vec<&String> = got.iter().filter(|row| !wanted.contains(row)).collect();
        Err(format!(
            "{model} was refreshed by {how:?} and has {} rows for {}\n{sql}\nlacks {lacks:?}\nhas {extra:?}",
            got.len(),
            wanted.len()
        ))
    }
}

async fn rows_of(lake: &Fixture, relations: &Relations, sql: &str) -> Option<Vec<String>> {
    let result = lake.engine.query(relations, &Past::new(), sql).await.ok()?;
    let batches: Vec<_> = result.stream.try_collect().await.ok()?;
    let text = arrow::util::pretty::pretty_format_batches(&batches).ok()?.to_string();
    let mut rows: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    rows.sort();
    Some(rows)
}
