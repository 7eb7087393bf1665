//! A program at work on the rows of a script.

use std::sync::Arc;

use headwater_sdk::connector::SourceBatch;
use headwater_sdk::progress::Progress;
use headwater_sdk::script::ProgramRun;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::{mpsc, oneshot};

use super::input;
use super::output::{self, Expected};
use crate::codes;
use crate::process::{Attended, Pipes, Undecoded, thread};

/// Batches that wait for the writer.
const BATCHES: usize = 2;

/// Batches that wait for the program.
const PIECES: usize = 2;

/// A program at work. When it is dropped, the program is ended with all that it has started.
pub(super) struct Running {
    batches: mpsc::Receiver<SourceBatch>,
    decoded: oneshot::Receiver<std::result::Result<(), Undecoded>>,
    program: Attended,
}

impl Running {
    /// Starts a program. Must be called on a Tokio runtime.
    ///
    /// # Errors
    /// When it is not there or cannot be started.
    pub(super) fn start(run: ProgramRun, progress: Arc<Progress>) -> Result<Self> {
        let ProgramRun { table: _, program, inputs, schema, on_bad_row, said: tell } = run;
        let (mut attended, pipes) = Attended::start(&program, &[], move |line| tell(line))?;
        let Pipes { mut stdin, stdout } = pipes;

        let (pieces, given) = mpsc::channel(PIECES);
        let stop = attended.stop();
        attended.beside(tokio::spawn(async move {
            if let Err(error) = input::hand_over(inputs, &pieces).await {
                // Before the program can take what it has for all there is.
                stop.for_want_of_input(error);
            }
            drop(pieces);
        }));
        let stop = attended.stop();
        let format = program.input_format;
        thread("headwater-stdin", move || {
            if let Err(error) = input::write(&mut stdin, format, given, &progress) {
                let message = format!("rows cannot be written as {}", format.as_str());
                let error = Error::new(codes::UNSUPPORTED_TYPE, Blame::Project, message).caused_by(error);
                stop.for_want_of_input(error.help("let the script read other columns, or Arrow"));
            }
            drop(stdin);
        })?;

        let (sender, batches) = mpsc::channel(BATCHES);
        let (tell_decoded, decoded) = oneshot::channel();
        let expected = Expected { format: program.output_format, schema, on_bad_row };
        thread("headwater-stdout", move || {
            let outcome = output::read(stdout, &expected, &mut |batch| sender.blocking_send(batch).is_ok());
            drop(sender);
            let _nobody = tell_decoded.send(outcome);
        })?;
        Ok(Self { batches, decoded, program: attended })
    }

    /// The next rows. After the last ones, or when something is wrong, the end of the program is waited for.
    pub(super) async fn next(&mut self) -> Option<Result<SourceBatch>> {
        if let Some(batch) = self.batches.recv().await {
            return Some(Ok(batch));
        }
        self.end().await.err().map(Err)
    }

    async fn end(&mut self) -> Result<()> {
        let decoded = (&mut self.decoded).await.map_err(|_| self.program.cut_off())?;
        self.program.end(decoded).await
    }
}
