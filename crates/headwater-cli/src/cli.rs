//! The command line: what is common to all commands, and the list of them. Each command's own arguments are in its file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

const EXIT_CODES: &str = "\
Exit codes:
  0  done: everything that was asked for is published, shown or checked
  1  some assets failed or were held back, some unit tests failed, or the command was interrupted
  2  the project or the command line is wrong: nothing was done
  3  the environment is: storage, network, permissions, or another process that uses the lake";

/// A data engineer's whole job from one folder of plain files.
#[derive(Debug, Parser)]
#[command(name = "headwater", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The project's folder [default: this one, or the nearest above it with a headwater.yml]
    #[arg(short = 'C', long = "project", global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
    /// The environment [default: the one marked `default: true`]
    #[arg(long = "env", global = true, value_name = "NAME", env = "HEADWATER_ENV")]
    pub(crate) environment: Option<String>,
    /// Sets a variable of the project; may be given several times
    #[arg(long = "var", global = true, value_name = "KEY=VALUE", value_parser = parse_var)]
    pub(crate) vars: Vec<(String, String)>,
    /// Prints one JSON document (for `query`: one line per row) on stdout, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Shows no progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Shows warnings of the libraries underneath on stderr; twice for details, thrice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a small project that runs
    Init(commands::init::InitArgs),
    /// Says everything that is wrong with a project, without running it
    Check(commands::check::CheckArgs),
    /// Runs the unit tests of models: given rows, expected rows, without the lake
    Test(commands::test::TestArgs),
    /// Says what a run would do, and why
    Plan(commands::plan::PlanArgs),
    /// Brings the lake up to date and publishes what passes its checks
    Run(commands::run::RunArgs),
    /// Delivers what is published to the project's destinations
    Deliver(commands::deliver::DeliverArgs),
    /// Copies what a source has to a destination, and compares both
    Sync(commands::deliver::sync::SyncArgs),
    /// Compares tables with their sources and destinations
    Verify(commands::deliver::verify::VerifyArgs),
    /// Answers a SQL query
    Query(commands::query::QueryArgs),
    /// Lists the tables, or describes one
    Show(commands::show::ShowArgs),
    /// Lists a project's assets, or those of a selection
    #[command(visible_alias = "ls")]
    List(commands::list::ListArgs),
    /// Describes sources, tries them out, and shows what comes from them
    #[command(subcommand)]
    Source(commands::source::SourceCommand),
    /// Shows where a table or a column comes from, and what depends on it
    Lineage(commands::lineage::LineageArgs),
    /// Draws the star schemas that a project declares
    Star(commands::star::StarArgs),
    /// Makes, lists, publishes and deletes branches: copies of main to work on
    #[command(subcommand)]
    Branch(commands::branch::BranchCommand),
    /// Says what differs between two snapshots or branches: tables, columns, rows
    Diff(commands::diff::DiffArgs),
    /// Lists the snapshots
    History(commands::history::HistoryArgs),
    /// Publishes the contents of an earlier snapshot again
    Rollback(commands::history::rollback::RollbackArgs),
    /// Lists the runs
    Runs(commands::runs::RunsArgs),
    /// Describes a run
    RunInfo(commands::runs::info::RunInfoArgs),
    /// Writes tables again into better files, and removes files that nothing needs any more
    Maintain(commands::maintain::MaintainArgs),
    /// Prints the JSON Schemas of the project's YAML
    Schema(commands::schema::SchemaArgs),
    /// Explains an error code
    Explain(commands::explain::ExplainArgs),
}

pub(crate) fn parse_var(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

/// Reads a length of time such as `90s`, `10m` or `2h`.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "write a number and s, m or h, e.g. 10m".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..split].parse().map_err(|_| wrong())?;
    let unit = match &text[split..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(std::time::Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("10m"), Ok(std::time::Duration::from_secs(600)));
        assert_eq!(parse_duration("7"), Ok(std::time::Duration::from_secs(7)));
        for bad in ["", "m", "10d", "-1s", "99999999999999999999h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
