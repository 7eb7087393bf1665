//! The pages of a stream as the part of a load.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use headwater_sdk::Result;
use headwater_sdk::connector::{ReadPart, SourceBatch};
use headwater_sdk::progress::Progress;
use tokio::sync::mpsc;

use super::decode::{Decoding, Load, cut_off};
use super::pages::{Page, Pages};
use crate::threaded::{self, Batches};

/// All of a stream.
pub(crate) struct PagesPart {
    pub(crate) load: Arc<Load>,
    /// The pages that were looked at for the columns.
    pub(crate) first: VecDeque<Page>,
    /// The others.
    pub(crate) rest: Pages,
}

impl ReadPart for PagesPart {
    fn name(&self) -> &str {
        &self.load.shown
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn read(self: Box<Self>, progress: Arc<Progress>) -> BoxStream<'static, Result<SourceBatch>> {
        let Self { load, mut first, rest } = *self;
        threaded::batches(Arc::clone(&load.shown), move || {
            let (sender, mut pages) = mpsc::channel::<Result<Option<Page>>>(1);
            tokio::spawn(async move {
                let mut rest = rest.rest();
                while let Some(page) = rest.next().await {
                    if sender.send(page.map(Some)).await.is_err() {
                        return;
                    }
                }
                // That there are no more is told: silence would be a page that is lost.
                let _nobody_waits = sender.send(Ok(None)).await;
            });
            move |batches: &Batches| {
                let shown = Arc::clone(&load.shown);
                let next = || match first.pop_front() {
                    Some(page) => Ok(Some(page)),
                    None => pages.blocking_recv().unwrap_or_else(|| Err(cut_off(&shown))),
                };
                Decoding::new(load, progress)?.all(next, batches)
            }
        })
    }
}
