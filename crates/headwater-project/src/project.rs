//! A project, loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use headwater_sdk::TableName;
use headwater_sdk::connector::LakeStorage;

use crate::asset::Asset;
use crate::delivery::Delivery;
use crate::secrets::SecretSources;
use crate::unit_test::UnitTest;

/// The memory that queries may use where `defaults.memory` says nothing, in bytes.
pub const DEFAULT_MEMORY: u64 = 1 << 30;

/// The target that a project runs against. Its `Debug` shows no values, since they may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name, e.g. `dev`.
    pub name: String,
    /// The root of the lake: an absolute path, or a URL.
    pub lake: String,
    /// How to reach the catalogue; `None` for the default one inside the lake.
    pub catalog: Option<String>,
    /// Options for the object store, e.g. `aws_endpoint`.
    pub storage: BTreeMap<String, String>,
    /// The memory that queries may use, in bytes.
    pub memory: u64,
}

impl Environment {
    /// What it says of object stores, for connectors.
    pub fn lake_storage(&self) -> LakeStorage {
        LakeStorage { lake: self.lake.clone(), options: self.storage.clone(), ..LakeStorage::default() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("name", &self.name).field("memory", &self.memory).finish_non_exhaustive()
    }
}

/// A project without mistakes: its environment and the graph of its assets. Its `Debug` shows no secrets.
#[derive(Clone)]
pub struct Project {
    /// The project's folder, absolute.
    pub dir: PathBuf,
    /// Its name.
    pub name: String,
    /// The environment that it was loaded for.
    pub environment: Environment,
    /// The assets in dependency order (inputs before their users), ties by name.
    pub assets: Vec<Asset>,
    /// The unit tests of its models, in the order of the files.
    pub tests: Vec<UnitTest>,
    /// What is delivered in this environment, in the order of the files.
    pub deliveries: Vec<Delivery>,
    /// Whether what queries ask of tables is recorded: which columns, and no values.
    pub record_queries: bool,
    /// The values that came from `${…}`, longest first: to be blotted out wherever texts leave the program.
    pub secrets: Vec<String>,
    /// Where declared secrets come from.
    pub secret_sources: Arc<SecretSources>,
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project")
            .field("dir", &self.dir)
            .field("name", &self.name)
            .field("environment", &self.environment)
            .field("assets", &self.assets)
            .field("tests", &self.tests)
            .field("deliveries", &self.deliveries)
            .finish_non_exhaustive()
    }
}

impl Project {
    /// What its lake is called in systems that others use too.
    pub fn lake_name(&self) -> String {
        format!("{}_{}", self.name, self.environment.name)
    }

    /// The asset of a name; `None` for a side table (see [`Project::maker_of`]).
    pub fn asset(&self, name: &TableName) -> Option<&Asset> {
        self.assets.iter().find(|a| &a.name == name)
    }

    /// The asset whose task writes a table: the asset of that name, or the one that a side table belongs to.
    pub fn maker_of(&self, table: &TableName) -> Option<&Asset> {
        let belongs =
            |a: &&Asset| table.table().starts_with(a.name.table()) && a.side_tables().any(|side| &side == table);
        self.asset(table).or_else(|| self.assets.iter().find(belongs))
    }

    /// The assets that read a table's asset, directly or through others, in dependency order, without itself.
    pub fn downstream_of(&self, name: &TableName) -> Vec<&Asset> {
        let Some(origin) = self.maker_of(name) else { return Vec::new() };
        let mut tables: BTreeSet<TableName> = origin.tables().collect();
        let mut found = Vec::new();
        // The assets are in dependency order, so one pass meets every user after its inputs.
        for asset in self.assets.iter().filter(|a| a.name != origin.name) {
            if asset.inputs.iter().any(|i| tables.contains(&i.table)) {
                tables.extend(asset.tables());
                found.push(asset);
            }
        }
        found
    }

    /// The assets that a table's asset reads, directly or through others, in dependency order, without itself.
    pub fn upstream_of(&self, name: &TableName) -> Vec<&Asset> {
        let Some(origin) = self.maker_of(name) else { return Vec::new() };
        let mut wanted: BTreeSet<&TableName> = origin.inputs.iter().map(|i| &i.table).collect();
        let mut found = Vec::new();
        for asset in self.assets.iter().rev().filter(|a| a.name != origin.name) {
            if asset.tables().any(|table| wanted.contains(&table)) {
                wanted.extend(asset.inputs.iter().map(|i| &i.table));
                found.push(asset);
            }
        }
        found.reverse();
        found
    }
}
