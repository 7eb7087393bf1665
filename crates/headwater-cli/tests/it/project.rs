//! Small projects, written by the tests themselves.

use std::path::{Path, PathBuf};

use crate::program::{Said, headwater, say};

/// A project in a temporary folder.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

/// One stream, one model on it, and nothing else.
pub(crate) const NUMBERS: &str =
    "connector: files\nlocation: data\nstreams:\n  - { table: raw.numbers, path: '*.csv' }\n";

impl Project {
    /// A project that has a name and nothing else.
    pub(crate) fn empty() -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap() };
        project.with("headwater.yml", "name: small\n")
    }

    /// `raw.numbers(n, name)` with three rows, and `marts.sums(total, rows)` on it.
    pub(crate) fn numbers() -> Self {
        Self::empty()
            .with("sources/numbers.yml", NUMBERS)
            .with("data/a.csv", "n,name\n1,one\n2,two\n3,three\n")
            .with("models/marts/sums.sql", "select sum(n) as total, count(*) as rows from raw.numbers\n")
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// As [`Project::write`], in a chain.
    pub(crate) fn with(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    /// The project's folder.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The lake's folder.
    pub(crate) fn lake(&self) -> PathBuf {
        self.path().join("lake")
    }

    /// Runs the program in it.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        say(self.path(), arguments)
    }

    /// `headwater run`, which has to publish.
    #[track_caller]
    pub(crate) fn run(&self) -> Said {
        self.say(&["run"]).exits(0)
    }

    /// Runs the program in it under a shell that first does something, e.g. sets a limit.
    pub(crate) fn say_after(&self, preparation: &str, arguments: &[&str]) -> Said {
        self.output_after(preparation, arguments).into()
    }

    /// As [`Project::say_after`], as it came.
    pub(crate) fn output_after(&self, preparation: &str, arguments: &[&str]) -> std::process::Output {
        let program = headwater(self.path());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("{preparation}; exec \"$0\" \"$@\"")]).arg(program.get_program()).args(arguments);
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.current_dir(self.path()).stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Everything that is published, as text: the newest snapshot's number, and `total,rows` of `marts.sums`.
    #[track_caller]
    pub(crate) fn published(&self) -> (usize, String) {
        let history = crate::program::json(self.path(), &["history"]);
        let sums = crate::program::query(self.path(), "select total, rows from marts.sums");
        (history.as_array().unwrap().len(), sums)
    }
}

/// Asserts that a failure is told as it should be: a code, the words, and what to do.
#[track_caller]
pub(crate) fn assert_told(said: &Said, code: &str, words: &[&str]) {
    let text = format!("{}{}", said.out, said.err);
    let marked = text.contains(&format!("[{code}]"));
    assert!(marked, "no {code} in\nout:\n{}\nerr:\n{}", said.out, said.err);
    for word in words {
        assert!(text.contains(word), "no '{word}' in\nout:\n{}\nerr:\n{}", said.out, said.err);
    }
    let help = ["help:", "hint:", "= help", "did you mean"].iter().any(|word| text.contains(word));
    assert!(help, "nothing says what to do\nout:\n{}\nerr:\n{}", said.out, said.err);
}
