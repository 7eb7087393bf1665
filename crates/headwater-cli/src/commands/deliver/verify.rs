//! `headwater verify`: whether the same rows are here and there.

use clap::Args;
use headwater_diagnostics::nearest;
use headwater_project::{Asset, Project, Reach};
use headwater_run::{VerifyOptions, VerifySummary};
use headwater_sdk::{Blame, Error, TableName};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::comparisons;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Compares what was delivered with what its destinations have, and tables with their sources: counts, sums of hashes for ranges of keys, and the rows that differ.
///
/// Both sides are read whole, and nothing is changed. A destination is compared with the snapshot that it was given last; a source with
/// what `main` has, so that what has come since the last run differs.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Deliveries (destination/schema.table), destinations, tables of streams, or sources [default: all deliveries]
    names: Vec<String>,
    /// Compares the tables of all streams with their sources, too
    #[arg(long)]
    sources: bool,
}

pub(crate) async fn verify(
    args: &VerifyArgs,
    global: &Global,
    console: &Console,
    stop: &CancellationToken,
) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::ALL)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let (tables, deliveries) = chosen(&opened.project, args)?;
    let options = VerifyOptions {
        connectors: opened.connectors.into(),
        destinations: opened.destinations.into(),
        tables,
        deliveries,
        cancel: stop.clone(),
    };
    let done = headwater_run::verify(&opened.project, &lake, &options).await?;
    let code = exit_code(&done);
    if console.json {
        console.out_json(&json!({ "exit_code": code, "comparisons": done }))?;
    } else if done.is_empty() {
        console
            .out("there is nothing to compare: the project delivers nothing in this environment (see --sources)\n")?;
    } else {
        console.out(&comparisons::report(&done, console.width(), console.color_out))?;
    }
    Ok(code)
}

/// 1 where something differs or could not be compared.
pub(crate) fn exit_code(done: &[VerifySummary]) -> u8 {
    u8::from(done.iter().any(|one| one.state.is_bad()))
}

/// The tables and the deliveries that are meant.
fn chosen(project: &Project, args: &VerifyArgs) -> Result<(Vec<TableName>, Vec<String>), Error> {
    let streams = || project.assets.iter().filter(|asset| asset.source().is_some());
    let (mut tables, mut deliveries) = (Vec::new(), Vec::new());
    if args.sources {
        tables.extend(streams().map(|asset| asset.name.clone()));
    }
    if args.names.is_empty() {
        deliveries.extend(project.deliveries.iter().map(|delivery| delivery.name().to_owned()));
    }
    for name in &args.names {
        let before = tables.len() + deliveries.len();
        let is_stream = |asset: &&Asset| asset.name.to_string() == *name || asset.source() == Some(name);
        tables.extend(streams().filter(is_stream).map(|asset| asset.name.clone()));
        let meant = project.deliveries.iter().filter(|delivery| delivery.is_meant_by(name));
        deliveries.extend(meant.map(|delivery| delivery.name().to_owned()));
        if tables.len() + deliveries.len() == before && !args.sources {
            return Err(unknown(project, name));
        }
    }
    tables.sort();
    tables.dedup();
    deliveries.sort();
    deliveries.dedup();
    Ok((tables, deliveries))
}

fn unknown(project: &Project, name: &str) -> Error {
    let mut known: Vec<String> = project.deliveries.iter().map(|delivery| delivery.name().to_owned()).collect();
    known.extend(project.assets.iter().filter(|asset| asset.source().is_some()).map(|asset| asset.name.to_string()));
    let error = Error::new("HW0989", Blame::Project, format!("there is nothing to compare for '{name}'"));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean '{near}'?")),
        None => error.help("name a delivery, a destination, a source, or the table of a stream"),
    }
}
