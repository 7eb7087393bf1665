//! What has changed of a model's inputs since its table was made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::FieldRef;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::{MemTable, provider_as_source, source_as_provider};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableSource};
use headwater_sdk::{Relation, Result, TableName};
use object_store::path::Path;

use super::{Case, Halt, halt};
use crate::lake::changes;
use crate::lake::table::exists;
use crate::refresh::{Change, Changed, Stop, net, source_of, table_of};
use crate::session::{DateDimension, LakeTable, arrow_error};

/// Rows that a table has lost and gained are compared up to this many.
const MOST_NET_ROWS: usize = 1_000_000;

/// Rows of a table, if any.
type Rows = Option<Arc<dyn TableSource>>;

impl Case<'_> {
    /// What has changed of the tables that the plan scans.
    pub(in crate::stage) async fn changed(&self, plan: &LogicalPlan) -> Result<Changed, Halt> {
        self.verify_views()?;
        let mut changed = Changed::default();
        for (name, source) in scanned(plan)? {
            let Some(now) = source.downcast_ref::<LakeTable>() else {
                return halt(format!("it reads {name}, which is no table of the lake"));
            };
            let then = match self.since.relations.get(&name) {
                Some(then) if self.relations.get(&name) == Some(then) => continue,
                Some(then @ (Relation::Table { .. } | Relation::Staged { .. })) => then,
                Some(Relation::View { .. }) | None => return halt(format!("it reads {name} for the first time")),
            };
            if let Some(change) = self.change(&name, now, then, plan).await? {
                changed.0.insert(name, change);
            }
        }
        Ok(changed)
    }

    /// Whether a table or view may lack rows that it had.
    pub(super) async fn may_have_lost_rows(&self, name: &TableName) -> Result<bool> {
        let (now, then) = (self.relations, &self.since.relations);
        let reads = self.session.reads(&format!("SELECT 1 FROM {name}"), now)?;
        if reads.iter().all(|read| now.get(read) == then.get(read)) {
            return Ok(false);
        }
        let (Some(now), Some(then)) = (now.get(name), then.get(name)) else { return Ok(true) };
        if now.version().is_none() || then.version().is_none() {
            return Ok(true);
        }
        let (Ok(now), Ok(then)) = (self.lake.open(name, now).await, self.lake.open(name, then).await) else {
            return Ok(true);
        };
        let changes = changes::between(self.lake.location(), then.version(), now.version()).await?;
        Ok(changes.map_or(true, |changes| !changes.vanished.is_empty()))
    }

    /// Views must be what they were: the plan has their queries in it.
    fn verify_views(&self) -> Result<(), Halt> {
        for name in self.session.reads(self.sql, self.relations)? {
            if let Some(Relation::View { sql }) = self.relations.get(&name)
                && !matches!(self.since.relations.get(&name), Some(Relation::View { sql: then }) if then == sql)
            {
                return halt(format!("the query of the view {name} has changed"));
            }
        }
        Ok(())
    }

    async fn change(
        &self,
        name: &TableName,
        now: &LakeTable,
        then: &Relation,
        plan: &LogicalPlan,
    ) -> Result<Option<Change>, Halt> {
        let Ok(old) = self.lake.open(name, then).await else {
            return halt(format!("{name} cannot be read as it was"));
        };
        if now.is_foreign() || old.is_foreign() {
            return halt(format!("{name} was written by another engine"));
        }
        let location = self.lake.location();
        let changes = match changes::between(location, old.version(), now.version()).await? {
            Ok(changes) => changes,
            Err(why) => return halt(format!("{name} {why}")),
        };
        let folder = &old.version().folder;
        let latest = now.version().snapshot.version();
        let earlier = changes.appeared.iter().filter(|(version, _)| version.snapshot.version() < latest);
        for path in changes.vanished.iter().chain(earlier).flat_map(|(_, slice)| slice.keys()) {
            let path = Path::from(path.as_str()).parts().fold(folder.clone(), Path::join);
            if !exists(location, &path).await? {
                return halt(format!("vacuum has removed rows that {name} had"));
            }
        }
        let slice = |slices: &[_]| -> Result<_> {
            match slices {
                [] => Ok(None),
                slices => LakeTable::slices(slices, self.lake.store_url()).map(Some),
            }
        };
        let (appeared, vanished) = match (slice(&changes.appeared)?, slice(&changes.vanished)?) {
            (Some(appeared), Some(vanished)) if rows(&appeared) + rows(&vanished) <= MOST_NET_ROWS => {
                self.net(appeared, vanished, &read_columns(plan, name)?).await?
            }
            (appeared, vanished) => (appeared.map(source_of), vanished.map(source_of)),
        };
        if appeared.is_none() && vanished.is_none() {
            return Ok(None);
        }
        let old = provider_as_source(old);
        Ok(Some(Change { old, appeared, vanished }))
    }

    /// What remains of rows that appeared and vanished when those that did both cancel out. Only the columns at the given
    /// places count; the others are null in what is returned.
    async fn net(
        &self,
        appeared: LakeTable,
        vanished: LakeTable,
        columns: &BTreeSet<usize>,
    ) -> Result<(Rows, Rows), Halt> {
        let schema = appeared.schema();
        let read = async |table: LakeTable| {
            let places: Vec<usize> = columns.iter().copied().collect();
            let scan = LogicalPlanBuilder::scan("__changes", source_of(table), Some(places));
            let scan = scan.and_then(LogicalPlanBuilder::build).map_err(Stop::from)?;
            self.collect(&scan, MOST_NET_ROWS, "too much has changed").await
        };
        let ((chosen, came), (_, went)) = (read(appeared).await?, read(vanished).await?);
        let (came, went) = net(&chosen, &came, &went).map_err(arrow_error)?;
        let rows = |batches: Vec<RecordBatch>| -> Result<Rows, Halt> {
            if batches.is_empty() {
                return Ok(None);
            }
            let whole = |batch: RecordBatch| {
                let column =
                    |(place, field): (usize, &FieldRef)| match columns.iter().position(|chosen| *chosen == place) {
                        Some(index) => batch.column(index).clone(),
                        None => new_null_array(field.data_type(), batch.num_rows()),
                    };
                let values = schema.fields().iter().enumerate().map(column).collect();
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                RecordBatch::try_new_with_options(schema.clone(), values, &options)
            };
            let batches =
                batches.into_iter().map(whole).collect::<std::result::Result<Vec<_>, _>>().map_err(arrow_error)?;
            let table = MemTable::try_new(schema.clone(), vec![batches]).map_err(Stop::from)?;
            Ok(Some(source_of(table)))
        };
        Ok((rows(came)?, rows(went)?))
    }
}

/// The places of the columns of a table that a plan reads.
fn read_columns(plan: &LogicalPlan, table: &TableName) -> Result<BTreeSet<usize>, Halt> {
    let mut read = BTreeSet::new();
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && table_of(scan).as_ref() == Some(table)
        {
            let schema = scan.source.schema();
            match &scan.projection {
                Some(places) => read.extend(places),
                None => read.extend(0..schema.fields().len()),
            }
            for column in scan.filters.iter().flat_map(Expr::column_refs) {
                read.insert(schema.index_of(&column.name)?);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_err(Stop::from)?;
    Ok(read)
}

/// The number of a table's rows; as many as there can be where it is not known.
fn rows(table: &LakeTable) -> usize {
    table.statistics().and_then(|known| known.num_rows.get_value().copied()).unwrap_or(usize::MAX / 4)
}

/// The tables that a plan scans, its subqueries included.
fn scanned(plan: &LogicalPlan) -> Result<BTreeMap<TableName, Arc<dyn TableProvider>>, Halt> {
    let mut found = BTreeMap::new();
    let mut strange = false;
    let walked = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            match table_of(scan) {
                Some(name) => {
                    found.insert(name, source_as_provider(&scan.source)?);
                }
                // What constants tell never changes.
                None => strange |= DateDimension::told_by(scan).is_none(),
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.map_err(Stop::from)?;
    if strange { halt("it is recursive, or calls a table function") } else { Ok(found) }
}
