//! What a run takes away from those who read the published tables.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use headwater_sdk::TableName;
use headwater_sdk::store::LineageRecord;
use serde::{Deserialize, Serialize};

use super::{Action, PlannedTask};

/// What becomes of something that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Loss {
    /// The table is gone.
    TableRemoved,
    /// The column is gone.
    ColumnRemoved,
    /// The column has another name.
    ColumnRenamed {
        /// The new name.
        to: String,
    },
    /// The column has another type.
    ColumnRetyped {
        /// The published type.
        from: String,
        /// The new type.
        to: String,
    },
}

/// A change that those who read a published table have to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaking {
    /// The table.
    pub table: TableName,
    /// The column; `None` for the table as a whole.
    pub column: Option<String>,
    /// What becomes of it.
    #[serde(flatten)]
    pub loss: Loss,
    /// The project's published columns that are made from it, directly or through others; a `column` of `None` stands for
    /// the rows of a table that it decides. Sorted.
    pub affects: Vec<Affected>,
}

/// Something published that is made from something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Affected {
    /// The table.
    pub table: TableName,
    /// The column; `None` for which rows there are.
    pub column: Option<String>,
}

/// The breaking changes of a plan, by the lineage of what is published.
pub fn breaking(tasks: &[PlannedTask], removed: &[TableName], published: &[LineageRecord]) -> Vec<Breaking> {
    let mut lost: Vec<(&TableName, Option<&str>, Loss)> = Vec::new();
    for task in tasks.iter().filter(|task| task.action == Action::Build) {
        let difference = &task.difference;
        let mut add = |column, loss| lost.push((&task.asset, Some(column), loss));
        difference.removed.iter().for_each(|column| add(&column.name, Loss::ColumnRemoved));
        difference.renamed.iter().for_each(|column| add(&column.from, Loss::ColumnRenamed { to: column.to.clone() }));
        for column in &difference.retyped {
            add(&column.name, Loss::ColumnRetyped { from: column.from.clone(), to: column.to.clone() });
        }
    }
    lost.extend(removed.iter().map(|table| (table, None, Loss::TableRemoved)));
    if lost.is_empty() {
        return Vec::new();
    }
    let graph = Graph::of(published);
    let found = lost.into_iter().map(|(table, column, loss)| {
        let affects = graph.downstream(table, column);
        Breaking { table: table.clone(), column: column.map(str::to_owned), loss, affects }
    });
    found.collect()
}

/// What is made from what, in what is published.
struct Graph {
    made_from: BTreeMap<Affected, BTreeSet<Affected>>,
    columns: BTreeMap<TableName, Vec<String>>,
}

impl Graph {
    fn of(published: &[LineageRecord]) -> Self {
        let mut made_from: BTreeMap<Affected, BTreeSet<Affected>> = BTreeMap::new();
        let mut columns = BTreeMap::new();
        for record in published {
            columns.insert(record.asset.clone(), record.columns.iter().map(|(name, _)| name.clone()).collect());
            let rows = Affected { table: record.asset.clone(), column: None };
            let of_columns = record.lineage.columns.iter().flat_map(|column| {
                let made = Affected { table: record.asset.clone(), column: Some(column.name.clone()) };
                column.edges.iter().map(move |edge| (edge, made.clone()))
            });
            for (edge, made) in of_columns.chain(record.lineage.dataset.iter().map(|edge| (edge, rows.clone()))) {
                let from = Affected { table: edge.from.table.clone(), column: Some(edge.from.column.clone()) };
                made_from.entry(from).or_default().insert(made);
                // Rows come from rows.
                let all = Affected { table: edge.from.table.clone(), column: None };
                made_from.entry(all).or_default().insert(rows.clone());
            }
        }
        Self { made_from, columns }
    }

    fn downstream(&self, table: &TableName, column: Option<&str>) -> Vec<Affected> {
        let start = |column: Option<String>| Affected { table: table.clone(), column };
        let mut waiting: VecDeque<Affected> = VecDeque::from([start(column.map(str::to_owned))]);
        if column.is_none() {
            waiting.extend(self.columns.get(table).into_iter().flatten().map(|name| start(Some(name.clone()))));
        }
        let mut found = BTreeSet::new();
        while let Some(next) = waiting.pop_front() {
            for made in self.made_from.get(&next).into_iter().flatten() {
                if made.table != *table && found.insert(made.clone()) {
                    waiting.push_back(made.clone());
                }
            }
        }
        found.into_iter().collect()
    }
}
