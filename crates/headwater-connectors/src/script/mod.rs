//! Scripts: programs that read tables and yield one.
//!
//! ```text
//! rows of the inputs ─► stdin ─► program ─► stdout ─► decoded, conformed ─► batches
//!                                   └─► stderr ─► lines for a person, the last ones for an error
//! ```
//!
//! Each pipe has a thread of its own, so that no order in which a program reads and writes can bring it to a standstill; bounded
//! channels hold it back when its rows are not taken. Memory does not grow with what goes through. A program that ends well
//! without having read everything has read enough.
//!
//! How a program is started, attended to and ended is in [`process`](crate::process).
//!
//! What programs are told is in `docs/scripts.md`. What they print as JSON or CSV is decoded as the connector
//! [`files`](crate::files) decodes files: the one thing that this module knows of another.

mod input;
mod output;
mod running;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use headwater_sdk::script::{ProgramRun, ProgramRunner};

use self::running::Running;

/// Runs programs as processes on this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Processes;

impl ProgramRunner for Processes {
    fn part(&self, run: ProgramRun) -> Box<dyn ReadPart> {
        Box::new(ProgramPart { name: run.table.to_string(), run })
    }
}

/// The rows of a program, which has not been started yet.
struct ProgramPart {
    name: String,
    run: ProgramRun,
}

impl ReadPart for ProgramPart {
    fn name(&self) -> &str {
        &self.name
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        futures::stream::once(async move {
            let running = Running::start(self.run, progress);
            let (running, refused) = match running {
                Ok(running) => (Some(running), None),
                Err(error) => (None, Some(Err(error))),
            };
            let rows = futures::stream::unfold(running, |running| async move {
                let mut running = running?;
                match running.next().await {
                    Some(Ok(batch)) => Some((Ok(batch), Some(running))),
                    Some(Err(error)) => Some((Err(error), None)),
                    None => None,
                }
            });
            futures::stream::iter(refused).chain(rows)
        })
        .flatten()
        .boxed()
    }
}
