//! Writing the rows of files into other files.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use datafusion::physical_plan::ExecutionPlan;
use deltalake_core::kernel::Add;
use futures::TryStreamExt;
use headwater_sdk::engine::{ClusterOrder, Layout};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Relations, Result, TableName};
use roaring::RoaringTreemap;

use super::curve::Curve;
use super::survey::Group;
use crate::branch::RunBranch;
use crate::lake::changes::Slice;
use crate::lake::deletion_vector;
use crate::lake::table::TableVersion;
use crate::refresh::source_of;
use crate::session::{LakeTable, Session, Thrift, sql_error};
use crate::stage::{FileWriter, RowChecks, Sink, Written, lanes};

/// The name that the rows are scanned under.
const ROWS: &str = "rows";

/// Writes the rows of a group's files, those that are deleted left out, into new files.
///
/// # Errors
/// When they cannot be read or written, and `HW0629` when not every row has arrived.
pub(super) async fn rewrite(
    branch: &RunBranch,
    table: &TableName,
    version: &TableVersion,
    group: &Group,
    layout: &Layout,
) -> Result<Vec<Add>> {
    let work = Work { branch, table, version, layout, session: branch.lake.session(&Relations::new()) };
    let (scan, expected) = work.scan(group).await?;
    let written = if layout.clustering.is_none() {
        work.write(&work.session.physical(&scan, Thrift::InOrder).await?).await?
    } else {
        let plan = work.clustered(scan, expected).await?;
        let mut thrift = Thrift::Fast;
        loop {
            let physical = work.session.physical(&plan, thrift).await?;
            match work.write(&physical).await {
                Err(e) => thrift = thrift.next_after(&e).ok_or(e)?,
                Ok(written) => break written,
            }
        }
    };
    if expected.is_some_and(|expected| expected != written.rows_out) {
        let message = format!("{table}: {} rows were written of {}", written.rows_out, expected.unwrap_or(0));
        return Err(Error::new("HW0629", Blame::Headwater, message)
            .help("nothing was published, the table is as it was; please report this"));
    }
    Ok(written.adds)
}

struct Work<'a> {
    branch: &'a RunBranch,
    table: &'a TableName,
    version: &'a TableVersion,
    layout: &'a Layout,
    session: Session,
}

impl Work<'_> {
    /// The rows of the files, in the order of these, and their number if the log knows it.
    async fn scan(&self, group: &Group) -> Result<(LogicalPlan, Option<u64>)> {
        let (lake, mut slice) = (&self.branch.lake, Slice::new());
        for file in &group.files {
            let gone = match &file.vector {
                Some(vector) => deletion_vector::load(lake.location(), &self.version.folder, vector).await?,
                None => RoaringTreemap::new(),
            };
            slice.insert(file.path.clone(), gone);
        }
        let order: Vec<&str> = group.files.iter().map(|file| file.path.as_str()).collect();
        let rows = LakeTable::slices(&[(self.version.clone(), slice)], lake.store_url())?.in_order(&order);
        let scan = LogicalPlanBuilder::scan(ROWS, source_of(rows), None).and_then(LogicalPlanBuilder::build);
        let expected = group.files.iter().map(|file| Some(file.rows? - file.deleted.min(file.rows?))).sum();
        Ok((scan.map_err(|e| sql_error(&e))?, expected))
    }

    /// The rows as they are to lie.
    async fn clustered(&self, scan: LogicalPlan, rows: Option<u64>) -> Result<LogicalPlan> {
        let clustering = &self.layout.clustering;
        let columns: Vec<Expr> =
            clustering.columns.iter().map(|name| Expr::Column(Column::new(Some(ROWS), name))).collect();
        let keys = match clustering.order {
            ClusterOrder::Sort => columns,
            ClusterOrder::ZOrder => vec![self.curve(&scan, columns.clone(), rows).await?.key(columns)],
        };
        let keys: Vec<SortExpr> = keys.into_iter().map(|key| key.sort(true, false)).collect();
        let sorted = LogicalPlanBuilder::from(scan).sort(keys).and_then(LogicalPlanBuilder::build);
        sorted.map_err(|e| sql_error(&e))
    }

    /// A curve through the values that there are.
    async fn curve(&self, scan: &LogicalPlan, columns: Vec<Expr>, rows: Option<u64>) -> Result<Curve> {
        let count = columns.len();
        let chosen = LogicalPlanBuilder::from(scan.clone()).project(columns).and_then(LogicalPlanBuilder::build);
        let physical = self.session.physical(&chosen.map_err(|e| sql_error(&e))?, Thrift::InOrder).await?;
        let mut curve = Curve::through(count, rows);
        for mut lane in lanes::of_plan(&physical, &self.session.state().task_ctx())? {
            while let Some(batch) = lane.try_next().await? {
                curve.see(batch.rows.columns())?;
            }
        }
        Ok(curve.end())
    }

    async fn write(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Written> {
        let partition_by = self.version.partition_columns();
        let schema = lanes::write_schema(&self.version.schema(), &plan.schema(), partition_by);
        let lanes = lanes::of_plan(plan, &self.session.state().task_ctx())?;
        let location = self.branch.location();
        let sink = Arc::new(Sink {
            schema: schema.clone(),
            files: FileWriter::new(location, self.table, &schema, partition_by, self.layout),
            checks: RowChecks::compile(&[], &schema, self.session.state(), &|_| false)?,
            order: Vec::new(),
            quarantine: None,
            rejected: None,
            progress: Arc::new(Progress::default()),
        });
        sink.write(lanes).await
    }
}
