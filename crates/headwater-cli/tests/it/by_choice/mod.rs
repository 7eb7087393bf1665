//! Models that take up new rows as their project chooses (`materialize: incremental`).

mod backfill;
mod mistakes;
mod strategies;
mod telling;

use crate::project::Project;

/// A model over `raw.events(id, day, v)` with a header.
pub(super) fn model(header: &str) -> String {
    format!("/*---\nmaterialize: incremental\n{header}\n---*/\nselect day, id, v from raw.events\n")
}

/// A project with `raw.events(id, day, v)`, read whole from one file.
pub(super) fn events(csv: &str) -> Project {
    Project::empty()
        .with(
            "sources/events.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.events, path: 'events.csv', columns: { id: { type: bigint }, day: { type: date }, v: { type: bigint } } }\n",
        )
        .with("data/events.csv", csv)
}
