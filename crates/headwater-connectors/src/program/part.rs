//! The rows that a program prints, and how far they lead.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::Int8Array;
use arrow_schema::SchemaRef;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use headwater_sdk::connector::{Changes, LoadPosition, OnBadRow, Operation, ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::script::{Program, ProgramRun, ProgramRunner};
use headwater_sdk::{Blame, Error, Result, TableName};

use super::stream::Position;
use crate::codes;
use crate::database::written;
use crate::process::Workplace;
use crate::script::Processes;

/// The variables that name the files of the state.
const OLD: &str = "HEADWATER_STATE";
const NEW: &str = "HEADWATER_NEW_STATE";

/// The most bytes of a state.
const MOST: u64 = 1 << 20;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct PrintedPart {
    pub(super) table: TableName,
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) schema: SchemaRef,
    pub(super) on_bad_row: OnBadRow,
    /// Whether rows take the place of others.
    pub(super) keyed: bool,
    /// What the program wrote the last time.
    pub(super) state: Option<String>,
    /// Where the load ends, where it adds to what the table has.
    pub(super) position: Option<LoadPosition>,
}

impl ReadPart for PrintedPart {
    fn name(&self) -> &str {
        &self.name
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        futures::stream::once(async move { self.start(progress) }).try_flatten().boxed()
    }
}

impl PrintedPart {
    fn start(mut self, progress: Arc<Progress>) -> Result<BoxStream<'static, Result<SourceBatch>>> {
        let workplace = Workplace::new()?;
        let new = workplace.path("new_state");
        if self.position.is_some() {
            let old = match &self.state {
                Some(state) => workplace.write("state", state)?,
                None => workplace.path("state").into(),
            };
            let variables = [(OLD, old), (NEW, new.clone().into())];
            self.program
                .env
                .extend(variables.map(|(name, path)| (name.to_owned(), path.to_string_lossy().into_owned())));
        }
        let run = ProgramRun {
            table: self.table.clone(),
            program: self.program.clone(),
            inputs: Vec::new(),
            schema: Arc::clone(&self.schema),
            on_bad_row: self.on_bad_row,
            said: Arc::new(|_| ()),
        };
        let batches = Processes.part(run).read(Arc::clone(&progress));
        let printing = Printing { part: self, batches, progress, rows: 0, new, _workplace: workplace };
        Ok(futures::stream::try_unfold(Some(printing), |printing| async move {
            let Some(mut printing) = printing else { return Ok(None) };
            match printing.next().await? {
                Some(batch) => Ok(Some((batch, Some(printing)))),
                None => printing.conclude().map(|()| None),
            }
        })
        .boxed())
    }
}

/// A program at work.
struct Printing {
    part: PrintedPart,
    batches: BoxStream<'static, Result<SourceBatch>>,
    progress: Arc<Progress>,
    rows: usize,
    /// The file of the new state.
    new: PathBuf,
    _workplace: Workplace,
}

impl Printing {
    async fn next(&mut self) -> Result<Option<SourceBatch>> {
        let Some(mut batch) = self.batches.try_next().await? else { return Ok(None) };
        let rows = batch.rows.num_rows();
        self.rows += rows + batch.rejected.len();
        self.progress.add_rows_in((rows + batch.rejected.len()) as u64);
        if self.part.keyed {
            let operations = Int8Array::from_value(Operation::Upsert as i8, rows);
            batch.changes = Some(Changes { operations, kept: None });
        }
        Ok(Some(batch))
    }

    /// Sets where the load ended.
    fn conclude(self) -> Result<()> {
        let Self { part, rows, new, .. } = &self;
        let Some(position) = &part.position else { return Ok(()) };
        let state = read(new, &part.name)?;
        if state.is_none() && *rows > 0 && !part.keyed {
            let message = format!("`{}` printed rows and wrote no state: the next run would add them again", part.name);
            return Err(Error::new(codes::PROGRAM_STATE, Blame::Project, message).help(format!(
                "let it write how far it has read to the file that {NEW} names, give the stream a `key`, or read it as a whole (`mode: full`)"
            )));
        }
        let state = state.or_else(|| part.state.clone());
        let moved = state != part.state;
        position.set(written(&Position { state })?, moved);
        Ok(())
    }
}

/// What the program wrote; `None` when there is no file.
fn read(path: &Path, name: &str) -> Result<Option<String>> {
    let wrong = |why: String| {
        Error::new(codes::PROGRAM_STATE, Blame::Project, format!("the state that `{name}` wrote {why}"))
            .help(format!("write a text of at most 1 MiB to the file that {NEW} names"))
    };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.len() > MOST => return Err(wrong("is too long".to_owned())),
        Ok(_) | Err(_) => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(|error| wrong(format!("cannot be read: {error}")))
}
