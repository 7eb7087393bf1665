//! The `program` connector: tables that a program of your own prints, as an Arrow IPC stream, JSON lines or CSV.
//!
//! ```yaml
//! connector: program
//! command: [python3, fetch.py]      # found in the project's folder, or on the PATH
//! format: jsonl                     # arrow (the default), jsonl, csv
//! streams:
//!   - table: raw.rates
//!     args: [rates, --base, EUR]
//!     columns: { day: { type: date }, currency: { type: string }, rate: { type: double } }
//!   - table: raw.orders
//!     args: [orders]
//!     mode: incremental
//!     key: [id]
//!     columns: { id: { type: bigint }, status: { type: string } }
//! ```
//!
//! Each stream is a start of the program, in the project's folder, with the stream's `args` behind its `command`. What it prints to the standard
//! output is the table, and has to have exactly the columns that the stream declares, all with their types, in any order; nothing is started to
//! find them out. Memory does not grow with what comes, and the program is held back when its rows are not taken. A row of text that cannot be
//! read makes a bad row. Messages belong on the standard error. A program that ends with a status other than 0, or whose `timeout` is up (none
//! by default), fails the load, and nothing of it is kept; status 75 (`EX_TEMPFAIL`) is tried again. It has a clean environment (`PATH`, `HOME`,
//! the language and the time zone, and what `env` names), is ended with all that it has started when the run is stopped, and is run anew in every
//! run of Headwater: nothing tells whether there is anything new. For a program that also reads tables, see `scripts/`.
//!
//! In the mode `full` (the default) the rows replace the table. In the mode `incremental` they are added, or with a `key` take the place of those that
//! have theirs (of several rows with one key the last counts). The program finds what it wrote the last time in the file that the variable
//! `HEADWATER_STATE` names (which is not there in a first load), and writes where the next run goes on to the file that `HEADWATER_NEW_STATE`
//! names: any text of at most 1 MiB. It is kept in the commit that holds the rows, so that rows and state move together. A program that prints rows
//! without a key and writes no state fails the load, for the next run would bring them again.

mod options;
mod part;
mod stream;

use std::sync::Arc;

use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, OpenContext, ReadMode, SourceStream, StreamSettings};
use headwater_sdk::script;

pub use options::{SourceOptions, StreamOptions};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Program {
    program: script::Program,
}

impl Connector for Program {
    const NAME: &'static str = "program";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { command, env, timeout, format } = options;
        let program = crate::process::program(command, env, timeout.as_deref(), context)?;
        Ok(Self { program: script::Program { output_format: format, ..program } })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::PrintedStream::new(self.program.clone(), options, settings)?))
    }
}
