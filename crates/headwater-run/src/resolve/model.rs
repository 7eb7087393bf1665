//! A model's columns and lineage, from its SQL and the columns of its inputs.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use headwater_diagnostics::Diagnostic;
use headwater_project::plan::{Computed, Desired, definition};
use headwater_project::{Asset, Materialize, ModelAsset, Star};
use headwater_sdk::TableName;
use headwater_sdk::check::Severity;
use headwater_sdk::engine::{Analysis, SqlError};
use headwater_sdk::types::type_name;

use super::checks::no_such_column;
use super::{Findings, ResolvedAsset, added, incremental, layout, members, typed_names};
use crate::lake::Lake;

/// Resolves a model, and tells what is wrong with it; `None` when its SQL cannot be planned.
pub(super) fn resolve(
    asset: &Asset,
    model: &ModelAsset,
    lake: &Lake,
    findings: &Findings,
) -> (Option<ResolvedAsset>, Vec<Diagnostic>) {
    let analyzed = lake.engine.analyze(&model.sql, &|name: &TableName| findings.schema(name).cloned());
    let analysis = match analyzed {
        Ok(analysis) => analysis,
        Err(error) => return (None, vec![sql_diagnostic(asset, model, error)]),
    };
    let mut found = Vec::new();
    // The places of its sums are those of its own query.
    let sums = analysis.sums.clone();
    let (analysis, sql) = with_members(asset, model, analysis, lake, findings, &mut found);
    let analysis = match added::with_added(model, analysis) {
        Ok(analysis) => analysis,
        Err(misfit) => {
            found.push(added::misfit_diagnostic(asset, model, misfit));
            return (None, found);
        }
    };
    verify_declared(asset, &analysis, &mut found);
    layout::verify_partitions(asset, &model.partition_by, &model.partition_spans, &analysis.schema, &mut found);
    incremental::verify(asset, model, &analysis.schema, &mut found);
    layout::verify_clustering(asset, &model.layout, &model.cluster_spans, &analysis.schema, &mut found);
    verify_view(asset, model, &mut found);
    let Analysis { schema, lineage, fingerprints, sums: _, volatile } = analysis;
    let (definition, columns) = (definition(asset), typed_names(&schema));
    let query = Some(Arc::new(Computed { lineage, fingerprints }));
    let desired = Desired { definition, columns, query, volatile, ..Desired::default() };
    let (checks, inputs) = (Vec::new(), Vec::new());
    (Some(ResolvedAsset { schema, sql, sums, checks, desired, source: None, inputs }), found)
}

/// What a model is whose inputs have other columns than was planned; `None` when its query cannot be planned on them, which building it tells.
pub(crate) fn resolve_again(
    model: &ModelAsset,
    lake: &Lake,
    planned: &ResolvedAsset,
    schemas: &(dyn Fn(&TableName) -> Option<SchemaRef> + Sync),
) -> Option<ResolvedAsset> {
    let analysis = lake.engine.analyze(planned.sql.as_deref().unwrap_or(&model.sql), schemas).ok()?;
    let Analysis { schema, lineage, fingerprints, sums: _, volatile } = added::with_added(model, analysis).ok()?;
    let query = Some(Arc::new(Computed { lineage, fingerprints }));
    let again = planned.with_columns(&schema);
    let desired = Desired { query, volatile, ..again.desired.clone() };
    Some(ResolvedAsset { desired, ..again })
}

/// A dimension's query with the members that are added to its own, and what is known of it; the query as it is otherwise.
fn with_members(
    asset: &Asset,
    model: &ModelAsset,
    own: Analysis,
    lake: &Lake,
    findings: &Findings,
    found: &mut Vec<Diagnostic>,
) -> (Analysis, Option<String>) {
    let schemas = |name: &TableName| findings.schema(name).cloned();
    let Some(sql) = members::complete(&asset.name, model, &own.schema, &schemas, found) else { return (own, None) };
    match lake.engine.analyze(&sql, &schemas) {
        Ok(analysis) => (analysis, Some(sql)),
        Err(error) => {
            let message = format!("the members of {} cannot be added: {}", asset.name, error.message);
            let at = model.star.as_deref().map_or(asset.span, Star::span);
            let mut diagnostic = Diagnostic::error("HW0976", message).at(at, "");
            diagnostic.help = error.help.or_else(|| Some("correct the declaration of the dimension".to_owned()));
            found.push(diagnostic);
            (own, None)
        }
    }
}

fn sql_diagnostic(asset: &Asset, model: &ModelAsset, error: SqlError) -> Diagnostic {
    let place = error.span.map_or(model.body, |range| model.span_of(range));
    let mut diagnostic = Diagnostic::error(error.code, format!("{}: {}", asset.name, error.message)).at(place, "");
    diagnostic.help = error.help;
    diagnostic
}

/// Columns that the header describes must be there, and in the declared type if it declares one.
fn verify_declared(asset: &Asset, analysis: &Analysis, found: &mut Vec<Diagnostic>) {
    for column in &asset.columns {
        match analysis.schema.field_with_name(&column.name) {
            Err(_) => {
                let message = format!("{} has no column '{}'", asset.name, column.name);
                found.push(no_such_column("HW0905", message, column.span, &column.name, &analysis.schema));
            }
            Ok(field) => {
                if let Some(declared) = column.data_type.as_ref().filter(|declared| *declared != field.data_type()) {
                    let (is, wanted) = (type_name(field.data_type()), type_name(declared));
                    let message = format!("column '{}' of {} is {is}, not {wanted}", column.name, asset.name);
                    let help = format!("cast it in the SQL: cast({} as {wanted}) as {}", column.name, column.name);
                    found.push(Diagnostic::error("HW0906", message).at(column.span, is).help(help));
                }
            }
        }
    }
}

/// A view has no rows of its own that could be set aside.
fn verify_view(asset: &Asset, model: &ModelAsset, found: &mut Vec<Diagnostic>) {
    if model.materialize == Materialize::View {
        for spec in asset.checks.iter().filter(|spec| spec.check.severity == Severity::Quarantine) {
            let message =
                format!("{} is a view: the rows that {} finds cannot be set aside", asset.name, spec.check.name);
            found.push(
                Diagnostic::error("HW0909", message)
                    .at(spec.span, "severity: quarantine")
                    .help("write `materialize: table`, or choose the severity warn or error"),
            );
        }
    }
}
