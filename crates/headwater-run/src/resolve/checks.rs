//! Checks against the tables that they name: columns that are not there are told before anything runs.

use arrow_schema::{DataType, Schema};
use headwater_diagnostics::{Diagnostic, nearest};
use headwater_project::{Asset, CheckSpec, Project};
use headwater_sdk::TableName;
use headwater_sdk::check::Probe;
use headwater_sdk::engine::SqlError;
use headwater_sdk::types::type_name;

use super::Findings;
use crate::lake::Lake;

/// What is wrong with an asset's checks; those of a broken asset are left alone.
pub(super) fn verify(project: &Project, asset: &Asset, lake: &Lake, findings: &Findings) -> Vec<Diagnostic> {
    let Some(schema) = findings.schema(&asset.name) else { return Vec::new() };
    let mut found = Vec::new();
    for spec in &asset.checks {
        let before = found.len();
        let mut columns: Vec<&String> = spec.check.columns.iter().chain(probe_columns(&spec.check.probe)).collect();
        columns.sort();
        columns.dedup();
        found.extend(columns.into_iter().filter_map(|column| missing_column(&asset.name, spec, column, schema)));
        if found.len() == before {
            found.extend(verify_probe(project, asset, spec, schema, lake, findings));
        }
    }
    found
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
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let help = match nearest(column, names()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("its columns are: {}", names().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("the check {} names column '{column}', which {table} does not have", spec.check.kind);
    Some(Diagnostic::error("HW0901", message).at(spec.column_span(column), "no such column").help(help))
}

fn verify_probe(
    project: &Project,
    asset: &Asset,
    spec: &CheckSpec,
    schema: &Schema,
    lake: &Lake,
    findings: &Findings,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let condition = |sql: &str| format!("select ({sql}) as verdict from {}", asset.name);
    if let Some(filter) = &spec.check.filter {
        let place = spec.filter_span.unwrap_or(spec.span);
        found
            .extend(plan_sql(lake, &condition(filter), findings).map(|e| sql_diagnostic(asset, spec, e).at(place, "")));
    }
    match &spec.check.probe {
        Probe::Row { fails_when } => {
            let error = plan_sql(lake, &condition(fails_when), findings);
            found.extend(error.map(|e| sql_diagnostic(asset, spec, e).at(spec.span, "")));
        }
        Probe::Query { sql } => {
            if !asset.check_inputs.iter().any(|input| findings.is_broken(project, &input.table)) {
                let error = plan_sql(lake, sql, findings);
                found.extend(error.map(|e| sql_diagnostic(asset, spec, e).at(spec.span, "")));
            }
        }
        Probe::References { to, to_columns, .. } => {
            found.extend(verify_reference(project, asset, spec, to, to_columns, findings));
        }
        Probe::Freshness { column, .. } => found.extend(verify_freshness(asset, spec, column, schema)),
        Probe::NotNull { .. } | Probe::RowCount { .. } | Probe::Unique { .. } => {}
    }
    found
}

fn plan_sql(lake: &Lake, sql: &str, findings: &Findings) -> Option<SqlError> {
    lake.engine.analyze(sql, &|name: &TableName| findings.schema(name).cloned()).err()
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
    to: &TableName,
    to_columns: &[String],
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
    let Some(schema) = findings.schema(to) else { return Vec::new() };
    let missing = to_columns.iter().filter(|column| schema.field_with_name(column).is_err());
    missing
        .map(|column| {
            let message = format!(
                "the check {} of {} names column '{column}', which {to} does not have",
                spec.check.kind, asset.name
            );
            let names = || schema.fields().iter().map(|field| field.name().as_str());
            let help = match nearest(column, names()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("its columns are: {}", names().collect::<Vec<_>>().join(", ")),
            };
            Diagnostic::error("HW0903", message).at(spec.span, "").help(help)
        })
        .collect()
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
