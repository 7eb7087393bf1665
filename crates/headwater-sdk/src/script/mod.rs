//! Scripts: programs that read tables and yield one.
//!
//! `headwater-run` says what is to be run and hands over the rows to read; a [`ProgramRunner`] makes of it a part of a
//! source, whose rows the engine writes like those of any other.

mod format;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::SchemaRef;

use crate::connector::{OnBadRow, ReadPart};
use crate::name::TableName;
use crate::stream::BatchStream;

pub use format::DataFormat;

/// A program, and how it is to be run. Its `Debug` shows no variables, since they may hold secrets.
#[derive(Clone)]
pub struct Program {
    /// Its name or path, and its arguments. Never empty.
    pub command: Vec<String>,
    /// The folder that it is run in, where it is looked for first; absolute.
    pub folder: PathBuf,
    /// The variables that it is given beside the ones of every program.
    pub env: Vec<(String, String)>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How it reads rows.
    pub input_format: DataFormat,
    /// How it writes them.
    pub output_format: DataFormat,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("command", &self.command)
            .field("folder", &self.folder)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A table that a program reads.
pub struct ProgramInput {
    /// The table.
    pub table: TableName,
    /// The columns that the program is given, in lake types.
    pub schema: SchemaRef,
    /// The rows, with these columns in this order, in Arrow types that can be cast to those of `schema`. Nothing is computed
    /// before the first batch is asked for.
    pub rows: BatchStream,
}

/// One run of a program.
pub struct ProgramRun {
    /// The table that it fills.
    pub table: TableName,
    /// The program.
    pub program: Program,
    /// What it reads, in order.
    pub inputs: Vec<ProgramInput>,
    /// The columns that it has to yield, in lake types.
    pub schema: SchemaRef,
    /// What happens to a row of text that cannot be read.
    pub on_bad_row: OnBadRow,
    /// Is told every line that the program writes to its standard error. Must not block for long.
    pub said: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Runs programs.
pub trait ProgramRunner: fmt::Debug + Send + Sync {
    /// The rows of a program as a part of a source. It is started when it is read, and is killed, with all that it has started,
    /// when the stream is dropped. The stream ends with an error unless the program has ended well. The rows that the program
    /// has read count on the part's progress.
    fn part(&self, run: ProgramRun) -> Box<dyn ReadPart>;
}
