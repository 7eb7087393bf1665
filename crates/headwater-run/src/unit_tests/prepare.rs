//! From a test as it is written to a query, typed rows and what has to come of them; or to everything that is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, SchemaRef};
use headwater_diagnostics::{Diagnostic, nearest};
use headwater_project::{AssetKind, Expectation, ModelAsset, Project, Stand, TestCell, TestRows, TestText, UnitTest};
use headwater_sdk::TableName;
use headwater_sdk::check::Verdict;
use headwater_sdk::engine::{GivenTable, TrialRequest};

use super::values::{self, Column};
use crate::lake::Lake;
use crate::resolve::{Resolved, members};

/// A test that can be run.
pub(super) struct Prepared {
    /// The query and its tables.
    pub(super) request: TrialRequest,
    /// What has to come of it; `None` when only checks count.
    pub(super) expected: Option<Expected>,
    /// What the checks of the request have to say, in its order.
    pub(super) verdicts: Vec<Verdict>,
    /// Whether the order of rows counts.
    pub(super) ordered: bool,
}

/// What has to come of a test.
pub(super) enum Expected {
    /// These rows, in the columns that are compared.
    Rows(ExpectedRows),
    /// An error with this text in its message.
    Error(String),
}

/// Rows that are expected.
pub(super) struct ExpectedRows {
    /// The columns that are compared.
    pub(super) fields: Vec<FieldRef>,
    /// Their values.
    pub(super) columns: Vec<ArrayRef>,
    /// How many rows there are: with no columns, too.
    pub(super) rows: usize,
}

/// Prepares a test of a resolved project.
pub(super) fn prepare(
    project: &Project,
    resolved: &Resolved,
    lake: &Lake,
    test: &UnitTest,
) -> Result<Prepared, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let schemas = Schemas::of(project, resolved, lake, test, &mut wrong);
    let mut tables = BTreeMap::new();
    for (name, stand) in test.tables(&project.assets) {
        let given = match stand {
            Stand::View(model) => GivenTable::View { sql: schemas.sql(&name, model).to_owned() },
            Stand::Given(_) | Stand::Empty => {
                // A table without columns is one of a model that cannot be planned: that is reported.
                let Some(schema) = schemas.get(&name) else { continue };
                GivenTable::Rows(match stand {
                    Stand::Given(given) => rows_of(&given.rows, &name, &schema, &mut wrong),
                    _ => RecordBatch::new_empty(schema),
                })
            }
        };
        tables.insert(name, given);
    }
    let now = test.now.as_ref().and_then(|now| values::time(now, &mut wrong));
    let expected = test.expect.as_ref().map(|expect| match expect {
        Expectation::Error(text) => Expected::Error(text.text.clone()),
        Expectation::Rows(rows) => Expected::Rows(match schemas.of_query(project, &test.model) {
            Some(schema) => expected_rows(rows, &test.model, &schema, &mut wrong),
            None => ExpectedRows { fields: Vec::new(), columns: Vec::new(), rows: 0 },
        }),
    });
    let known = resolved.assets.get(&test.model).map_or(&[] as &[_], |asset| &asset.checks);
    let chosen = test.checks.iter().filter_map(|expected| {
        let check = known.iter().find(|check| check.name == expected.name)?;
        Some((check.clone(), expected.verdict))
    });
    let (checks, verdicts) = chosen.unzip();
    match test.query(&project.assets) {
        Some(model) if wrong.is_empty() => {
            let (table, sql) = (test.model.clone(), schemas.sql(&test.model, model).to_owned());
            let request = TrialRequest { table, sql, tables, checks, now };
            Ok(Prepared { request, expected, verdicts, ordered: test.ordered })
        }
        _ => Err(wrong),
    }
}

/// The columns of tables, as the variables of a test have them.
struct Schemas<'a> {
    resolved: &'a Resolved,
    variants: BTreeMap<TableName, Option<SchemaRef>>,
    /// The queries of dimensions among them, with the members that are added.
    completed: BTreeMap<TableName, String>,
}

impl<'a> Schemas<'a> {
    /// Plans the models that the test's variables make another SQL of.
    fn of(
        project: &Project,
        resolved: &'a Resolved,
        lake: &Lake,
        test: &UnitTest,
        wrong: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut schemas = Self { resolved, variants: BTreeMap::new(), completed: BTreeMap::new() };
        // The project's assets are in dependency order.
        for (name, variant) in project.assets.iter().filter_map(|asset| test.variants.get_key_value(&asset.name)) {
            let analyzed = lake.engine.analyze(&variant.model.sql, &|table: &TableName| schemas.get(table));
            let schema = match analyzed {
                Ok(analysis) => Some(analysis.schema),
                Err(error) => {
                    let message =
                        format!("{name}, with the variables of the unit test {}: {}", test.name, error.message);
                    let place = error.span.map_or(variant.model.body, |range| variant.model.span_of(range));
                    let mut diagnostic = Diagnostic::error("HW0952", message).at(place, "").also(test.span, "");
                    diagnostic.help = error.help;
                    wrong.push(diagnostic);
                    None
                }
            };
            let completed = schema.as_ref().and_then(|schema| {
                members::complete(name, &variant.model, schema, &|table: &TableName| schemas.get(table), wrong)
            });
            schemas.completed.extend(completed.map(|sql| (name.clone(), sql)));
            schemas.variants.insert(name.clone(), schema);
        }
        schemas
    }

    /// The query of a model, as a run would plan it.
    fn sql<'m>(&'m self, name: &TableName, model: &'m ModelAsset) -> &'m str {
        match self.completed.get(name) {
            Some(completed) => completed,
            None if self.variants.contains_key(name) => &model.sql,
            None => self.resolved.sql(name, model),
        }
    }

    /// The columns of a model's query: a test tries that out, and not what a table keeps of its rows.
    fn of_query(&self, project: &Project, table: &TableName) -> Option<SchemaRef> {
        let schema = self.get(table)?;
        match project.asset(table).map(|asset| &asset.kind) {
            Some(AssetKind::Model(model)) if !self.variants.contains_key(table) => {
                let own: Vec<usize> = (0..schema.fields().len().saturating_sub(model.added_columns())).collect();
                schema.project(&own).ok().map(Arc::new)
            }
            _ => Some(schema),
        }
    }

    fn get(&self, table: &TableName) -> Option<SchemaRef> {
        match self.variants.get(table) {
            Some(schema) => schema.clone(),
            None => self.resolved.schema(table),
        }
    }
}

/// Given rows in the columns of their table. What is wrong with them is reported.
fn rows_of(rows: &TestRows, table: &TableName, schema: &SchemaRef, wrong: &mut Vec<Diagnostic>) -> RecordBatch {
    let places: Vec<Option<usize>> = rows.columns.iter().map(|column| place(column, table, schema, wrong)).collect();
    let columns = schema.fields().iter().enumerate().map(|(index, field)| {
        let cells = cells_of(rows, places.iter().position(|place| *place == Some(index)));
        Column { table, name: field.name() }.array(field.data_type(), &cells, wrong)
    });
    let columns = columns.collect();
    // Rows with mistakes are never used.
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap_or_else(|_| RecordBatch::new_empty(Arc::clone(schema)))
}

/// Expected rows in the columns that they name. What is wrong with them is reported.
fn expected_rows(rows: &TestRows, model: &TableName, schema: &SchemaRef, wrong: &mut Vec<Diagnostic>) -> ExpectedRows {
    let mut expected = ExpectedRows { fields: Vec::new(), columns: Vec::new(), rows: rows.rows.len() };
    for (index, column) in rows.columns.iter().enumerate() {
        let Some(field) = place(column, model, schema, wrong).and_then(|place| schema.fields().get(place)) else {
            continue;
        };
        let cells = cells_of(rows, Some(index));
        expected.columns.push(Column { table: model, name: field.name() }.array(field.data_type(), &cells, wrong));
        expected.fields.push(Arc::clone(field));
    }
    if rows.rows.is_empty() {
        // Whatever comes is unexpected, and is shown whole.
        expected.fields = schema.fields().iter().cloned().collect();
        expected.columns =
            schema.fields().iter().map(|field| arrow_array::new_empty_array(field.data_type())).collect();
    }
    expected
}

/// The cells of a column; null where a row does not have it.
fn cells_of(rows: &TestRows, column: Option<usize>) -> Vec<Option<&TestCell>> {
    rows.rows.iter().map(|row| row.cells.get(column?)?.as_ref()).collect()
}

/// The place of a column in its table. One that the table does not have is reported.
fn place(column: &TestText, table: &TableName, schema: &SchemaRef, wrong: &mut Vec<Diagnostic>) -> Option<usize> {
    let found = schema.index_of(&column.text).ok();
    if found.is_none() {
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        let message = format!("{table} has no column '{}'", column.text);
        let diagnostic = Diagnostic::error("HW0950", message).at(column.span, "no such column");
        wrong.push(match nearest(&column.text, names()) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None => diagnostic.help(format!("its columns are: {}", names().collect::<Vec<_>>().join(", "))),
        });
    }
    found
}
