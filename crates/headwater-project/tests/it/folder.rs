//! A project in a temporary folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use headwater_diagnostics::{Diagnostic, render_terminal};
use headwater_project::{LoadOptions, Loaded, Project, Reach, load};

use crate::fakes;

/// A project in a temporary folder, and how to load it.
pub(crate) struct Folder {
    dir: tempfile::TempDir,
    pub(crate) environment: Option<String>,
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) env: BTreeMap<String, String>,
}

impl Folder {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, environment: None, vars: BTreeMap::new(), env: BTreeMap::new() }
    }

    /// A folder with the least `headwater.yml`.
    pub(crate) fn new() -> Self {
        Self::empty().with("headwater.yml", "name: shop\n")
    }

    /// A folder with a source for `raw.orders` and `raw.customers`.
    pub(crate) fn shop() -> Self {
        Self::new().with(
            "sources/shop.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: orders/*.csv }\n  - { table: raw.customers, path: customers.csv, on_bad_row: fail }\n",
        )
    }

    /// Adds a file.
    pub(crate) fn with(self, path: &str, text: &str) -> Self {
        self.with_bytes(path, text.as_bytes())
    }

    pub(crate) fn with_bytes(self, path: &str, bytes: &[u8]) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    pub(crate) fn environment(mut self, name: &str) -> Self {
        self.environment = Some(name.into());
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn load(&self) -> Loaded {
        let (connectors, checks) = (fakes::connectors(), fakes::checks());
        let env = |name: &str| self.env.get(name).cloned();
        let loaded = load(&LoadOptions {
            dir: self.path().to_owned(),
            environment: self.environment.clone(),
            vars: self.vars.clone(),
            connectors: &connectors,
            destinations: &[],
            reaches: Reach::ALL,
            checks: &checks,
            env: &env,
        });
        let has_error = loaded.diagnostics.iter().any(Diagnostic::is_error);
        assert_eq!(loaded.project.is_none(), has_error, "a project exactly when there is no error");
        loaded
    }

    /// The project, which must be without mistakes.
    pub(crate) fn project(&self) -> Project {
        let loaded = self.load();
        assert!(loaded.diagnostics.is_empty(), "{}", self.show(&loaded));
        loaded.project.unwrap()
    }

    /// What a person sees, with the temporary folder's name taken out.
    pub(crate) fn mistakes(&self) -> String {
        self.show(&self.load())
    }

    fn show(&self, loaded: &Loaded) -> String {
        let text = render_terminal(&loaded.diagnostics, &loaded.files, false);
        text.replace(&self.path().display().to_string(), "<dir>")
    }
}
