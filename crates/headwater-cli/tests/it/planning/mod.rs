//! `headwater plan`, and runs that build only what uses something that changed.

mod edits;
mod foresight;
mod told;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::json;
use crate::project::Project;

/// `raw.items` (id, name, kind, price), a staging view on it, and marts that use different columns of that: `names`,
/// `kinds`, `everything` (select *), `labels` (a view on `names`), `checked` (checks against `names`).
pub(super) fn shop() -> Project {
    Project::empty()
        .with("headwater.yml", "name: shop\nenvironments:\n  dev: { default: true, lake: ./lake }\n  anew: { lake: ./anew }\n")
        .with("sources/items.yml", "connector: files\nlocation: data\nstreams:\n  - { table: raw.items, path: '*.csv' }\n")
        .with("data/a.csv", "id,name,kind,price\n1,nut,a,10\n2,bolt,a,20\n3,cog,b,30\n4,cog,c,\n")
        .with("models/staging/items.sql", STAGING)
        .with("models/marts/names.sql", "select id, name, upper(name) as loud from staging.items\n")
        .with("models/marts/kinds.sql", "select kind, count(*) as items, max(price) as dearest from staging.items group by kind\n")
        .with("models/marts/everything.sql", "select * from staging.items\n")
        .with("models/marts/labels.sql", "/*---\nmaterialize: view\n---*/\nselect id, loud || '!' as label from marts.names\n")
        .with(
            "models/marts/checked.sql",
            "/*---\nchecks:\n  - relationships: { column: id, to: marts.names.id }\n---*/\nselect id, price from staging.items\n",
        )
}

pub(super) const STAGING: &str =
    "/*---\nmaterialize: view\n---*/\nselect id, trim(name) as name, kind, price from raw.items\n";

/// The assets that a plan builds, without their schemas where these are `marts`.
pub(super) fn builds(project: &Project) -> BTreeSet<String> {
    let plan = json(project.path(), &["plan"]);
    let builds = plan["tasks"].as_array().unwrap().iter().filter(|task| task["action"] == "build");
    builds.map(|task| short(&task["asset"])).collect()
}

/// The assets that a run has published.
pub(super) fn published(report: &Value) -> BTreeSet<String> {
    let assets = report["assets"].as_array().unwrap().iter().filter(|asset| asset["state"] == "published");
    assets.map(|asset| short(&asset["asset"])).collect()
}

fn short(name: &Value) -> String {
    name.as_str().unwrap().trim_start_matches("marts.").to_owned()
}

pub(super) fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
