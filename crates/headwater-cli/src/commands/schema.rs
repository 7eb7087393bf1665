//! `headwater schema`: the JSON Schemas of the project's YAML.

use clap::Args;
use headwater_sdk::{Blame, Error};

use crate::console::Console;
use crate::failure::Failure;
use crate::wiring::project::destinations;

/// Prints the JSON Schema of a kind of YAML, for editors; without a kind, all of them in one object.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// project, source, destination, model, script, seed or test
    kind: Option<String>,
}

pub(crate) fn schema(args: &SchemaArgs, console: &Console) -> Result<u8, Failure> {
    let schemas =
        headwater_project::json_schemas(&headwater_connectors::all(), &destinations(), &headwater_checks::all());
    match &args.kind {
        None => console.out_json(&schemas)?,
        Some(kind) => match schemas.get(kind.as_str()) {
            Some(schema) => console.out_json(schema)?,
            None => {
                let kinds: Vec<&str> = schemas.keys().copied().collect();
                return Err(Error::new("HW0814", Blame::Project, format!("there is no schema of '{kind}'"))
                    .help(format!("name one of {}", kinds.join(", ")))
                    .into());
            }
        },
    }
    Ok(0)
}
