//! A script's attempt: its program is given the rows that the run sees, and its rows are staged like those of a source.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use headwater_project::{Asset, ScriptAsset};
use headwater_sdk::connector::Delivery;
use headwater_sdk::engine::{Branch, Past, StageInput, StageRequest, Staged, WriteMode};
use headwater_sdk::progress::Progress;
use headwater_sdk::script::{Program, ProgramInput, ProgramRun};
use headwater_sdk::{Blame, Error, Relations, Result};

use super::bad_rows;
use super::context::Context;
use crate::resolve::ResolvedAsset;

/// Runs a script, stages its rows and evaluates its checks.
///
/// # Errors
/// When its inputs cannot be read, and when the program does not end well or writes something else than its table.
pub(super) async fn stage(
    context: &Context,
    branch: &dyn Branch,
    asset: &Asset,
    script: &ScriptAsset,
    resolved: &ResolvedAsset,
    relations: Relations,
    progress: Arc<Progress>,
) -> Result<Staged> {
    let Some(programs) = &context.programs else {
        let message = format!("{} is a script, and nothing runs programs here", asset.name);
        return Err(Error::new("HW0936", Blame::Environment, message).help("run the project with `headwater run`"));
    };
    let (observer, name) = (Arc::clone(&context.observer), asset.name.clone());
    let part = programs.part(ProgramRun {
        table: asset.name.clone(),
        program: program(context, asset, script),
        inputs: inputs(context, script, resolved, &relations),
        schema: Arc::clone(&resolved.schema),
        on_bad_row: script.on_bad_row,
        said: Arc::new(move |line| observer.said(&name, line)),
    });
    let request = StageRequest {
        table: asset.name.clone(),
        input: StageInput::Source {
            schema: Arc::clone(&resolved.schema),
            parts: vec![part],
            delivery: Delivery::Rows,
            checks: Vec::new(),
        },
        mode: WriteMode::Replace,
        partition_by: script.partition_by.clone(),
        layout: script.layout.clone(),
        checks: resolved.checks.clone(),
        judge_all: false,
        keep_rejected: script.keeps_rejected(),
        rejected_once: false,
        relations,
        position: None,
        progress: Arc::clone(&progress),
    };
    let staged = branch.stage(request).await?;
    bad_rows::judge_script(&asset.name, &staged)?;
    Ok(Staged { rows_in: progress.rows_in(), ..staged })
}

fn program(context: &Context, asset: &Asset, script: &ScriptAsset) -> Program {
    let own = script.env.iter().map(|(name, value)| (name.clone(), value.clone()));
    let told = [
        ("HEADWATER_ENVIRONMENT", context.project.environment.name.clone()),
        ("HEADWATER_RUN_ID", context.run.id.to_string()),
        ("HEADWATER_TABLE", asset.name.to_string()),
        ("HEADWATER_VARS", serde_json::json!(script.vars).to_string()),
    ];
    let told = told.into_iter().map(|(name, value)| (name.to_owned(), value));
    Program {
        command: script.command.clone(),
        folder: context.project.dir.join(&script.folder),
        env: own.chain(told).collect(),
        timeout: script.timeout.map(Duration::from_secs),
        input_format: script.input_format,
        output_format: script.output_format,
    }
}

/// The rows of each input as the run sees them, each computed when the program comes to it.
fn inputs(
    context: &Context,
    script: &ScriptAsset,
    resolved: &ResolvedAsset,
    relations: &Relations,
) -> Vec<ProgramInput> {
    let read = |(input, schema): (&headwater_project::ScriptInput, &arrow_schema::SchemaRef)| {
        let (engine, relations, sql) = (Arc::clone(&context.lake.engine), relations.clone(), input.sql());
        let rows = async move { engine.query(&relations, &Past::new(), &sql).await.map(|answer| answer.stream) };
        let rows = Box::pin(futures::stream::once(rows).try_flatten());
        ProgramInput { table: input.table.clone(), schema: Arc::clone(schema), rows }
    };
    script.inputs.iter().zip(&resolved.inputs).map(read).collect()
}
