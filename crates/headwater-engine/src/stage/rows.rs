//! Checks evaluated on the rows as they stream to the writer: one pass for all of them, nothing is read again.
//!
//! Checks with severity `quarantine` come first; the rows that they set aside are not rows of the table, so the other
//! checks look only at what is left.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_plan::PhysicalExpr;
use headwater_sdk::check::{CompiledCheck, Probe, Severity};
use headwater_sdk::{Blame, Error, Result};
use serde_json::Value;

use super::bounds::{Bounds, Extremes};
use super::column_checks::{ColumnChecks, Failing, only_column};
use super::integers::Integers;
use super::keys::{self, KeyHashes};
use super::sample;
use super::texts::Texts;
use crate::session::sql_error;

/// The failing rows that are kept of each check, for the report.
pub(crate) const SAMPLE_ROWS: usize = 5;

/// What one check has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Rows looked at.
    pub(crate) checked: u64,
    /// Rows that failed.
    pub(crate) failing: u64,
    /// Some of them.
    pub(crate) sample: Vec<Value>,
    /// The newest value of a freshness check's column, in microseconds since 1970-01-01T00:00:00Z.
    pub(crate) newest: Option<i64>,
    /// The hashes of a unique check's keys.
    pub(super) keys: Option<KeyHashes>,
    /// Whether a unique check is known to hold without a second look.
    pub(crate) proven: bool,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.failing += other.failing;
        self.newest = self.newest.max(other.newest);
        let room = SAMPLE_ROWS.saturating_sub(self.sample.len());
        self.sample.extend(other.sample.into_iter().take(room));
        match (&mut self.keys, other.keys) {
            (Some(keys), Some(others)) => keys.merge(others),
            (None, Some(keys)) => self.keys = Some(keys),
            (_, None) => {}
        }
    }
}

/// Tallies to start with, one for each check.
pub(crate) fn tallies(count: usize) -> Vec<Tally> {
    (0..count).map(|_| Tally::default()).collect()
}

/// Proves what can be proven of the unique checks, when all rows have been seen.
pub(crate) async fn prove(tallies: &mut [Tally]) {
    for tally in tallies {
        if let Some(keys) = tally.keys.take() {
            tally.proven = tokio::task::spawn_blocking(move || keys.prove()).await.unwrap_or(false);
        }
    }
}

/// Adds what one lane has seen to the total.
pub(crate) fn merge(total: &mut [Tally], lane: Vec<Tally>) {
    for (total, lane) in total.iter_mut().zip(lane) {
        total.merge(lane);
    }
}

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

#[derive(Debug)]
struct RowCheck {
    /// Its place among the table's checks.
    index: usize,
    name: String,
    reason: String,
    filter: Option<Arc<dyn PhysicalExpr>>,
    test: Test,
}

#[derive(Debug)]
enum Test {
    FailsWhen(Arc<dyn PhysicalExpr>),
    NotNull(Vec<usize>),
    Newest(usize),
    /// The keys are collected, to be looked at when all rows have been seen.
    Unique(Vec<usize>),
}

/// A batch after the checks have seen it.
pub(crate) struct Sorted {
    /// The rows of the table.
    pub(crate) rows: RecordBatch,
    /// The rows set aside.
    pub(crate) quarantined: Option<SetAside>,
}

/// Rows that checks set aside.
pub(crate) struct SetAside {
    pub(crate) rows: RecordBatch,
    /// For each row, the names of the checks that it failed.
    pub(crate) checks: StringArray,
    /// For each row, what those checks say.
    pub(crate) reasons: StringArray,
}

impl RowChecks {
    /// Compiles the one-pass checks among `checks`, and with `all_rows`, when no other rows count, the unique ones whose
    /// keys can be proven; the others are left to the audit.
    pub(crate) fn compile(
        checks: &[CompiledCheck],
        schema: &SchemaRef,
        state: &SessionState,
        all_rows: bool,
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
                    if !all_rows || !columns.iter().all(|c| keys::can_be_hashed(schema.field(*c).data_type())) {
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

/// Compiles a predicate. It is simplified first: some functions, `coalesce` for one, exist in plans only.
fn physical_expr(
    sql: &str,
    schema: &DFSchema,
    state: &SessionState,
) -> datafusion::common::Result<Arc<dyn PhysicalExpr>> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(state.config_options().clone())
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    let coerced = simplifier.coerce(state.create_logical_expr(sql, schema)?, schema)?;
    state.create_physical_expr(simplifier.simplify(coerced)?, schema)
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

/// Parts the rows that fail a check from the others.
fn set_aside(batch: RecordBatch, failures: &[(&RowCheck, BooleanBuffer)]) -> Result<(RecordBatch, Option<SetAside>)> {
    let Some(any) = failures.iter().map(|(_, mask)| mask.clone()).reduce(|a, b| &a | &b) else {
        return Ok((batch, None));
    };
    let marks = |text: fn(&RowCheck) -> &str| -> StringArray {
        let failed =
            |row: usize| failures.iter().filter(move |(_, mask)| mask.value(row)).map(|(check, _)| text(check));
        any.set_indices().map(|row| Some(failed(row).collect::<Vec<_>>().join("; "))).collect()
    };
    let set_aside = SetAside {
        rows: filter_record_batch(&batch, &BooleanArray::from(any.clone())).map_err(arrow_error)?,
        checks: marks(|check| &check.name),
        reasons: marks(|check| &check.reason),
    };
    let rows = filter_record_batch(&batch, &BooleanArray::from(!&any)).map_err(arrow_error)?;
    Ok((rows, Some(set_aside)))
}

/// What a failing row did wrong, in words.
pub(crate) fn reason(check: &CompiledCheck) -> String {
    match (&check.description, &check.probe) {
        (Some(description), _) => description.clone(),
        (None, Probe::Row { fails_when }) => format!("fails when {fails_when}"),
        (None, Probe::NotNull { columns }) => format!("null in {}", columns.join(" or ")),
        (None, Probe::Unique { columns }) => format!("another row has the same {}", columns.join(", ")),
        (None, Probe::References { columns, to, to_columns }) => {
            format!("{} not found in {to} ({})", columns.join(", "), to_columns.join(", "))
        }
        (None, _) => check.name.clone(),
    }
}

impl RowCheck {
    /// Counts the batch's failing rows. Returns which they are, unless there are none. `told` has them where they are
    /// known already.
    fn look(&self, batch: &RecordBatch, told: Option<Failing>, tally: &mut Tally) -> Result<Failing> {
        let chosen = match &self.filter {
            Some(filter) => Some(truths(&evaluate(filter, batch)?)?),
            None => None,
        };
        tally.checked += chosen.as_ref().map_or(batch.num_rows(), BooleanBuffer::count_set_bits) as u64;
        let failing = match &self.test {
            Test::FailsWhen(_) if told.is_some() => told.flatten(),
            Test::FailsWhen(expression) => Some(truths(&evaluate(expression, batch)?)?),
            Test::NotNull(columns) => any_null(batch, columns),
            Test::Newest(column) => {
                tally.newest = tally.newest.max(newest(batch.column(*column), chosen)?);
                return Ok(None);
            }
            Test::Unique(columns) => {
                if let Some(keys) = &mut tally.keys {
                    keys.add(batch, columns, chosen.as_ref())?;
                }
                return Ok(None);
            }
        };
        let Some(failing) = failing else { return Ok(None) };
        let failing = match chosen {
            Some(chosen) => &failing & &chosen,
            None => failing,
        };
        let count = failing.count_set_bits();
        if count == 0 {
            return Ok(None);
        }
        tally.failing += count as u64;
        let room = SAMPLE_ROWS.saturating_sub(tally.sample.len());
        for row in failing.set_indices().take(room) {
            tally.sample.push(sample::row(batch, row));
        }
        Ok(Some(failing))
    }
}

pub(super) fn evaluate(expression: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    let value = expression.evaluate(batch).map_err(|e| sql_error(&e))?;
    value.into_array(batch.num_rows()).map_err(|e| sql_error(&e))
}

/// Where a boolean array is true; null counts as false.
pub(super) fn truths(array: &ArrayRef) -> Result<BooleanBuffer> {
    let array = array.as_boolean_opt().ok_or_else(|| {
        Error::new("HW0560", Blame::Headwater, format!("a check's predicate gave {} values", array.data_type()))
    })?;
    Ok(match array.nulls() {
        Some(valid) => array.values() & valid.inner(),
        None => array.values().clone(),
    })
}

/// The rows with a null in one of the columns; `None` when there is none.
fn any_null(batch: &RecordBatch, columns: &[usize]) -> Option<BooleanBuffer> {
    let nulls =
        columns.iter().filter_map(|column| batch.column(*column).logical_nulls()).filter(|n| n.null_count() > 0);
    let valid = nulls.fold(None::<NullBuffer>, |valid, nulls| NullBuffer::union(valid.as_ref(), Some(&nulls)))?;
    Some(!valid.inner())
}

/// The largest value of a date or timestamp column among the chosen rows, in microseconds.
fn newest(column: &ArrayRef, chosen: Option<BooleanBuffer>) -> Result<Option<i64>> {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    let values = match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => column.clone(),
        _ => arrow::compute::cast(column, &micros).map_err(arrow_error)?,
    };
    let values = match chosen {
        Some(chosen) => arrow::compute::filter(&values, &BooleanArray::from(chosen)).map_err(arrow_error)?,
        None => values,
    };
    Ok(arrow::compute::max(values.as_primitive::<arrow::datatypes::TimestampMicrosecondType>()))
}

fn boolean(expression: Arc<dyn PhysicalExpr>, schema: &Schema, check: &CompiledCheck) -> Result<Arc<dyn PhysicalExpr>> {
    match expression.data_type(schema) {
        Ok(DataType::Boolean | DataType::Null) => Ok(expression),
        Ok(other) => Err(in_check(
            check,
            Error::new("HW0561", Blame::Project, format!("the predicate gives {other} values, not true or false")),
        )),
        Err(e) => Err(in_check(check, sql_error(&e))),
    }
}

fn timelike(column: usize, schema: &Schema, check: &CompiledCheck) -> Result<usize> {
    let field = schema.field(column);
    match field.data_type() {
        DataType::Timestamp(..) | DataType::Date32 => Ok(column),
        other => Err(in_check(
            check,
            Error::new(
                "HW0562",
                Blame::Project,
                format!("column '{}' is {other}, neither date nor timestamp", field.name()),
            )
            .help("name a date or timestamp column"),
        )),
    }
}

fn no_column(check: &CompiledCheck, name: &str) -> Error {
    in_check(check, Error::new("HW0563", Blame::Project, format!("there is no column '{name}'")))
}

/// Says which check an error is about.
pub(crate) fn in_check(check: &CompiledCheck, error: Error) -> Error {
    let mut made = Error::new(error.code, error.blame, format!("check {}: {}", check.name, error.full_message()));
    made.help = error.help;
    made
}

pub(crate) fn arrow_error(error: arrow::error::ArrowError) -> Error {
    sql_error(&datafusion::common::DataFusionError::from(error))
}
