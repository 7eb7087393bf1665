//! `headwater test`: the unit tests of models.

use std::num::NonZeroUsize;

use clap::Args;
use headwater_project::Reach;
use headwater_run::TestOptions;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::unit_tests;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Runs unit tests: the query of each model over the rows that the test gives, compared with the rows that it expects. The
/// lake is left alone: nothing is loaded or written.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Parts of the names of tests or models; with `*`, which stands for anything, a whole name [default: all tests]
    names: Vec<String>,
    /// Tests that work at once [default: one for each core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

pub(crate) async fn test(args: &TestArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::SOURCES)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let options = TestOptions { names: args.names.clone(), jobs: args.jobs.map_or_else(cores, usize::from) };
    let summary = match headwater_run::test(&opened.project, &opened.connectors, &lake, &options).await {
        Ok(summary) => summary,
        Err(error) => return Err(Failure::of_run(error, opened.files)),
    };
    let code = u8::from(summary.failed() > 0);
    if console.json {
        console.out_json(&unit_tests::json(&summary, &opened.files, code))?;
    } else {
        console.out(&unit_tests::text(&summary, &opened.files, console))?;
    }
    Ok(code)
}
