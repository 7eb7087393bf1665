//! `headwater source check`: whether the sources can be reached and read.

use std::collections::BTreeMap;

use clap::Args;
use headwater_project::{Asset, AssetKind, Reach, StreamAsset};
use headwater_run::{open_stream, open_system};
use headwater_sdk::connector::{Finding, ReadPlan, SourceStream, Standing};
use headwater_sdk::{Blame, Error, Result, TableName};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::style::Style;
use crate::render::units::plural;
use crate::wiring::project::{self, Opened};

/// Reaches for every source of the project and looks at what its streams read: names, rights, columns, positions. Says what to grant or to
/// change where something is missing. Exits with 3 when something is.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Only the streams that fill these tables
    tables: Vec<TableName>,
}

/// What was found of one system.
struct Checked {
    path: String,
    findings: Vec<(Option<TableName>, Finding)>,
}

pub(super) async fn check(args: &CheckArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::SOURCES)?;
    let project = &opened.project;
    let mut systems: BTreeMap<(String, String), Vec<(&Asset, &StreamAsset)>> = BTreeMap::new();
    for asset in &project.assets {
        let asked = args.tables.is_empty() || args.tables.contains(&asset.name);
        if let (AssetKind::Stream(stream), true) = (&asset.kind, asked) {
            systems.entry(stream.system()).or_default().push((asset, stream));
        }
    }
    if let Some(unknown) =
        args.tables.iter().find(|table| !systems.values().flatten().any(|(asset, _)| asset.name == **table))
    {
        let message = format!("no stream of the project fills {unknown}");
        return Err(Error::new("HW0823", Blame::Project, message)
            .help("`headwater list --select type:stream` has them")
            .into());
    }
    let mut checked = Vec::new();
    for streams in systems.values() {
        let Some((first, _)) = streams.first() else { continue };
        let findings = examine(&opened, streams).await.unwrap_or_else(|error| vec![(None, trouble(&error))]);
        checked.push(Checked { path: first.path.clone(), findings });
    }
    give(&checked, console)
}

/// What is found of a system and of its streams.
///
/// # Errors
/// When the system itself is out of reach: every stream would say the same.
async fn examine(opened: &Opened, streams: &[(&Asset, &StreamAsset)]) -> Result<Vec<(Option<TableName>, Finding)>> {
    let Some((_, first)) = streams.first() else { return Ok(Vec::new()) };
    let system = open_system(&opened.project, &opened.connectors, first)?;
    let mut findings: Vec<_> = system.examine().await?.into_iter().map(|finding| (None, finding)).collect();
    // All are opened before any is asked: what several lack, one statement grants.
    let opened: Vec<_> =
        streams.iter().map(|(_, stream)| open_stream(system.as_ref(), stream, stream.settings.clone())).collect();
    for ((asset, _), stream) in streams.iter().zip(opened) {
        let found = match stream {
            Ok(stream) => look(stream.as_ref()).await,
            Err(error) => Err(error),
        };
        let found = found.unwrap_or_else(|error| vec![trouble(&error)]);
        findings.extend(found.into_iter().map(|finding| (Some(asset.name.clone()), finding)));
    }
    Ok(findings)
}

/// Whether a stream can be read, and what should be known of how it is.
async fn look(stream: &dyn SourceStream) -> Result<Vec<Finding>> {
    let plan = stream.plan(None, None).await?;
    Ok(std::iter::once(good(&plan)).chain(stream.examine(&plan.schema).await?).collect())
}

fn good(plan: &ReadPlan) -> Finding {
    let what = format!("can be read: {}, {}", plan.description, plural(plan.schema.fields().len() as u64, "column"));
    Finding { standing: Standing::Good, what, help: None }
}

fn trouble(error: &Error) -> Finding {
    Finding { standing: Standing::Trouble, what: error.full_message(), help: error.help.clone() }
}

fn give(checked: &[Checked], console: &Console) -> Result<u8, Failure> {
    let all = || checked.iter().flat_map(|checked| &checked.findings).map(|(_, finding)| finding.standing);
    let exit_code = if all().any(|standing| standing == Standing::Trouble) { 3 } else { 0 };
    if console.json {
        let findings: Vec<_> = checked
            .iter()
            .flat_map(|checked| checked.findings.iter().map(move |(table, finding)| (checked, table, finding)))
            .map(|(checked, table, finding)| {
                json!({ "source": checked.path, "table": table, "standing": word(finding.standing), "what": finding.what,
                        "help": finding.help })
            })
            .collect();
        console.out_json(&json!({ "exit_code": exit_code, "findings": findings }))?;
        return Ok(exit_code);
    }
    let mut text = String::new();
    for Checked { path, findings } in checked {
        text += &format!("{path}\n");
        for (table, finding) in findings {
            let style = match finding.standing {
                Standing::Good => Style::Good,
                Standing::Warning => Style::Warn,
                Standing::Trouble => Style::Bad,
            };
            let standing = style.paint(word(finding.standing), console.color_out);
            let table = table.as_ref().map_or_else(String::new, |table| format!("{table}: "));
            text += &format!("  {standing}  {table}{}\n", finding.what);
            text += &finding.help.as_ref().map_or_else(String::new, |help| format!("    help: {help}\n"));
        }
    }
    if checked.is_empty() {
        text = "the project has no sources\n".to_owned();
    }
    console.out(&console.secrets.redact(&text))?;
    Ok(exit_code)
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Warning => "warning",
        Standing::Trouble => "trouble",
    }
}
