//! The file `layers.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::report::Finding;

/// What `layers.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    /// From top to bottom; crates in one layer do not know each other.
    pub(super) layers: Vec<Vec<String>>,
    /// Crates from elsewhere, and who alone may name them in its `Cargo.toml`.
    pub(super) drivers: BTreeMap<String, BTreeSet<String>>,
    /// What a crate must not reach, directly or through others.
    #[serde(default)]
    pub(super) never: Vec<Never>,
}

/// What a crate must not reach.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Never {
    /// The crate.
    #[serde(rename = "crate")]
    pub(super) from: String,
    /// Names of packages.
    pub(super) reaches: Vec<String>,
    /// The reason, for whoever meets the rule: lower case, no full stop.
    pub(super) because: String,
}

impl Rules {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// The layer of a crate, from 0 at the top.
    pub(super) fn layer_of(&self, name: &str) -> Option<usize> {
        self.layers.iter().position(|layer| layer.iter().any(|member| member == name))
    }

    /// Checks the rules against the names of the workspace's crates: a crate that is in no layer could depend on
    /// anything, and a rule about a crate that does not exist could never be broken.
    pub(super) fn check_names(&self, names: &BTreeSet<&str>) -> Vec<Finding> {
        let finding = |message: String| Finding::new("layers.toml", message);
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for name in self.layers.iter().flatten() {
            if !seen.insert(name.as_str()) {
                findings.push(finding(format!("{name} is in two layers")));
            }
        }
        for name in names.difference(&seen) {
            findings.push(finding(format!("{name} is in no layer: say where it stands")));
        }
        let users = self.drivers.values().flatten().map(String::as_str);
        let mentioned = seen.iter().copied().chain(users).chain(self.never.iter().map(|rule| rule.from.as_str()));
        let unknown: BTreeSet<&str> = mentioned.filter(|name| !names.contains(name)).collect();
        findings.extend(unknown.into_iter().map(|name| finding(format!("there is no crate {name}"))));
        findings
    }
}
