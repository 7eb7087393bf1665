//! `--branch` and `--as-of`: which snapshot a command reads.

use clap::Args;
use headwater_run::Lake;
use headwater_sdk::engine::AsOf;
use headwater_sdk::store::SnapshotRecord;

use crate::failure::Failure;

/// The line of snapshots that a command works on or reads.
#[derive(Debug, Default, Args)]
pub(crate) struct OnBranch {
    /// The branch, see `headwater branch` [default: main]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
}

impl OnBranch {
    /// The branch's name; `None` for `main`.
    pub(crate) fn name(&self) -> Option<&str> {
        self.branch.as_deref().filter(|name| *name != headwater_sdk::store::MAIN)
    }

    /// The newest snapshot; `None` where nothing was published yet.
    pub(crate) async fn head(&self, lake: &Lake) -> Result<Option<SnapshotRecord>, Failure> {
        Ok(lake.base_on(self.name()).await?.snapshot)
    }
}

/// The snapshot that a command reads.
#[derive(Debug, Default, Args)]
pub(crate) struct Reading {
    #[command(flatten)]
    on: OnBranch,
    /// Reads the lake as it was: a snapshot's number, a date or a time in RFC 3339
    #[arg(long, value_name = "SNAPSHOT|TIME", conflicts_with = "branch")]
    as_of: Option<String>,
}

impl Reading {
    /// Whether a moment was named.
    pub(crate) fn chosen(&self) -> bool {
        self.as_of.is_some()
    }

    /// Whether it is the newest one of `main`.
    pub(crate) fn is_of_main_now(&self) -> bool {
        !self.chosen() && self.on.name().is_none()
    }

    /// The snapshot; `None` where nothing was published yet.
    pub(crate) async fn snapshot(&self, lake: &Lake) -> Result<Option<SnapshotRecord>, Failure> {
        match &self.as_of {
            Some(text) => Ok(Some(headwater_run::snapshot_as_of(lake, &AsOf::of_text(text)).await?)),
            None => self.on.head(lake).await,
        }
    }
}
