//! Files of web servers: a real one, with faults.

mod faults;
mod files;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::project::Project;

/// The server of `server.py`, over a folder of its own.
pub(crate) struct Server {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = std::env::var_os("HEADWATER_PYTHON").unwrap_or_else(|| "python3".into());
        let mut command = Command::new(python);
        command.args(["-c", include_str!("server.py")]).arg(folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, folder, port: line.trim().parse().unwrap() }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    /// The address of its files with a fault.
    pub(crate) fn url(&self, fault: &str) -> String {
        format!("http://127.0.0.1:{}/{fault}", self.port)
    }

    /// A project whose source is there.
    pub(crate) fn project(&self, fault: &str) -> Project {
        let mut project = Project::new();
        project.source = json!({ "location": self.url(fault) });
        project
    }

    /// What it was asked for, line by line, since the last time.
    pub(crate) fn requests(&self) -> Vec<String> {
        let log = self.folder.path().join("requests");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let _none = std::fs::remove_file(log);
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A CSV of many lines, and its rows.
pub(crate) fn lines(count: u32) -> (String, Vec<Vec<String>>) {
    let rows: Vec<Vec<String>> = (0..count).map(|n| vec![n.to_string(), format!("text {n}")]).collect();
    let text: String = rows.iter().map(|row| format!("{}\n", row.join(","))).collect();
    (format!("n,s\n{text}"), rows)
}
