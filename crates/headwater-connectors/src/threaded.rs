//! Batches that a thread of its own makes, for what computes or waits for a long time.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::connector::SourceBatch;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::mpsc;

use crate::codes;

/// Batches that wait for the writer.
const BATCHES: usize = 2;

/// Where the thread puts its batches. When it is closed, nobody wants the rest.
pub(crate) type Batches = mpsc::Sender<Result<SourceBatch>>;

/// The batches of a part. Nothing starts before the stream is asked: then `start` is called on the runtime, and what it returns on a
/// thread. `name` is what is read, for messages.
pub(crate) fn batches<W>(
    name: Arc<str>,
    start: impl FnOnce() -> W + Send + 'static,
) -> BoxStream<'static, Result<SourceBatch>>
where
    W: FnOnce(&Batches) -> Result<()> + Send + 'static,
{
    futures::stream::once(async move {
        let (sender, batches) = mpsc::channel(BATCHES);
        let work = start();
        let work = tokio::task::spawn_blocking(move || {
            if let Err(error) = work(&sender) {
                // When nobody listens, nobody misses it.
                let _gone = sender.blocking_send(Err(error));
            }
        });
        futures::stream::unfold(Some((batches, work)), move |state| {
            let name = Arc::clone(&name);
            async move {
                let (mut batches, work) = state?;
                if let Some(batch) = batches.recv().await {
                    return Some((batch, Some((batches, work))));
                }
                // The end, unless the work was cut off: then rows may be missing.
                let error = work.await.err()?;
                let message = format!("reading {name} was cut off");
                Some((Err(Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(error)), None))
            }
        })
    })
    .flatten()
    .boxed()
}
