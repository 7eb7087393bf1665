//! Chores of the workspace: `cargo xtask <command>`.
//!
//! A command is one module here, and one arm of [`Command`].

mod bench;
mod docgen;
mod layers;
mod report;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures Headwater beside its peers
    Bench(Box<bench::BenchArguments>),
    /// Writes docs/reference from the sources
    Docgen {
        /// Writes nothing, and fails when a file is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Checks that crates depend only on what layers.toml allows
    Layers,
    /// Checks sizes, names, blanks, error codes, links and leftovers of every file
    Tidy,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let root = workspace_root();
    match arguments.command {
        Command::Bench(arguments) => bench::run(*arguments, &root),
        Command::Docgen { check } => docgen::run(&root, check),
        Command::Layers => report::print("layers", layers::check(&root)),
        Command::Tidy => report::print("tidy", tidy::check(&root)),
    }
}

/// The workspace's folder: the one that holds this crate's.
fn workspace_root() -> PathBuf {
    // Where cargo runs it, not where it was compiled: clones may share a target folder.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().unwrap_or(&here).to_owned()
}
