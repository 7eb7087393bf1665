//! `headwater source`: the systems that data comes from, looked at and described.

mod add;
mod check;
mod place;
mod preview;
mod yaml;

use clap::Subcommand;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;

/// Describes sources, tries them out, and shows what comes from them. Nothing is loaded.
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Looks at what a system has, and writes a source with a stream for each table
    Add(add::AddArgs),
    /// Says whether the project's sources can be reached and read, and what to grant where they cannot
    Check(check::CheckArgs),
    /// Shows the first rows of a stream, as they come from its source
    Preview(preview::PreviewArgs),
}

pub(crate) async fn source(command: &SourceCommand, global: &Global, console: &Console) -> Result<u8, Failure> {
    match command {
        SourceCommand::Add(args) => add::add(args, global, console).await,
        SourceCommand::Check(args) => check::check(args, global, console).await,
        SourceCommand::Preview(args) => preview::preview(args, global, console).await,
    }
}
