//! Sets of edges, small and cheap to share while a plan is walked.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use headwater_sdk::lineage::{ColumnRef, Edge, Influence};
use headwater_sdk::name::TableName;

/// A source column, as a number of the walk's [`SourceColumns`].
pub(super) type ColumnId = u32;

/// One edge from a source column. Ordered by column, then influence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    from: ColumnId,
    influence: Influence,
    masking: bool,
}

/// A set of edges: sorted, with at most one edge per column and influence. Where two would differ in masking only, the
/// unmasked one stays: a value is hidden only if it is hidden on every way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edges(Rc<[Link]>);

impl Default for Edges {
    fn default() -> Self {
        Self(Rc::from([]))
    }
}

impl Edges {
    /// The edge of a source column's own values.
    pub(super) fn identity(from: ColumnId) -> Self {
        Self(Rc::from([Link { from, influence: Influence::Identity, masking: false }]))
    }

    /// The columns whose values are passed on unchanged.
    pub(super) fn passed_on(&self) -> Vec<ColumnId> {
        self.0.iter().filter(|link| link.influence == Influence::Identity).map(|link| link.from).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edges of something computed from these: DIRECT edges become at least `kind`, INDIRECT ones stay.
    pub(super) fn computed(&self, kind: Influence) -> Self {
        self.map(|link| if link.influence.is_direct() { link.influence.max(kind) } else { link.influence }, false)
    }

    /// The edges of something that these decide: every edge becomes `kind`, an INDIRECT one.
    pub(super) fn deciding(&self, kind: Influence) -> Self {
        self.map(|_| kind, false)
    }

    /// The same edges through a one-way function.
    pub(super) fn masked(&self) -> Self {
        self.map(|link| link.influence, true)
    }

    /// Both sets.
    pub(super) fn union(&self, other: &Self) -> Self {
        if other.is_empty() || Rc::ptr_eq(&self.0, &other.0) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let mut gathered = Gathered::default();
        gathered.add(self);
        gathered.add(other);
        gathered.finish()
    }

    fn map(&self, influence: impl Fn(&Link) -> Influence, mask: bool) -> Self {
        let unchanged = |link: &Link| influence(link) == link.influence && (link.masking || !mask);
        if self.0.iter().all(unchanged) {
            return self.clone();
        }
        let links = self.0.iter().map(|link| Link {
            from: link.from,
            influence: influence(link),
            masking: link.masking || mask,
        });
        Gathered(links.collect()).finish()
    }
}

/// Edges on their way into one set.
#[derive(Debug, Default)]
pub(super) struct Gathered(Vec<Link>);

impl Gathered {
    pub(super) fn add(&mut self, edges: &Edges) {
        self.0.extend_from_slice(&edges.0);
    }

    pub(super) fn finish(mut self) -> Edges {
        // Unmasked sorts before masked, so that of two edges that differ in nothing else the unmasked one is kept.
        self.0.sort_unstable();
        self.0.dedup_by_key(|link| (link.from, link.influence));
        Edges(Rc::from(self.0))
    }
}

/// The source columns met in a walk, numbered: a table's columns one after the other, in the order of its schema.
#[derive(Debug, Default)]
pub(super) struct SourceColumns {
    tables: Vec<SourceTable>,
    known: HashMap<TableName, ColumnId>,
    next: ColumnId,
}

#[derive(Debug)]
struct SourceTable {
    first: ColumnId,
    name: TableName,
    schema: SchemaRef,
}

impl SourceColumns {
    /// The number of a table's first column.
    pub(super) fn first_of(&mut self, name: &TableName, schema: &SchemaRef) -> ColumnId {
        if let Some(first) = self.known.get(name) {
            return *first;
        }
        let first = self.next;
        self.next += schema.fields().len() as ColumnId;
        self.tables.push(SourceTable { first, name: name.clone(), schema: Arc::clone(schema) });
        self.known.insert(name.clone(), first);
        first
    }

    /// The edges as others see them, sorted by table, column and influence.
    pub(super) fn resolve(&self, edges: &Edges) -> Vec<Edge> {
        let resolved = edges.0.iter().filter_map(|link| {
            let from = self.column(link.from)?;
            Some(Edge { from, influence: link.influence, masking: link.masking })
        });
        let mut resolved: Vec<Edge> = resolved.collect();
        resolved.sort();
        resolved
    }

    /// The column of a number.
    pub(super) fn column(&self, id: ColumnId) -> Option<ColumnRef> {
        let after = self.tables.partition_point(|table| table.first <= id);
        let table = self.tables.get(after.checked_sub(1)?)?;
        let field = table.schema.fields().get((id - table.first) as usize)?;
        Some(ColumnRef { table: table.name.clone(), column: field.name().clone() })
    }
}
