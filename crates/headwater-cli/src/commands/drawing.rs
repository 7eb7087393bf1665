//! What commands that draw have in common: in which format, and where to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use headwater_sdk::{Blame, Error};
use serde::Serialize;

use super::query::unknown_extension;
use crate::console::Console;
use crate::failure::Failure;

/// How to draw, and where to.
#[derive(Debug, Args)]
pub(crate) struct DrawArgs {
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Writes to this file; the format follows from .svg, .mmd or .json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// In what a drawing can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    /// A Mermaid diagram
    Mermaid,
    Svg,
}

impl DrawArgs {
    /// The format that is asked for, by name or by the file's.
    ///
    /// # Errors
    /// `HW0816` for a file whose name asks for another.
    pub(crate) fn format(&self, console: &Console) -> Result<Format, Failure> {
        let extension = self.output.as_ref().and_then(|path| path.extension()?.to_str());
        Ok(match (self.format, extension) {
            (Format::Text, Some("svg")) => Format::Svg,
            (Format::Text, Some("mmd" | "mermaid")) => Format::Mermaid,
            (Format::Text, Some("json")) => Format::Json,
            (Format::Text, None) if console.json => Format::Json,
            (Format::Text, Some(other)) if other != "txt" => {
                return Err(unknown_extension(other, ".svg, .mmd, .json or .txt").into());
            }
            (format, _) => format,
        })
    }

    /// Draws `what`: `draw` says how in all formats but JSON, and is told whether to colour text.
    ///
    /// # Errors
    /// `HW0809` when the file cannot be written.
    pub(crate) fn give(
        &self,
        what: &impl Serialize,
        draw: impl FnOnce(Format, bool) -> String,
        console: &Console,
    ) -> Result<(), Failure> {
        let shown = match self.format(console)? {
            Format::Json => format!("{}\n", serde_json::to_string_pretty(what).map_err(Failure::json)?),
            format => draw(format, console.color_out && self.output.is_none()),
        };
        match &self.output {
            None => console.out(&shown)?,
            Some(path) => {
                let written = std::fs::write(path, console.secrets.redact(&shown).as_bytes());
                written.map_err(|error| not_written(path, error))?;
            }
        }
        Ok(())
    }
}

/// A file that a person asked for and that cannot be written.
pub(crate) fn not_written(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new("HW0809", Blame::Environment, format!("{} cannot be written", path.display())).caused_by(error)
}
