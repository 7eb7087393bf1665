//! `headwater`: the program. It wires the crates together and shows what they do; it holds no logic of its own.

mod cli;
mod codes;
mod commands;
mod console;
mod failure;
mod reading;
mod render;
mod selecting;
mod wiring;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use tokio_util::sync::CancellationToken;

use cli::{Cli, Command};
use console::Console;
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(&cli.global);
    wiring::logging::start(&cli.global, &console);
    wiring::panics::tell(&console);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::threads(error).report(&console),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(dispatch(cli, &console))));
    // Work that was stopped may still be computing. It ends with the process: taking its runtime away first would make
    // libraries panic that wait for an answer from it.
    std::mem::forget(runtime);
    match outcome {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => failure.report(&console),
        // The panic has been told.
        Err(_) => ExitCode::from(failure::BROKEN),
    }
}

/// Runs the command. Ctrl-C stops it: commands that change the lake put things in order first, others are dropped.
async fn dispatch(cli: Cli, console: &Console) -> Result<u8, Failure> {
    let stop = wiring::signals::stop_token();
    let tidy = matches!(
        cli.command,
        Command::Run(_)
            | Command::Deliver(_)
            | Command::Sync(_)
            | Command::Rollback(_)
            | Command::Maintain(_)
            | Command::Branch(_)
    );
    let work = Box::pin(command(cli, console, &stop));
    if tidy {
        return work.await;
    }
    tokio::select! {
        outcome = work => outcome,
        () = stop.cancelled() => Err(Failure::Interrupted),
    }
}

async fn command(cli: Cli, console: &Console, stop: &CancellationToken) -> Result<u8, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Init(args) => commands::init::init(&args, console),
        Command::Check(args) => commands::check::check(&args, global, console).await,
        Command::Test(args) => commands::test::test(&args, global, console).await,
        Command::Plan(args) => commands::plan::plan(&args, global, console).await,
        Command::Run(args) => commands::run::run(&args, global, console, stop).await,
        Command::Deliver(args) => commands::deliver::deliver(&args, global, console, stop).await,
        Command::Sync(args) => commands::deliver::sync::sync(&args, global, console, stop).await,
        Command::Verify(args) => commands::deliver::verify::verify(&args, global, console, stop).await,
        Command::Query(args) => commands::query::query(&args, global, console).await,
        Command::Show(args) => commands::show::show(&args, global, console).await,
        Command::List(args) => commands::list::list(&args, global, console).await,
        Command::Source(args) => commands::source::source(&args, global, console).await,
        Command::Lineage(args) => commands::lineage::lineage(&args, global, console).await,
        Command::Star(args) => commands::star::star(&args, global, console),
        Command::Branch(args) => commands::branch::branch(&args, global, console, stop).await,
        Command::Diff(args) => commands::diff::diff(&args, global, console).await,
        Command::History(args) => commands::history::history(&args, global, console).await,
        Command::Rollback(args) => commands::history::rollback::rollback(&args, global, console, stop).await,
        Command::Runs(args) => commands::runs::runs(&args, global, console).await,
        Command::RunInfo(args) => commands::runs::info::run_info(&args, global, console).await,
        Command::Maintain(args) => commands::maintain::maintain(&args, global, console, stop).await,
        Command::Schema(args) => commands::schema::schema(&args, console),
        Command::Explain(args) => commands::explain::explain(&args, console),
    }
}
