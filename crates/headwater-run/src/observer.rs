//! What a display is told while a run goes on.

use std::sync::Arc;

use headwater_project::plan::PlannedTask;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Error, TableName};

use crate::deliver::DeliverySummary;
use crate::summary::AssetSummary;

/// Is told what happens, from several tasks at once. Must not block.
pub trait Observer: Send + Sync {
    /// The plan is made.
    fn planned(&self, tasks: &[PlannedTask]) {
        let _ = tasks;
    }

    /// An attempt at an asset begins; `progress` moves while it works.
    fn started(&self, asset: &TableName, attempt: u32, progress: &Arc<Progress>) {
        let _ = (asset, attempt, progress);
    }

    /// An attempt failed in a way that may pass; another follows after `seconds`.
    fn retrying(&self, asset: &TableName, error: &Error, seconds: f64) {
        let _ = (asset, error, seconds);
    }

    /// The program of a script has written a line to its standard error.
    fn said(&self, asset: &TableName, line: &str) {
        let _ = (asset, line);
    }

    /// The work on an asset has ended, or there was none to do.
    fn finished(&self, asset: &AssetSummary) {
        let _ = asset;
    }

    /// A delivery has ended, or there was nothing to deliver.
    fn delivered(&self, delivery: &DeliverySummary) {
        let _ = delivery;
    }

    /// Something a person should know now: waiting for a lease, an unfinished run that is gone on with, …
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// An observer that keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Observer for Quiet {}
