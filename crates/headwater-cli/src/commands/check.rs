//! `headwater check`: everything that is wrong with a project, without running it.

use std::path::PathBuf;

use clap::Args;
use headwater_diagnostics::render_json;
use headwater_project::{Project, Reach};
use headwater_run::{check_tests, resolve};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::problem;
use crate::render::star::{Kind, diagram};
use crate::render::units::plural;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Reads the project, looks at its sources, and plans every model, every check and every unit test. Nothing is loaded or written.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The project's folder
    dir: Option<PathBuf>,
}

pub(crate) async fn check(args: &CheckArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(args.dir.as_deref(), global, console, Reach::ALL)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let base = lake.base().await?;
    let resolved = resolve(&opened.project, &opened.connectors, &lake, &base, false).await;
    let resolved = match resolved.and_then(|it| check_tests(&opened.project, &it, &lake).map(|()| it)) {
        Ok(resolved) => resolved,
        Err(error) => return Err(Failure::of_run(error, opened.files)),
    };
    let troubles: Vec<(String, String)> = resolved
        .assets
        .iter()
        .filter_map(|(name, asset)| Some((name.to_string(), asset.desired.trouble.clone()?)))
        .collect();
    let warnings: Vec<_> = opened.warnings.iter().chain(&resolved.warnings).cloned().collect();
    if console.json {
        let unreadable: Vec<_> =
            troubles.iter().map(|(asset, why)| json!({ "asset": asset, "message": why })).collect();
        console.out_json(&json!({
            "exit_code": 0,
            "assets": opened.project.assets.len(),
            "unit_tests": opened.project.tests.len(),
            "diagnostics": render_json(&warnings, &opened.files),
            "unreadable_sources": unreadable,
        }))?;
        return Ok(0);
    }
    if !resolved.warnings.is_empty() {
        console.err(&problem::diagnostics(&resolved.warnings, &opened.files, console.color_err));
    }
    for (asset, why) in &troubles {
        console.err(&format!("warning: the source of {asset} cannot be read now: {why}\n"));
    }
    let checks: usize = opened.project.assets.iter().map(|asset| asset.checks.len()).sum();
    let (assets, checks) = (opened.project.assets.len() as u64, checks as u64);
    let tests = match opened.project.tests.len() as u64 {
        0 => String::new(),
        tests => format!(", {}", plural(tests, "unit test")),
    };
    console.out(&format!(
        "{}: {}, {}{}{tests}, no errors\n",
        opened.project.name,
        plural(assets, "asset"),
        plural(checks, "check"),
        stars(&opened.project)
    ))?;
    Ok(0)
}

/// How many facts, bridges and dimensions there are, if any.
fn stars(project: &Project) -> String {
    let tables = diagram(project, None).tables;
    let count = |kind: Kind| tables.iter().filter(|table| table.kind == kind).count() as u64;
    let counts = [Kind::Fact, Kind::Bridge, Kind::Dimension].map(|kind| (count(kind), kind));
    let told = counts.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, kind)| format!(", {}", plural(*count, kind.as_str()))).collect()
}
