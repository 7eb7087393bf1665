//! Headwater.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::headwater::require_published;
use super::super::places::{clear, copy_folder, link, link_folder};
use super::super::rounds::Sample;
use super::{Bench, expected};

/// The projects that rounds begin with.
pub(super) struct Ours<'a> {
    bench: &'a Bench<'a>,
    /// With everything built of the first events.
    built: PathBuf,
    /// With nothing but the first events loaded.
    loaded: PathBuf,
}

impl<'a> Ours<'a> {
    pub(super) fn prepare(bench: &'a Bench<'a>, built: bool, loaded: bool) -> Result<Self, String> {
        let ours = Self { bench, built: bench.work.join("ours-built"), loaded: bench.work.join("ours-loaded") };
        let sources: &[&str] = &["run", "--select", "raw.events", "raw.products"];
        for (wanted, project, run) in [(built, &ours.built, &["run"][..]), (loaded, &ours.loaded, sources)] {
            if wanted {
                copy_folder(&bench.settings.places.source("bench/refresh/headwater"), project, &["data", "lake"])?;
                bench.link_data(&project.join("data"), None)?;
                require_published(&bench.settings.headwater.ask(project, run)?)?;
            }
        }
        if built {
            ours.verify(&ours.built, None)?;
        }
        Ok(ours)
    }

    /// One file of new events.
    pub(super) fn refresh(&self, share: &str) -> Result<Sample, String> {
        self.round(&self.built, Some(share))
    }

    /// The three tables of the first events.
    pub(super) fn anew(&self) -> Result<Sample, String> {
        self.round(&self.loaded, None)
    }

    fn round(&self, start: &Path, share: Option<&str>) -> Result<Sample, String> {
        let project = self.bench.work.join("ours-round");
        clear(&project)?;
        // Files of a lake are never changed. The catalogue's are.
        link_folder(start, &project, Some("catalog.db"))?;
        if let Some(share) = share {
            let new = self.bench.data.join(format!("change-{share}/new.parquet"));
            link(&new, &project.join("data/events/001.parquet"))?;
        }
        let (measured, run) = self.bench.settings.headwater.measure(&project, &["run"])?;
        require_published(&run)?;
        self.verify(&project, share)?;
        let mut sample = Sample::from(measured);
        for asset in run["assets"].as_array().into_iter().flatten() {
            let (name, seconds) = (asset["asset"].as_str().unwrap_or_default(), asset["seconds"].clone());
            sample.steps.insert(name.to_owned(), seconds);
            if let Some(how) = asset["refresh"]["how"].as_str() {
                sample.facts.insert(name.to_owned(), how.into());
            }
        }
        clear(&project)?;
        Ok(sample)
    }

    fn verify(&self, project: &Path, share: Option<&str>) -> Result<(), String> {
        let query = |sql: &str| self.bench.settings.headwater.query(project, sql);
        let one = |sql: &str| query(sql)?.pop().ok_or_else(|| format!("no row for {sql}"));
        let sales = one("select count(*) as n, sum(cents) as cents from marts.sales")?;
        let customers = one("select count(*) as n, sum(cents) as cents, max(last_id) as last from marts.customers")?;
        if sales["cents"] != customers["cents"] {
            return Err(format!("customers have {} cents, sales {}", customers["cents"], sales["cents"]));
        }
        let current =
            query("select tier, count(*) as n from marts.tiers where is_current group by tier order by tier")?;
        let versions = one("select count(*) as n from marts.tiers")?;
        let found: Value = json!({
            "sales": sales["n"], "cents": sales["cents"], "last": customers["last"], "customers": customers["n"],
            "tiers": expected::tiers(&current), "versions": versions["n"],
        });
        self.bench.expected.verify(share, &found)
    }
}
