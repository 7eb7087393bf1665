//! What the scans of a session have asked of tables: kept while its queries run, told when their rows have been read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::physical_plan::ExecutionPlan;
use headwater_sdk::TableName;
use headwater_sdk::engine::{Restriction, TableScan};

/// The scans of a session; an extension of its configuration.
#[derive(Debug, Default)]
pub(crate) struct ScanLog {
    scans: Mutex<Vec<Planned>>,
}

/// A scan that was planned.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) table: TableName,
    pub(super) rows: u64,
    pub(super) restrictions: Vec<Restriction>,
    /// What reads the rows; `None` where there are none to be read. Optimised plans have another node in its place that
    /// counts into the same metrics.
    pub(super) plan: Option<Arc<dyn ExecutionPlan>>,
}

impl ScanLog {
    pub(super) fn note(&self, planned: Planned) {
        self.scans().push(planned);
    }

    /// The scans whose plans have been executed.
    pub(crate) fn told(&self) -> Vec<TableScan> {
        self.scans().iter().filter_map(Planned::told).collect()
    }

    fn scans(&self) -> MutexGuard<'_, Vec<Planned>> {
        self.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Planned {
    fn told(&self) -> Option<TableScan> {
        let read = match &self.plan {
            Some(plan) => plan.metrics()?.output_rows()? as u64,
            None => 0,
        };
        let Self { table, rows, restrictions, .. } = self;
        Some(TableScan { table: table.clone(), restrictions: restrictions.clone(), rows: *rows, read })
    }
}
