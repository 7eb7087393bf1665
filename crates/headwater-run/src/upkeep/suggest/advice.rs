//! What is said about a table.

use std::collections::BTreeMap;
use std::fmt;

use headwater_sdk::TableName;
use headwater_sdk::engine::ClusterOrder;
use headwater_sdk::store::{USAGE_DAYS, UsageRecord};
use serde::Serialize;

use super::estimate::Arrangement;
use super::{LEAST_QUERIES, LEAST_ROWS};
use crate::clock;

/// What queries have asked of a table, and how its rows should lie for them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The table, as `schema.table`.
    pub table: String,
    /// The queries, builds of models and checks that have read it.
    pub queries: u64,
    /// Those of them that asked for a part of it.
    pub restricted: u64,
    /// The day of the first of them (`2026-01-31`).
    pub since: Option<String>,
    /// The columns that they restricted, the most frequent first.
    pub columns: Vec<SeenColumn>,
    /// Its rows, where they were counted.
    pub rows: Option<u64>,
    /// The rows that a query for a part reads on average, as the table lies or is declared to, where that was looked into.
    pub rows_read: Option<u64>,
    /// How its rows should lie.
    pub suggestion: Option<Suggestion>,
    /// Why nothing is suggested: a clause.
    pub reason: Option<String>,
}

/// A column that queries have restricted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenColumn {
    /// The column.
    pub column: String,
    /// The queries that did.
    pub queries: u64,
}

/// How the rows of a table should lie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The lines that are to stand in the model's header.
    pub header: Vec<String>,
    /// The model's file, relative to the project.
    pub file: String,
    /// The columns that partition it.
    pub partition_by: Vec<String>,
    /// The columns by which rows lie together.
    pub cluster_by: Vec<String>,
    /// How these order them.
    pub cluster_order: ClusterOrder,
    /// The rows that a query for a part would read on average.
    pub rows_read: u64,
    /// Whether the next run builds the table anew for it; otherwise `headwater maintain` lays it out anew.
    pub rebuilds: bool,
}

/// Why nothing is suggested.
pub(super) enum Nothing {
    Unrecorded,
    Unread,
    Unrestricted,
    Source,
    NoModel,
    FewQueries,
    FewRows,
    Obstacle(String),
    NoBetter,
}

impl Advice {
    /// What is known before the table is looked at.
    pub(super) fn of(table: &TableName, records: &[UsageRecord]) -> Self {
        let mut columns: BTreeMap<&str, u64> = BTreeMap::new();
        for record in records {
            for column in &record.columns {
                *columns.entry(&column.column).or_default() += record.scans;
            }
        }
        let seen = |(column, queries): (&str, u64)| SeenColumn { column: column.to_owned(), queries };
        let mut columns: Vec<SeenColumn> = columns.into_iter().map(seen).collect();
        columns.sort_by_key(|column| std::cmp::Reverse(column.queries));
        let restricted = records.iter().filter(|record| !record.columns.is_empty());
        Self {
            table: table.to_string(),
            queries: records.iter().map(|record| record.scans).sum(),
            restricted: restricted.map(|record| record.scans).sum(),
            since: records.iter().map(|record| record.day).min().map(clock::date),
            columns,
            rows: None,
            rows_read: None,
            suggestion: None,
            reason: None,
        }
    }
}

impl Suggestion {
    pub(super) fn new(now: &Arrangement, best: &Arrangement, file: &str, rows_read: u64) -> Self {
        let list = |columns: &[String]| columns.iter().map(|name| yaml(name)).collect::<Vec<_>>().join(", ");
        let mut header = Vec::new();
        let rebuilds = best.partition_by != now.partition_by;
        if rebuilds {
            header.push(format!("partition_by: [{}]", list(&best.partition_by)));
        }
        if best.clustering.columns != now.clustering.columns {
            header.push(format!("cluster_by: [{}]", list(&best.clustering.columns)));
        }
        if best.clustering.order != now.clustering.order {
            let order = match best.clustering.order {
                ClusterOrder::Sort => "sort",
                ClusterOrder::ZOrder => "z_order",
            };
            header.push(format!("cluster_order: {order}"));
        }
        Self {
            header,
            file: file.to_owned(),
            partition_by: best.partition_by.clone(),
            cluster_by: best.clustering.columns.clone(),
            cluster_order: best.clustering.order,
            rows_read,
            rebuilds,
        }
    }
}

/// A name as YAML reads it back: quoted where it could be something else.
fn yaml(name: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&name.to_ascii_lowercase().as_str());
    if plain { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrecorded => f.write_str("queries are not recorded: `record_queries` in headwater.yml is false"),
            Self::Unread => write!(f, "no query has read it in the last {USAGE_DAYS} days"),
            Self::Unrestricted => {
                f.write_str("no query has asked for a part of it by comparing a column with constants")
            }
            Self::Source => {
                f.write_str("its rows lie as its source yields them: a model on it can be clustered or partitioned")
            }
            Self::NoModel => f.write_str("no model of the project makes it"),
            Self::FewQueries => write!(f, "fewer than {LEAST_QUERIES} queries have asked for a part of it"),
            Self::FewRows => write!(f, "with fewer than {LEAST_ROWS} rows it is read quickly, however they lie"),
            Self::Obstacle(obstacle) => f.write_str(obstacle),
            Self::NoBetter => f.write_str("no other layout would let its queries read half as much"),
        }
    }
}

#[cfg(test)]
mod tests {
    use headwater_sdk::engine::Clustering;

    use super::*;

    #[test]
    fn the_header_says_what_changes_and_is_yaml() {
        let arranged = |partition_by: &[&str], cluster_by: &[&str], order| {
            let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let clustering = Clustering { columns: columns(cluster_by), order };
            Arrangement { partition_by: columns(partition_by), clustering }
        };
        let (sort, curve) = (ClusterOrder::Sort, ClusterOrder::ZOrder);
        let header = |now: &Arrangement, best: &Arrangement| Suggestion::new(now, best, "a.sql", 1).header;
        let plain = arranged(&[], &[], sort);
        assert_eq!(header(&plain, &arranged(&[], &["a"], sort)), ["cluster_by: [a]"]);
        assert_eq!(header(&plain, &arranged(&["year"], &[], sort)), ["partition_by: [year]"]);
        assert_eq!(
            header(&arranged(&["p"], &["a", "b"], curve), &arranged(&["p"], &["no", "Größe", "c d"], sort)),
            ["cluster_by: [\"no\", \"Größe\", \"c d\"]", "cluster_order: sort"]
        );
        assert_eq!(
            header(&arranged(&[], &["a", "b"], sort), &arranged(&[], &["a", "b"], curve)),
            ["cluster_order: z_order"]
        );
    }
}
