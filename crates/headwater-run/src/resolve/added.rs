//! The columns that a table has beside those of its query: of a history, of snapshots.

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_diagnostics::Diagnostic;
use headwater_project::plan::short_hash;
use headwater_project::{Asset, Materialize, ModelAsset};
use headwater_sdk::engine::Analysis;
use headwater_sdk::lineage::{Edge, Fingerprint, Influence, OutputColumn};
use headwater_sdk::method::{History, Misfit, Places};

/// What is known of a model's table, from what is known of its query.
///
/// # Errors
/// When the query's columns do not go with what is to become of its rows.
pub(super) fn with_added(model: &ModelAsset, mut analysis: Analysis) -> Result<Analysis, Misfit> {
    let schema = model.table_schema(&analysis.schema)?;
    let query = analysis.schema.fields().len();
    for field in schema.fields().iter().skip(query) {
        let edges = match &model.materialize {
            Materialize::Scd2(history) => {
                edges(history, &history.places(&analysis.schema)?, field.name(), &analysis.lineage.columns)
            }
            _ => Vec::new(),
        };
        analysis.lineage.columns.push(OutputColumn { name: field.name().clone(), edges });
        // What it is depends on what the table held: no two builds are known to yield the same.
        let hash = short_hash(&format!("{} {:?}", field.name(), model.materialize));
        analysis.fingerprints.columns.push(Fingerprint { hash, stable: false });
    }
    analysis.schema = Arc::new(schema);
    Ok(analysis)
}

/// What an added column of a history is made from.
fn edges(history: &History, places: &Places, name: &str, columns: &[OutputColumn]) -> Vec<Edge> {
    let of = |places: &[usize]| -> BTreeSet<Edge> {
        places.iter().filter_map(|place| columns.get(*place)).flat_map(|column| column.edges.iter().cloned()).collect()
    };
    let names = &history.columns;
    let found = if name == names.valid_from || name == names.valid_to {
        of(places.updated_at.as_slice())
    } else if name == names.row_hash {
        let hashed = |edge: Edge| match edge.influence.is_direct() {
            true => Edge { influence: Influence::Transformation, masking: true, ..edge },
            false => edge,
        };
        of(&places.tracked).into_iter().map(hashed).collect()
    } else {
        BTreeSet::new()
    };
    found.into_iter().collect()
}

/// What does not go together, at the key that says so.
pub(super) fn misfit_diagnostic(asset: &Asset, model: &ModelAsset, misfit: Misfit) -> Diagnostic {
    let Misfit { option, column, message, help } = misfit;
    let at = model.option_span(option, &column).unwrap_or(asset.span);
    Diagnostic::error("HW0928", format!("{}: {message}", asset.name)).at(at, "").help(help)
}
