//! `materialize: scd2` and `materialize: snapshot`: what rows were is kept.

mod dying;
mod keeping;
mod refused;
mod snapshots;

use crate::program::query;
use crate::project::Project;

/// A source that is written whole, and the history of it.
fn project(header: &str, rows: &str) -> Project {
    Project::empty()
        .with(
            "sources/crm.yml",
            "connector: files\nlocation: data\nstreams:\n  - table: raw.customers\n    path: '*.csv'\n    columns: { id: { type: int }, name: { type: string }, city: { type: string }, updated_at: { type: timestamp } }\n",
        )
        .with(
            "models/marts/customers.sql",
            format!(
                "/*---\nmaterialize: scd2\nkey: [id]\n{header}---*/\nselect id, name, city, updated_at from raw.customers\n"
            ),
        )
        .with("data/customers.csv", customers(rows))
}

/// Rows without a header, with one.
fn customers(rows: &str) -> String {
    format!("id,name,city,updated_at\n{rows}")
}

/// The versions of all keys: key, name, city, from when, until when, current.
fn versions(project: &Project) -> String {
    let day = |column: &str| format!("to_char({column}, '%m-%d') as {column}");
    query(
        project.path(),
        &format!(
            "select id, name, city, {}, {}, is_current from marts.customers order by 1, 4",
            day("valid_from"),
            day("valid_to")
        ),
    )
}
