//! Checks evaluated on the rows as they stream to the writer: one pass for all of them, nothing is read again.
//!
//! Checks with severity `quarantine` come first; the rows that they set aside are not rows of the table, so the other
//! checks look only at what is left.

mod bounds;
mod column_checks;
mod compile;
mod integers;
mod keys;
mod row_check;
mod set_aside;
mod tally;
mod texts;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::physical_plan::PhysicalExpr;
use headwater_sdk::Result;
use headwater_sdk::check::{CompiledCheck, Probe, Severity};

use self::bounds::{Bounds, Extremes};
use self::column_checks::{ColumnChecks, Failing, only_column};
pub(crate) use self::compile::in_check;
use self::compile::{boolean, no_column, physical_expr, timelike};
use self::integers::Integers;
use self::keys::KeyHashes;
use self::row_check::{RowCheck, Test};
use self::set_aside::set_aside;
pub(crate) use self::set_aside::{SetAside, reason};
pub(crate) use self::tally::{SAMPLE_ROWS, Tally, merge, prove, tallies};
use self::texts::Texts;
use crate::session::sql_error;

/// The one-pass checks of a table, compiled against its columns.
#[derive(Debug)]
pub(crate) struct RowChecks {
    quarantining: Group,
    judging: Group,
    /// How many checks the table has in all: the length of a lane's tallies.
    count: usize,
    /// Where the memory for keys comes from.
    memory: Arc<dyn MemoryPool>,
}

/// Checks that look at the same rows.
#[derive(Debug, Default)]
struct Group {
    checks: Vec<RowCheck>,
    /// Those of them that look at one column of texts.
    texts: Vec<ColumnChecks>,
    /// Those of them that look at one column of integers.
    integers: Vec<ColumnChecks>,
    /// Those of them, by their places, that compare columns with constants.
    bounds: Vec<(usize, Bounds)>,
}

/// What the checks have seen of one lane.
pub(crate) struct Seen {
    pub(crate) tallies: Vec<Tally>,
    quarantining: Known,
    judging: Known,
}

/// What a lane knows of the values of columns, for each of a group's.
struct Known {
    texts: Vec<Texts>,
    integers: Vec<Integers>,
}

/// A batch after the checks have seen it.
pub(crate) struct Sorted {
    /// The rows of the table.
    pub(crate) rows: RecordBatch,
    /// The rows set aside.
    pub(crate) quarantined: Option<SetAside>,
}

impl RowChecks {
    /// Compiles the one-pass checks among `checks`, and those unique ones that the rows to come decide on their own, as
    /// `decides` says, and whose keys can be proven; the others are left to the audit.
    pub(crate) fn compile(
        checks: &[CompiledCheck],
        schema: &SchemaRef,
        state: &SessionState,
        decides: &dyn Fn(&CompiledCheck) -> bool,
    ) -> Result<Self> {
        let df_schema = DFSchema::try_from(schema.clone()).map_err(|e| sql_error(&e))?;
        let (mut quarantining, mut judging) = (Group::default(), Group::default());
        for (index, check) in checks.iter().enumerate() {
            let expression =
                |sql: &str| physical_expr(sql, &df_schema, state).map_err(|e| in_check(check, sql_error(&e)));
            let column = |name: &String| schema.index_of(name).map_err(|_| no_column(check, name));
            let test = match &check.probe {
                Probe::Row { fails_when } => Test::FailsWhen(boolean(expression(fails_when)?, schema, check)?),
                Probe::NotNull { columns } => Test::NotNull(columns.iter().map(column).collect::<Result<_>>()?),
                Probe::Freshness { column: name, .. } => Test::Newest(timelike(column(name)?, schema, check)?),
                Probe::Unique { columns } => {
                    let columns: Vec<usize> = columns.iter().map(column).collect::<Result<_>>()?;
                    if !decides(check) || !columns.iter().all(|c| keys::can_be_hashed(schema.field(*c).data_type())) {
                        continue;
                    }
                    Test::Unique(columns)
                }
                Probe::RowCount { .. } | Probe::References { .. } | Probe::Query { .. } => continue,
            };
            // Keys are those of the rows that stay.
            let quarantines = check.severity == Severity::Quarantine && check.is_one_pass();
            let filter = check.filter.as_deref().map(expression).transpose()?;
            let row_check = RowCheck { index, name: check.name.clone(), reason: reason(check), filter, test };
            if quarantines { &mut quarantining } else { &mut judging }.add(row_check, schema)?;
        }
        let memory = state.runtime_env().memory_pool.clone();
        Ok(Self { quarantining, judging, count: checks.len(), memory })
    }

    /// How many checks the table has.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// What a lane begins with.
    pub(crate) fn begin(&self) -> Seen {
        let mut tallies = tallies(self.count);
        for check in self.judging.checks.iter().filter(|check| matches!(check.test, Test::Unique(_))) {
            tallies[check.index].keys = Some(KeyHashes::new(&self.memory));
        }
        let begin = |group: &Group| Known {
            texts: group.texts.iter().map(Texts::new).collect(),
            integers: group.integers.iter().map(|_| Integers::default()).collect(),
        };
        Seen { tallies, quarantining: begin(&self.quarantining), judging: begin(&self.judging) }
    }

    /// Shows a batch to every check.
    pub(crate) fn look(&self, batch: RecordBatch, seen: &mut Seen) -> Result<Sorted> {
        let Seen { tallies, quarantining, judging } = seen;
        let failing = self.quarantining.look(&batch, tallies, quarantining)?;
        let (rows, quarantined) = set_aside(batch, &failing)?;
        self.judging.look(&rows, tallies, judging)?;
        Ok(Sorted { rows, quarantined })
    }
}

impl Group {
    fn add(&mut self, check: RowCheck, schema: &SchemaRef) -> Result<()> {
        if let Test::FailsWhen(fails_when) = &check.test {
            let place = self.checks.len();
            if let Some(bounds) = Bounds::of(fails_when) {
                self.bounds.push((place, bounds));
            } else if let Some(column) = only_column(fails_when) {
                let data_type = schema.field(column).data_type();
                if matches!(data_type, DataType::Utf8 | DataType::Utf8View) {
                    add_to(&mut self.texts, column, schema, place, fails_when)?;
                } else if Integers::can(data_type) {
                    add_to(&mut self.integers, column, schema, place, fails_when)?;
                }
            }
        }
        self.checks.push(check);
        Ok(())
    }

    /// Shows a batch to the checks. Returns those that rows fail, and which rows.
    fn look(
        &self,
        batch: &RecordBatch,
        tallies: &mut [Tally],
        known: &mut Known,
    ) -> Result<Vec<(&RowCheck, BooleanBuffer)>> {
        let mut told: Vec<Option<Failing>> = vec![None; self.checks.len()];
        let mut extremes = Extremes::default();
        for (checks, texts) in self.texts.iter().zip(&mut known.texts) {
            for (place, rows) in texts.look(checks, batch)?.into_iter().flatten() {
                told[place] = Some(rows);
            }
        }
        for (checks, integers) in self.integers.iter().zip(&mut known.integers) {
            for (place, rows) in integers.look(checks, batch, &mut extremes).into_iter().flatten() {
                told[place] = Some(rows);
            }
        }
        for (place, bounds) in &self.bounds {
            if bounds.rule_out(batch, &mut extremes) {
                told[*place] = Some(None);
            }
        }
        let mut failures = Vec::new();
        for (check, told) in self.checks.iter().zip(told) {
            if let Some(rows) = check.look(batch, told, &mut tallies[check.index])? {
                failures.push((check, rows));
            }
        }
        Ok(failures)
    }
}

/// Adds a check to those of its column.
fn add_to(
    columns: &mut Vec<ColumnChecks>,
    column: usize,
    schema: &SchemaRef,
    place: usize,
    fails_when: &Arc<dyn PhysicalExpr>,
) -> Result<()> {
    if let Some(checks) = columns.iter_mut().find(|checks| checks.takes(column)) {
        return checks.add(place, fails_when);
    }
    let mut checks = ColumnChecks::new(column, schema);
    checks.add(place, fails_when)?;
    columns.push(checks);
    Ok(())
}
