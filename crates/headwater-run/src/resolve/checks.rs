//! Checks against the tables that they name: columns that are not there are told before anything runs.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::{DataType, Schema};
use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_project::{Asset, CheckSpec, Project};
use headwater_sdk::TableName;
use headwater_sdk::check::{CompiledCheck, Probe};
use headwater_sdk::engine::{Analysis, SqlError};
use headwater_sdk::lineage::ColumnLineage;
use headwater_sdk::types::type_name;

use super::Findings;
use crate::lake::Lake;

/// An asset's checks.
#[derive(Default)]
pub(super) struct Checked {
    /// Compiled for the types of its columns.
    pub(super) checks: Vec<CompiledCheck>,
    /// The columns of other tables that they read.
    pub(super) reads: BTreeMap<TableName, BTreeSet<String>>,
    /// What is wrong with them.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// An asset's checks. Those of a broken asset are left alone.
pub(super) fn resolve(project: &Project, asset: &Asset, lake: &Lake, findings: &Findings) -> Checked {
    let Some(schema) = findings.schema(&asset.name) else { return Checked::default() };
    let (mut checks, mut found, mut reads) = (Vec::new(), Vec::new(), Reads::default());
    // What a declaration stands for is checked when the declaration makes sense.
    let misdeclared = findings.misdeclared.contains(&asset.name);
    // What a key stands for names its columns once more: they are told of once.
    let delivered = project.deliveries.iter().filter(|delivery| delivery.table == asset.name);
    let mut told: BTreeSet<&str> = delivered.flat_map(|delivery| &delivery.key).map(|key| key.name.as_str()).collect();
    for spec in asset.checks.iter().filter(|spec| !misdeclared || spec.written.is_some()) {
        let before = found.len();
        let mut columns: Vec<&String> = spec.check.columns.iter().chain(probe_columns(&spec.check.probe)).collect();
        columns.sort();
        columns.dedup();
        let missing: Vec<_> = columns
            .into_iter()
            .filter_map(|column| Some((column, missing_column(&asset.name, spec, column, schema)?)))
            .collect();
        if !missing.is_empty() {
            let mut is_new = |column| spec.written.is_some() || told.insert(column);
            found.extend(missing.into_iter().filter(|(column, _)| is_new(column.as_str())).map(|(_, it)| it));
            continue;
        }
        match spec.typed(schema) {
            Ok(check) => checks.push(check),
            Err(diagnostic) => found.push(*diagnostic),
        }
        if found.len() == before {
            found.extend(verify_probe(project, asset, spec, schema, lake, findings, &mut reads));
        }
    }
    Checked { checks, reads: reads.known(), diagnostics: found }
}

fn probe_columns(probe: &Probe) -> &[String] {
    match probe {
        Probe::NotNull { columns } | Probe::Unique { columns } | Probe::References { columns, .. } => columns,
        Probe::Freshness { column, .. } => std::slice::from_ref(column),
        Probe::Row { .. } | Probe::RowCount { .. } | Probe::Query { .. } => &[],
    }
}

fn missing_column(table: &TableName, spec: &CheckSpec, column: &str, schema: &Schema) -> Option<Diagnostic> {
    schema.field_with_name(column).err()?;
    let message = format!("the check {} names column '{column}', which {table} does not have", spec.check.kind);
    Some(no_such_column("HW0901", message, spec.column_span(column), column, schema))
}

/// A column that is named and that a table does not have, with what a person may have meant by it.
pub(super) fn no_such_column(
    code: &'static str,
    message: String,
    at: Span,
    column: &str,
    schema: &Schema,
) -> Diagnostic {
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    Diagnostic::error(code, message).at(at, "no such column").help(match nearest(column, names()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("its columns are: {}", names().collect::<Vec<_>>().join(", ")),
    })
}

fn verify_probe(
    project: &Project,
    asset: &Asset,
    spec: &CheckSpec,
    schema: &Schema,
    lake: &Lake,
    findings: &Findings,
    reads: &mut Reads,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let condition = |sql: &str| format!("select ({sql}) as verdict from {}", asset.name);
    if let Some(filter) = &spec.check.filter {
        match plan_sql(lake, &condition(filter), findings) {
            Ok(analysis) => reads.of_query(asset, &analysis.lineage),
            Err(error) => {
                found.push(sql_diagnostic(asset, spec, error).at(spec.filter_span.unwrap_or(spec.span), ""));
            }
        }
    }
    match &spec.check.probe {
        Probe::Row { fails_when } => match plan_sql(lake, &condition(fails_when), findings) {
            Ok(analysis) => reads.of_query(asset, &analysis.lineage),
            Err(error) => found.push(sql_diagnostic(asset, spec, error).at(spec.span, "")),
        },
        Probe::Query { sql } => {
            if !asset.check_inputs.iter().any(|input| findings.is_broken(project, &input.table)) {
                match plan_sql(lake, sql, findings) {
                    Ok(analysis) => reads.of_query(asset, &analysis.lineage),
                    Err(error) => found.push(sql_diagnostic(asset, spec, error).at(spec.span, "")),
                }
            }
        }
        Probe::References { columns, to, to_columns } => {
            reads.of_columns(to, to_columns);
            found.extend(verify_reference(project, asset, spec, schema, columns, (to, to_columns), findings));
        }
        Probe::Freshness { column, .. } => found.extend(verify_freshness(asset, spec, column, schema)),
        Probe::NotNull { .. } | Probe::RowCount { .. } | Probe::Unique { .. } => {}
    }
    found
}

fn plan_sql(lake: &Lake, sql: &str, findings: &Findings) -> Result<Analysis, SqlError> {
    lake.engine.analyze(sql, &|name: &TableName| findings.schema(name).cloned())
}

/// The columns of other tables that checks read.
#[derive(Default)]
struct Reads(BTreeMap<TableName, BTreeSet<String>>);

impl Reads {
    fn of_columns(&mut self, table: &TableName, columns: &[String]) {
        self.0.entry(table.clone()).or_default().extend(columns.iter().cloned());
    }

    fn of_query(&mut self, asset: &Asset, lineage: &ColumnLineage) {
        // A table of which only the number of rows is read has no edge. Every check that reads others comes by here.
        for input in &asset.check_inputs {
            self.0.entry(input.table.clone()).or_default();
        }
        let edges = lineage.columns.iter().flat_map(|column| &column.edges).chain(&lineage.dataset);
        for edge in edges {
            self.of_columns(&edge.from.table, std::slice::from_ref(&edge.from.column));
        }
    }

    fn known(self) -> BTreeMap<TableName, BTreeSet<String>> {
        self.0
    }
}

fn sql_diagnostic(asset: &Asset, spec: &CheckSpec, error: SqlError) -> Diagnostic {
    let message = format!("the check {} of {} cannot be planned: {}", spec.check.kind, asset.name, error.message);
    let mut diagnostic = Diagnostic::error(error.code, message);
    diagnostic.help = error.help;
    diagnostic
}

fn verify_reference(
    project: &Project,
    asset: &Asset,
    spec: &CheckSpec,
    schema: &Schema,
    columns: &[String],
    (to, to_columns): (&TableName, &[String]),
    findings: &Findings,
) -> Vec<Diagnostic> {
    if project.maker_of(to).is_none() {
        let message = format!(
            "the check {} of {} names table {to}, which the project does not have",
            spec.check.kind, asset.name
        );
        let names: Vec<String> = project.assets.iter().map(|asset| asset.name.to_string()).collect();
        let diagnostic = Diagnostic::error("HW0902", message).at(spec.span, "no such table");
        return vec![match nearest(&to.to_string(), names.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean '{near}'?")),
            None => diagnostic,
        }];
    }
    let Some(there) = findings.schema(to) else { return Vec::new() };
    let problem = |(column, to_column): (&String, &String)| {
        let Ok(other) = there.field_with_name(to_column) else {
            let message = format!(
                "the check {} of {} names column '{to_column}', which {to} does not have",
                spec.check.kind, asset.name
            );
            return Some(no_such_column("HW0903", message, spec.span, to_column, there));
        };
        let own = schema.field_with_name(column).ok()?;
        if can_be_equal(own.data_type(), other.data_type()) {
            return None;
        }
        let message = format!(
            "the check {} of {} compares '{column}', which is {}, with '{to_column}' of {to}, which is {}",
            spec.check.kind,
            asset.name,
            type_name(own.data_type()),
            type_name(other.data_type())
        );
        let help = "cast one of them in its model, or declare its type";
        Some(Diagnostic::error("HW0907", message).at(spec.span, "").help(help))
    };
    columns.iter().zip(to_columns).filter_map(problem).collect()
}

/// Whether values of two lake types can be the same without a text being read as something else.
pub(super) fn can_be_equal(one: &DataType, other: &DataType) -> bool {
    one == other
        || (one.is_numeric() && other.is_numeric())
        || (one.is_temporal() && other.is_temporal())
        || matches!((one, other), (DataType::Null, _) | (_, DataType::Null))
}

fn verify_freshness(asset: &Asset, spec: &CheckSpec, column: &str, schema: &Schema) -> Option<Diagnostic> {
    let field = schema.field_with_name(column).ok()?;
    if matches!(field.data_type(), DataType::Timestamp(..) | DataType::Date32) {
        return None;
    }
    let is = type_name(field.data_type());
    let message = format!("freshness of {} needs a date or a timestamp, but column '{column}' is {is}", asset.name);
    Some(
        Diagnostic::error("HW0908", message)
            .at(spec.column_span(column), is)
            .help("name another column, or declare its type"),
    )
}
