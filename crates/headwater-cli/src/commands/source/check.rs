//! `headwater source check`: whether the sources can be reached and read.

use std::collections::BTreeMap;

use clap::Args;
use headwater_project::{Asset, AssetKind, StreamAsset};
use headwater_sdk::connector::{Finding, OpenContext, Standing};
use headwater_sdk::{Blame, Error, TableName};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::style::Style;
use crate::wiring::project;

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
    let opened = project::open(None, global, console)?;
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
            .help("`headwater list 'kind:stream'` has them")
            .into());
    }
    let context =
        OpenContext { project_dir: project.dir.clone(), storage_options: project.environment.storage.clone() };
    let mut checked = Vec::new();
    for ((connector, _), streams) in systems {
        let Some(connector) = opened.connectors.iter().find(|known| known.name() == connector) else { continue };
        let Some((first, stream)) = streams.first() else { continue };
        let mut findings = Vec::new();
        match connector.source(stream.source.clone(), &context) {
            Err(error) => findings.push((None, trouble(&error.message, error.help))),
            Ok(system) => match system.examine().await {
                // Every stream would say the same.
                Err(error) => findings.push((None, trouble(&error.full_message(), error.help.clone()))),
                Ok(found) => {
                    findings.extend(found.into_iter().map(|finding| (None, finding)));
                    for (asset, stream) in &streams {
                        let opened = system.stream(stream.stream.clone(), stream.settings.clone());
                        let finding = match opened {
                            Err(error) => trouble(&error.message, error.help),
                            Ok(opened) => match opened.plan(None, None).await {
                                Err(error) => trouble(&error.full_message(), error.help.clone()),
                                Ok(plan) => good(&plan.description, plan.schema.fields().len()),
                            },
                        };
                        findings.push((Some(asset.name.clone()), finding));
                    }
                }
            },
        }
        checked.push(Checked { path: first.path.clone(), findings });
    }
    give(&checked, console)
}

fn good(description: &str, columns: usize) -> Finding {
    let what = format!("can be read: {description}, {columns} columns");
    Finding { standing: Standing::Good, what, help: None }
}

fn trouble(message: &str, help: Option<String>) -> Finding {
    Finding { standing: Standing::Trouble, what: message.to_owned(), help }
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
