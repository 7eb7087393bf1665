//! A script's columns, which it declares, and what it reads of its inputs, which the engine is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{Field, Schema, SchemaRef};
use headwater_diagnostics::Diagnostic;
use headwater_project::plan::{Computed, Desired, definition, short_hash};
use headwater_project::{Asset, ScriptAsset, ScriptInput, ScriptRefresh};
use headwater_sdk::TableName;
use headwater_sdk::engine::Analysis;
use headwater_sdk::lineage::{ColumnLineage, ColumnRef, Edge, Fingerprint, Fingerprints, Influence, OutputColumn};

use super::checks::no_such_column;
use super::{Findings, ResolvedAsset, layout, typed_names};
use crate::lake::Lake;

/// Resolves a script, and tells what is wrong with it; `None` when what it reads is not there.
pub(super) fn resolve(
    asset: &Asset,
    script: &ScriptAsset,
    lake: &Lake,
    findings: &Findings,
) -> (Option<ResolvedAsset>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut inputs = Vec::with_capacity(script.inputs.len());
    for input in &script.inputs {
        match analyze(asset, input, lake, findings) {
            Ok(analysis) => inputs.push((input, analysis)),
            Err(diagnostics) => found.extend(diagnostics),
        }
    }
    if inputs.len() < script.inputs.len() {
        return (None, found);
    }
    let columns = asset.columns.iter().filter_map(|column| Some((&column.name, column.data_type.clone()?)));
    let schema: SchemaRef =
        Arc::new(Schema::new(columns.map(|(name, of)| Field::new(name, of, true)).collect::<Vec<_>>()));
    verify_origins(asset, script, &inputs, &mut found);
    layout::verify_partitions(asset, &script.partition_by, &script.partition_spans, &schema, &mut found);
    layout::verify_clustering(asset, &script.layout, &script.cluster_spans, &schema, &mut found);
    let lineage = lineage(asset, script, &inputs);
    let desired = Desired {
        definition: definition(asset),
        columns: typed_names(&schema),
        query: Some(Arc::new(Computed { lineage, fingerprints: fingerprints(&schema, &inputs) })),
        always: script.refresh == ScriptRefresh::Always,
        ..Desired::default()
    };
    let inputs = inputs.into_iter().map(|(_, analysis)| analysis.schema).collect();
    let resolved =
        ResolvedAsset { schema, sql: None, sums: Vec::new(), checks: Vec::new(), desired, source: None, inputs };
    (Some(resolved), found)
}

/// Nothing is known of what a program computes. What it is given has certain columns in a certain order.
fn fingerprints(schema: &Schema, inputs: &[(&ScriptInput, Analysis)]) -> Fingerprints {
    let given: Vec<_> = inputs.iter().map(|(input, analysis)| (&input.table, typed_names(&analysis.schema))).collect();
    let print = Fingerprint { hash: short_hash(&format!("{given:?}")), stable: false };
    Fingerprints { columns: vec![print; schema.fields().len()], rows: Fingerprint::default() }
}

/// What a script reads of an input. Columns that are not there are told one by one.
fn analyze(asset: &Asset, input: &ScriptInput, lake: &Lake, findings: &Findings) -> Result<Analysis, Vec<Diagnostic>> {
    if let (Some(columns), Some(schema)) = (&input.columns, findings.schema(&input.table)) {
        let missing = columns.iter().filter(|(name, _)| schema.field_with_name(name).is_err());
        let told: Vec<Diagnostic> = missing
            .map(|(name, span)| {
                let message = format!("{} reads column '{name}' of {}, which has none", asset.name, input.table);
                no_such_column("HW0937", message, *span, name, schema)
            })
            .collect();
        if !told.is_empty() {
            return Err(told);
        }
    }
    let analyzed = lake.engine.analyze(&input.sql(), &|name: &TableName| findings.schema(name).cloned());
    analyzed.map_err(|error| {
        let at = input.filter.as_ref().map_or(input.span, |(_, span)| *span);
        let mut diagnostic = Diagnostic::error(error.code, format!("{}: {}", asset.name, error.message)).at(at, "");
        diagnostic.help = error.help;
        vec![diagnostic]
    })
}

/// Every column of a query's output with the columns of tables that it comes from.
fn columns_of(analysis: &Analysis) -> impl Iterator<Item = (&str, &ColumnRef)> {
    let columns = analysis.lineage.columns.iter();
    columns.flat_map(|column| column.edges.iter().map(|edge| (column.name.as_str(), &edge.from)))
}

/// What `from` names has to be among what is read.
fn verify_origins(
    asset: &Asset,
    script: &ScriptAsset,
    inputs: &[(&ScriptInput, Analysis)],
    found: &mut Vec<Diagnostic>,
) {
    for (of, span) in script.from.iter().flatten().flatten() {
        let read = inputs.iter().filter(|(input, _)| input.table == of.table).map(|(_, analysis)| &analysis.schema);
        // Tables that it does not read have been told when the project was loaded.
        if let Some(schema) = read.clone().next()
            && read.clone().all(|schema| schema.field_with_name(&of.column).is_err())
        {
            let message = format!("{} reads no column '{}' of {}", asset.name, of.column, of.table);
            found.push(no_such_column("HW0937", message, *span, &of.column, schema));
        }
    }
}

/// The lineage of a script: what its project says, else that all columns that it reads make all of its own. What it reads
/// and nothing is said to be made from, and the columns of conditions, decide which rows there are.
fn lineage(asset: &Asset, script: &ScriptAsset, inputs: &[(&ScriptInput, Analysis)]) -> ColumnLineage {
    let edge = |from: &ColumnRef, influence| Edge { from: from.clone(), influence, masking: false };
    // The columns as the program sees them, each with what it is of the tables that are named.
    let mut named: BTreeMap<(&TableName, &str), Vec<&ColumnRef>> = BTreeMap::new();
    for (input, analysis) in inputs {
        for (name, from) in columns_of(analysis) {
            named.entry((&input.table, name)).or_default().push(from);
        }
    }
    let all: Vec<&ColumnRef> = named.values().flatten().copied().collect();
    let mut columns = Vec::with_capacity(asset.columns.len());
    for (column, from) in asset.columns.iter().zip(&script.from) {
        let mut edges: Vec<Edge> = match from {
            None => all.iter().map(|of| edge(of, Influence::Transformation)).collect(),
            Some(from) => {
                let of = from.iter().filter_map(|(of, _)| named.get(&(&of.table, of.column.as_str())));
                of.flatten().map(|of| edge(of, Influence::Transformation)).collect()
            }
        };
        edges.sort();
        edges.dedup();
        columns.push(OutputColumn { name: column.name.clone(), edges });
    }
    let is_named = |of: &ColumnRef| columns.iter().flat_map(|column| &column.edges).any(|edge| edge.from == *of);
    let mut dataset: Vec<Edge> = inputs.iter().flat_map(|(_, analysis)| analysis.lineage.dataset.clone()).collect();
    dataset.extend(all.iter().filter(|of| !is_named(of)).map(|of| edge(of, Influence::Filter)));
    dataset.sort();
    dataset.dedup();
    ColumnLineage { columns, dataset }
}
