//! The graph: nodes, edges, and the part of it that a person asked for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use headwater_sdk::lineage::{ColumnRef, Edge as ColumnEdge, Influence};
use headwater_sdk::store::LineageRecord;
use headwater_sdk::{Relation, Relations, TableName};
use serde::Serialize;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Source,
    Table,
    View,
    Column,
}

/// A table or a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Where a source's rows come from, or a column's type.
    pub(crate) detail: Option<String>,
}

/// That one node is made from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// How, in the words of OpenLineage, in lower case; empty between tables.
    pub(crate) how: Vec<String>,
}

/// Which part of the graph is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Upstream,
    Downstream,
    Both,
}

/// A graph; nodes in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    /// The node that was asked for.
    pub(crate) focus: Option<usize>,
}

impl Graph {
    fn new(nodes: BTreeMap<String, Node>, edges: &BTreeMap<(String, String), BTreeSet<String>>) -> Self {
        let places: BTreeMap<&String, usize> = nodes.keys().zip(0..).collect();
        let edges = edges.iter().filter_map(|((from, to), how)| {
            Some(Edge { from: *places.get(from)?, to: *places.get(to)?, how: how.iter().cloned().collect() })
        });
        let edges = edges.collect();
        Self { nodes: nodes.into_values().collect(), edges, focus: None }
    }

    /// The nodes that an edge leads from, into a node.
    pub(crate) fn inputs(&self, node: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to == node)
    }

    /// The edges out of a node.
    pub(crate) fn users(&self, node: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == node)
    }

    /// What a node comes from, what depends on it, or both, with the node itself; `None` when there is no such node.
    pub(crate) fn around(&self, name: &str, direction: Direction) -> Option<Self> {
        let focus = self.nodes.iter().position(|node| node.name == name)?;
        let mut kept = BTreeSet::from([focus]);
        if direction != Direction::Downstream {
            self.reach(focus, &mut kept, |node| self.inputs(node).map(|edge| edge.from).collect());
        }
        if direction != Direction::Upstream {
            self.reach(focus, &mut kept, |node| self.users(node).map(|edge| edge.to).collect());
        }
        let places: BTreeMap<usize, usize> = kept.iter().copied().zip(0..).collect();
        let edges = self.edges.iter().filter_map(|edge| {
            Some(Edge { from: *places.get(&edge.from)?, to: *places.get(&edge.to)?, how: edge.how.clone() })
        });
        let nodes = kept.iter().map(|node| self.nodes[*node].clone()).collect();
        Some(Self { nodes, edges: edges.collect(), focus: places.get(&focus).copied() })
    }

    fn reach(&self, start: usize, kept: &mut BTreeSet<usize>, next: impl Fn(usize) -> Vec<usize>) {
        let mut seen = BTreeSet::from([start]);
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for other in next(node) {
                if seen.insert(other) {
                    queue.push_back(other);
                }
            }
        }
        kept.extend(seen);
    }
}

/// The graph of tables. `reads` says which tables an asset's SQL names, for inputs of which no column is used.
pub(crate) fn table_graph(
    records: &[LineageRecord],
    relations: &Relations,
    reads: &BTreeMap<TableName, Vec<TableName>>,
) -> Graph {
    let mut nodes = BTreeMap::new();
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for name in relations.keys() {
        let record = records.iter().find(|record| record.asset == *name);
        let origin = record.and_then(|record| record.origin.clone());
        let kind = match (relations.get(name), &origin) {
            (_, Some(_)) => Kind::Source,
            (Some(Relation::View { .. }), None) => Kind::View,
            _ => Kind::Table,
        };
        nodes.insert(name.to_string(), Node { name: name.to_string(), kind, detail: origin });
        let owner = name.owner();
        if owner != *name {
            edges.insert((owner.to_string(), name.to_string()), BTreeSet::new());
        }
    }
    for record in records {
        let columns = record.lineage.columns.iter().flat_map(|column| &column.edges);
        let used = columns.chain(&record.lineage.dataset).map(|edge| &edge.from.table);
        let named = reads.get(&record.asset).into_iter().flatten();
        for input in used.chain(named) {
            edges.entry((input.to_string(), record.asset.to_string())).or_default();
        }
    }
    Graph::new(nodes, &edges)
}

/// The graph of columns: what makes or decides a column's values. With `indirect`, columns that decide which rows there
/// are at all count as well.
pub(crate) fn column_graph(records: &[LineageRecord], indirect: bool) -> Graph {
    let mut nodes = BTreeMap::new();
    let mut edges: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for record in records {
        for (column, data_type) in &record.columns {
            let name = format!("{}.{column}", record.asset);
            nodes.insert(name.clone(), Node { name, kind: Kind::Column, detail: Some(data_type.clone()) });
        }
        for column in &record.lineage.columns {
            let to = format!("{}.{}", record.asset, column.name);
            let dataset = record.lineage.dataset.iter().filter(|_| indirect);
            for edge in column.edges.iter().chain(dataset) {
                edges.entry((column_name(&edge.from), to.clone())).or_default().insert(how(edge));
            }
        }
    }
    // Columns of side tables have no record of their own.
    for (from, _) in edges.keys() {
        let node = || Node { name: from.clone(), kind: Kind::Column, detail: None };
        nodes.entry(from.clone()).or_insert_with(node);
    }
    Graph::new(nodes, &edges)
}

fn column_name(column: &ColumnRef) -> String {
    format!("{}.{}", column.table, column.column)
}

fn how(edge: &ColumnEdge) -> String {
    let word = match edge.influence {
        Influence::Identity => "identity",
        Influence::Transformation => "transformation",
        Influence::Aggregation => "aggregation",
        Influence::Join => "join",
        Influence::GroupBy => "group by",
        Influence::Filter => "filter",
        Influence::Sort => "sort",
        Influence::Window => "window",
        Influence::Conditional => "conditional",
    };
    if edge.masking { format!("{word}, masking") } else { word.to_owned() }
}
