//! What a selection has to be refused for: inputs that are not there, and views that would show what nothing has checked.

use std::collections::{BTreeMap, BTreeSet};

use headwater_diagnostics::Diagnostic;
use headwater_sdk::TableName;

use crate::plan::{Action, PlannedTask};
use crate::{Asset, Input, Project, codes};

/// The inputs of selected assets that are neither selected nor built. `is_built` tells whether `main` has a table.
pub fn unbuilt_inputs(
    project: &Project,
    selected: &BTreeSet<TableName>,
    is_built: &dyn Fn(&TableName) -> bool,
) -> Vec<Diagnostic> {
    let missing = |input: &&Input| !selected.contains(&input.table.owner()) && !is_built(&input.table);
    let mut found = Vec::new();
    for asset in project.assets.iter().filter(|asset| selected.contains(&asset.name)) {
        let read = asset.inputs.iter().filter(missing).map(|input| unbuilt(asset, input, ""));
        let checked = asset.check_inputs.iter().filter(missing).map(|input| unbuilt(asset, input, "a check of "));
        found.extend(read.chain(checked));
    }
    found
}

fn unbuilt(asset: &Asset, input: &Input, reader: &str) -> Diagnostic {
    let (name, table) = (&asset.name, &input.table);
    let message = format!("{reader}{name} reads {table}, which was never built and is not selected");
    Diagnostic::error(codes::UNBUILT_INPUT, message)
        .at(input.span, "not built yet")
        .help(format!("select {} too, or all that {name} is made from: +{name}", table.owner()))
}

/// The published views that would show rebuilt tables although nothing checks what they show: they have changes that are
/// not selected, or the project has them no more. `views` are those of `main`, with the assets that their SQL reads.
pub fn unchecked_views(
    project: &Project,
    tasks: &[PlannedTask],
    views: &BTreeMap<&TableName, &[TableName]>,
) -> Vec<Diagnostic> {
    let of = |wanted: fn(Action) -> bool| -> BTreeSet<&TableName> {
        tasks.iter().filter(|task| wanted(task.action)).map(|task| &task.asset).collect()
    };
    let built = of(|action| action == Action::Build);
    // A view that is up to date as the project has it shows nothing else than before.
    let judged = of(|action| action != Action::NotSelected);
    let mut found = Vec::new();
    for (view, reads) in views.iter().filter(|(view, _)| !judged.contains(**view)) {
        let Some(table) = reads.iter().find(|table| built.contains(table)) else { continue };
        let shows = format!("the view {view} shows {table}, which this run rebuilds");
        found.push(match project.asset(view) {
            Some(asset) => {
                let message =
                    format!("{shows}, and has changes that are not selected: nothing would check what it shows");
                let help = format!("select {view} too");
                Diagnostic::error(codes::UNCHECKED_VIEW, message).at(asset.span, "").help(help)
            }
            None => {
                let message = format!("{shows}, and the project has it no more: nothing would check what it shows");
                let help = "run once without --select: that takes it out of main; or bring its file back";
                Diagnostic::error(codes::UNCHECKED_VIEW, message).help(help)
            }
        });
    }
    found
}
