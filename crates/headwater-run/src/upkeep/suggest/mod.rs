//! Suggesting how the rows of tables should lie, from what queries have asked for (docs/adr/0012-layout-suggestions.md).
//!
//! - `estimate`: the rows that queries read of a table that lies in some way
//! - `candidates`: the ways in which it could lie, and the best of them
//! - `contents`: what has to be known of a table for that
//! - `advice`: what is said about it

mod advice;
mod candidates;
mod contents;
mod estimate;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::DataType;
use headwater_project::{AssetKind, Materialize, Project};
use headwater_sdk::engine::{Layout, TableScan};
use headwater_sdk::store::{ColumnUse, RestrictedBy, UsageRecord};
use headwater_sdk::{Relation, Result, TableName};

pub use advice::{Advice, SeenColumn, Suggestion};

use self::advice::Nothing;
use self::candidates::{best, candidates, total_now};
use self::contents::Reader;
use self::estimate::{Arrangement, Ask, Contents, Pattern};
use super::maintain::verify_tables;
use crate::error::RunError;
use crate::lake::{Base, Lake};

/// A smaller table is read quickly, however it lies.
const LEAST_ROWS: u64 = 100_000;
/// Fewer queries than this say little of those to come.
const LEAST_QUERIES: u64 = 5;
/// Queries have to read this many times less for a layout to be suggested.
const LEAST_GAIN: f64 = 2.0;
/// A table in more partitions than this takes long to open.
const MOST_PARTITIONS: f64 = 1_000.0;

/// Keeps what queries have asked of tables. It never fails: a query is worth more than its record.
pub async fn record_scans(lake: &Lake, scans: &[TableScan]) {
    if !scans.is_empty()
        && let Err(error) = lake.store.add_usage(scans).await
    {
        tracing::debug!(error = %error.full_message(), "what the query has asked for is not recorded");
    }
}

/// What there is to suggest for tables: for those that are named, or for all that queries have read.
///
/// # Errors
/// `HW0927` for what is no table, and when the catalogue or the lake cannot be read.
pub async fn suggest(lake: &Lake, project: &Project, tables: &[TableName]) -> Result<Vec<Advice>, RunError> {
    let base = lake.base().await?;
    verify_tables(tables, &base)?;
    let mut usage: BTreeMap<TableName, Vec<UsageRecord>> = BTreeMap::new();
    for record in lake.store.usage().await? {
        usage.entry(record.table.clone()).or_default().push(record);
    }
    let named: BTreeSet<&TableName> = if tables.is_empty() { usage.keys().collect() } else { tables.iter().collect() };
    let mut advice = Vec::new();
    for table in named {
        if !matches!(base.relation(table), Some(Relation::Table { .. })) {
            continue;
        }
        let records = usage.get(table).map_or(&[] as &[UsageRecord], Vec::as_slice);
        let case = Case { lake, project, base: &base, table, records };
        advice.push(case.advise().await?);
    }
    Ok(advice)
}

/// A table that is thought about.
struct Case<'a> {
    lake: &'a Lake,
    project: &'a Project,
    base: &'a Base,
    table: &'a TableName,
    records: &'a [UsageRecord],
}

impl Case<'_> {
    async fn advise(&self) -> Result<Advice> {
        let mut advice = Advice::of(self.table, self.records);
        match self.think(&mut advice).await? {
            Ok(suggestion) => advice.suggestion = Some(suggestion),
            Err(nothing) => advice.reason = Some(nothing.to_string()),
        }
        Ok(advice)
    }

    async fn think(&self, advice: &mut Advice) -> Result<Result<Suggestion, Nothing>> {
        if advice.queries == 0 {
            return Ok(Err(if self.project.record_queries { Nothing::Unread } else { Nothing::Unrecorded }));
        }
        if advice.restricted == 0 {
            return Ok(Err(Nothing::Unrestricted));
        }
        let asset = self.project.asset(self.table);
        // Where it is declared, how it lies, and whether it is made anew when it is partitioned otherwise.
        let (file, layout, partition_by, is_whole) = match asset.map(|asset| (&asset.path, &asset.kind)) {
            Some((file, AssetKind::Model(model))) => {
                (file, &model.layout, &model.partition_by, model.materialize == Materialize::Table)
            }
            Some((file, AssetKind::Script(script))) => (file, &script.layout, &script.partition_by, true),
            Some((_, AssetKind::Stream(_) | AssetKind::Seed(_))) => return Ok(Err(Nothing::Source)),
            None => return Ok(Err(Nothing::NoModel)),
        };
        if advice.restricted < LEAST_QUERIES {
            return Ok(Err(Nothing::FewQueries));
        }
        let (engine, relations) = (&self.lake.engine, self.base.relations());
        let rows = engine.count_rows(&relations, self.table).await?;
        advice.rows = Some(rows);
        if rows < LEAST_ROWS {
            return Ok(Err(Nothing::FewRows));
        }
        let survey = engine.survey(self.table, layout, false).await?;
        if let Some(obstacle) = survey.obstacle {
            return Ok(Err(Nothing::Obstacle(obstacle)));
        }
        let schema = engine.schema(&relations, self.table).await?;
        let reader = Reader { lake: self.lake, relations: &relations, table: self.table, schema };
        let patterns = patterns(self.records);
        let restricted: Vec<String> =
            by_weight(&patterns).into_iter().filter(|c| reader.ordered(c).is_some()).collect();
        let (partition_by, clustering) = (partition_by.clone(), layout.clustering.clone());
        let now = Arrangement { partition_by, clustering };
        let better = |table: &Contents, partitionable: &[String]| {
            let found = best(candidates(&now, &restricted, partitionable), &patterns, table);
            let most = total_now(&now, &patterns, table) / LEAST_GAIN;
            found.filter(|(arrangement, rows)| *rows <= most && *arrangement != now)
        };
        // Before the table is read: could any order of its rows help?
        if better(&contents::at_best(rows, &restricted), &[]).is_none() {
            return Ok(Err(Nothing::NoBetter));
        }
        let declared = now.partition_by.iter().chain(&now.clustering.columns).filter(|c| !restricted.contains(c));
        let columns: Vec<String> = restricted.iter().chain(declared).cloned().collect();
        let table = reader.read(&columns).await?;
        let on_average = |rows: f64| (rows / advice.restricted as f64).round() as u64;
        advice.rows_read = Some(on_average(total_now(&now, &patterns, &table)));
        // Others keep the partitions that they began with.
        let partitionable = match is_whole {
            true => self.partitionable(&restricted, layout, survey.bytes, &table, &reader).await?,
            false => Vec::new(),
        };
        Ok(match better(&table, &partitionable) {
            Some((best, rows)) => Ok(Suggestion::new(&now, &best, file, on_average(rows))),
            None => Err(Nothing::NoBetter),
        })
    }

    /// The columns of whose values each fills a file, and of which queries ask for values or for ranges of dates.
    async fn partitionable(
        &self,
        columns: &[String],
        layout: &Layout,
        bytes: u64,
        table: &Contents,
        reader: &Reader<'_>,
    ) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let of_a_row = bytes as f64 / table.rows.max(1.0);
        let fills_a_file = |rows: f64| rows * of_a_row >= layout.file_size as f64;
        for column in columns {
            let (Some(data_type), Some(spread)) = (reader.ordered(column), table.columns.get(column)) else { continue };
            let uses = self.records.iter().flat_map(|record| &record.columns).filter(|used| used.column == *column);
            let only_values = uses.clone().all(|used| used.by == RestrictedBy::Values);
            let suits = *data_type == DataType::Date32 || (only_values && !data_type.is_floating());
            if suits && spread.distinct <= MOST_PARTITIONS && fills_a_file(table.rows / spread.distinct) {
                let rarest = reader.rarest(column).await?;
                if fills_a_file(rarest) {
                    found.push(column.clone());
                }
            }
        }
        Ok(found)
    }
}

/// What queries for parts of a table have asked for, whatever the day.
fn patterns(records: &[UsageRecord]) -> Vec<Pattern> {
    let mut all: BTreeMap<Vec<(&str, RestrictedBy)>, UsageRecord> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.columns.is_empty()) {
        all.entry(record.key()).and_modify(|sum| sum.add(record)).or_insert_with(|| record.clone());
    }
    let ask = |used: &ColumnUse| match used.by {
        _ if used.known == 0 => Ask::Unknown,
        RestrictedBy::Values => Ask::Values(used.amount / used.known as f64),
        RestrictedBy::Range => Ask::Range(used.amount / used.known as f64),
    };
    let pattern = |record: &UsageRecord| Pattern {
        asks: record.columns.iter().map(|used| (used.column.clone(), ask(used))).collect(),
        scans: record.scans,
        read: record.read as f64 / (record.rows as f64).max(1.0),
    };
    all.values().map(pattern).collect()
}

/// The columns that queries restrict, those first for which the most rows were read.
fn by_weight(patterns: &[Pattern]) -> Vec<String> {
    let mut weights: BTreeMap<&String, f64> = BTreeMap::new();
    for pattern in patterns {
        for column in pattern.asks.keys() {
            *weights.entry(column).or_default() += pattern.read * pattern.scans as f64;
        }
    }
    let mut columns: Vec<(&String, f64)> = weights.into_iter().collect();
    columns.sort_by(|one, two| two.1.total_cmp(&one.1));
    columns.into_iter().map(|(column, _)| column.clone()).collect()
}
