//! Files: JSON lines in a folder, of which the manifest says which count.

use serde_json::Value;

use super::super::bench::{Changes, Outlet, line};
use crate::project::Project;

pub(crate) struct Files {
    project: Project,
}

impl Files {
    fn folder(&self) -> std::path::PathBuf {
        self.project.path().join("out/customers")
    }

    /// The files that count.
    fn files(&self) -> Vec<std::path::PathBuf> {
        let manifest = std::fs::read(self.folder().join("_headwater.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let files = manifest["files"].as_array().unwrap().iter();
        files.map(|file| self.folder().join(file["path"].as_str().unwrap())).collect()
    }
}

impl Outlet for Files {
    const NAME: &str = "files";

    fn start() -> Self {
        Self { project: Project::empty() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn destination(&self) -> String {
        "location: out".to_owned()
    }

    fn delivery(&self, _: &str) -> String {
        ", to: customers, format: jsonl".to_owned()
    }

    fn there(&self) -> String {
        let texts = self.files().into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>();
        let mut rows: Vec<Value> = texts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows.sort_by_key(|row| row["id"].as_i64());
        let one = |row: &Value| {
            line(&row["id"].to_string(), row["name"].as_str().unwrap_or("-"), &row["balance"].to_string())
        };
        rows.iter().map(one).collect::<Vec<_>>().join("\n")
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        self.project.write("no-folder", "");
        ("location: no-folder".to_owned(), Vec::new(), "HW0384")
    }
}

impl Changes for Files {
    fn tamper(&self, id: i64) {
        for path in self.files() {
            let change = |line: &str| {
                let mut row: Value = serde_json::from_str(line).unwrap();
                if row["id"] == id {
                    row["balance"] = 99.0.into();
                }
                format!("{row}\n")
            };
            let text: String = std::fs::read_to_string(&path).unwrap().lines().map(change).collect();
            std::fs::write(path, text).unwrap();
        }
    }
}
