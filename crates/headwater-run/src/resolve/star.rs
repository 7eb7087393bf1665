//! Facts, dimensions and bridges against the columns of their tables, and sums of what is not additive.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::{DataType, Schema};
use headwater_diagnostics::Diagnostic;
use headwater_project::{Additive, Asset, AssetKind, Fact, Measure, ModelAsset, Project, Reference, Star, Written};
use headwater_sdk::TableName;
use headwater_sdk::lineage::{ColumnRef, Influence, Sum};
use headwater_sdk::types::type_name;

use super::Findings;
use super::checks::{can_be_equal, no_such_column};

/// What is wrong with an asset's declaration. Those of a broken asset are left alone.
pub(super) fn verify(project: &Project, asset: &Asset, findings: &Findings) -> Vec<Diagnostic> {
    let Some(star) = star_of(asset) else { return Vec::new() };
    let Some(schema) = findings.schema(&asset.name) else { return Vec::new() };
    let mut verifying = Verifying { project, asset, star, schema, findings, found: Vec::new() };
    match star {
        Star::Fact(fact) => {
            verifying.columns(fact.grain.iter().chain(&fact.degenerate));
            for measure in &fact.measures {
                verifying.number(&measure.column, "the measure");
            }
        }
        Star::Dimension(dimension) => {
            verifying.columns(std::iter::once(&dimension.key).chain(&dimension.natural_key));
        }
        Star::Bridge(bridge) => {
            verifying.columns([&bridge.group]);
            if let Some(weight) = &bridge.weight {
                verifying.number(weight, "the weight");
            }
        }
    }
    for reference in star.references() {
        verifying.reference(reference);
    }
    verifying.found
}

fn model_of(asset: &Asset) -> Option<&ModelAsset> {
    if let AssetKind::Model(model) = &asset.kind { Some(model) } else { None }
}

fn star_of(asset: &Asset) -> Option<&Star> {
    model_of(asset)?.star.as_deref()
}

struct Verifying<'a> {
    project: &'a Project,
    asset: &'a Asset,
    star: &'a Star,
    schema: &'a Schema,
    findings: &'a Findings,
    found: Vec<Diagnostic>,
}

impl Verifying<'_> {
    fn columns<'c>(&mut self, columns: impl IntoIterator<Item = &'c Written>) {
        for column in columns {
            self.type_of(column);
        }
    }

    /// The type of a column; one that is not there is reported.
    fn type_of(&mut self, column: &Written) -> Option<DataType> {
        if let Ok(field) = self.schema.field_with_name(&column.name) {
            return Some(field.data_type().clone());
        }
        let message = format!("the {} {} has no column '{}'", self.star.kind(), self.asset.name, column.name);
        if self.found.iter().all(|known| known.message != message) {
            self.found.push(no_such_column("HW0970", message, column.span, &column.name, self.schema));
        }
        None
    }

    fn number(&mut self, column: &Written, what: &str) {
        let Some(data_type) = self.type_of(column).filter(|data_type| !data_type.is_numeric()) else { return };
        let is = type_name(&data_type);
        let message = format!("{what} '{}' of {} is {is}, and no number", column.name, self.asset.name);
        let diagnostic = Diagnostic::error("HW0972", message).at(column.span, is);
        self.found.push(diagnostic.help("cast it in the SQL, or leave it out: what is no number is no measure"));
    }

    /// A key must be of a type that goes with that of the key that it leads to.
    fn reference(&mut self, reference: &Reference) {
        let Some(own) = self.type_of(&reference.column) else { return };
        let there = self.findings.schema(&reference.to);
        let Some(key) = there.and_then(|schema| schema.field_with_name(&reference.to_column).ok()) else { return };
        if can_be_equal(&own, key.data_type()) {
            return;
        }
        let (is, wanted) = (type_name(&own), type_name(key.data_type()));
        let message = format!(
            "the key '{}' of {} is {is}, but '{}' of {}, which it leads to, is {wanted}",
            reference.column.name, self.asset.name, reference.to_column, reference.to
        );
        let diagnostic = Diagnostic::error("HW0971", message).at(reference.column.span, is);
        let there = self.project.asset(&reference.to).and_then(star_of);
        let diagnostic = match there {
            Some(Star::Dimension(dimension)) => diagnostic.also(dimension.key.span, wanted),
            Some(Star::Bridge(bridge)) => diagnostic.also(bridge.group.span, wanted),
            Some(Star::Fact(_)) | None => diagnostic,
        };
        self.found.push(diagnostic.help("make both of one type: the key of the dimension is what facts should hold"));
    }
}

/// Warnings about sums of measures that are not additive, in the models of a project.
pub(super) fn warn_of_sums(project: &Project, findings: &Findings) -> Vec<Diagnostic> {
    let mut measures: BTreeMap<ColumnRef, (&Asset, &Fact, &Measure)> = BTreeMap::new();
    let mut traced: BTreeMap<ColumnRef, BTreeSet<ColumnRef>> = BTreeMap::new();
    for asset in &project.assets {
        let column = |column: &Written| ColumnRef { table: asset.name.clone(), column: column.name.clone() };
        let mut base = Vec::new();
        match star_of(asset) {
            Some(Star::Fact(fact)) => {
                for measure in fact.measures.iter().filter(|measure| measure.additive != Additive::Fully) {
                    measures.insert(column(&measure.column), (asset, fact, measure));
                    base.push(column(&measure.column));
                    base.extend(measure.not_over.iter().map(column));
                }
            }
            Some(Star::Dimension(dimension)) => {
                base.push(column(&dimension.key));
                base.extend(dimension.natural_key.iter().map(column));
            }
            Some(Star::Bridge(_)) | None => {}
        }
        traced.extend(base.into_iter().map(|base| (base.clone(), BTreeSet::from([base]))));
    }
    if measures.is_empty() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for asset in &project.assets {
        let (Some(model), Some(resolved)) = (model_of(asset), findings.assets.get(&asset.name)) else { continue };
        for sum in &resolved.sums {
            warnings.extend(judge(asset, model, sum, &measures, &traced));
        }
        let lineage = resolved.desired.query.iter().flat_map(|query| &query.lineage.columns);
        for output in lineage {
            let passed = output.edges.iter().filter(|edge| edge.influence == Influence::Identity);
            let of: BTreeSet<ColumnRef> = passed.filter_map(|edge| traced.get(&edge.from)).flatten().cloned().collect();
            if !of.is_empty() {
                let column = ColumnRef { table: asset.name.clone(), column: output.name.clone() };
                // What a fact declares itself is its own.
                traced.entry(column).or_insert(of);
            }
        }
    }
    warnings
}

fn judge(
    asset: &Asset,
    model: &ModelAsset,
    sum: &Sum,
    measures: &BTreeMap<ColumnRef, (&Asset, &Fact, &Measure)>,
    traced: &BTreeMap<ColumnRef, BTreeSet<ColumnRef>>,
) -> Vec<Diagnostic> {
    let origins = |columns: &[ColumnRef]| -> BTreeSet<ColumnRef> {
        columns.iter().filter_map(|column| traced.get(column)).flatten().cloned().collect()
    };
    let within = origins(&sum.within);
    let place = sum.span.clone().map_or(asset.span, |range| model.span_of(range));
    let mut found = Vec::new();
    for (column, (fact_asset, fact, measure)) in origins(&sum.of).iter().filter_map(|of| measures.get_key_value(of)) {
        let (name, from) = (&measure.column.name, &fact_asset.name);
        if measure.additive == Additive::No {
            let message = format!("{} adds up '{name}' of {from}, which is not additive", asset.name);
            found.push(
                Diagnostic::warning("HW0973", message)
                    .at(place, "this sum means nothing")
                    .also(measure.column.span, "declared here")
                    .help("take a mean, a minimum or a maximum, or compute it from measures that are additive"),
            );
            continue;
        }
        for over in measure.not_over.iter().filter(|over| !is_fixed(&column.table, fact, over, &within, traced)) {
            let message = format!("{} adds up '{name}' of {from} over '{}'", asset.name, over.name);
            found.push(
                Diagnostic::warning("HW0974", message)
                    .at(place, "the same is counted several times")
                    .also(over.span, "not additive over it")
                    .help(format!("group by '{}', or choose one value of it by `where {} = …`", over.name, over.name)),
            );
        }
    }
    found
}

/// Whether all the rows that are added have one value of a foreign key of a fact, or of the key of the member that it leads to.
fn is_fixed(
    fact_table: &TableName,
    fact: &Fact,
    over: &Written,
    within: &BTreeSet<ColumnRef>,
    traced: &BTreeMap<ColumnRef, BTreeSet<ColumnRef>>,
) -> bool {
    let own = ColumnRef { table: fact_table.clone(), column: over.name.clone() };
    let leads_to = fact.references.iter().filter(|reference| reference.column.name == over.name);
    // Of a dimension only its keys are traced.
    let mut members = leads_to.flat_map(|reference| traced.keys().filter(|column| column.table == reference.to));
    within.contains(&own) || members.any(|column| within.contains(column))
}
