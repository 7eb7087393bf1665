//! Running the built program in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The workspace's folder: the one of this clone, even where the tests were compiled in another one with the same target
/// folder.
pub(crate) fn workspace() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).ancestors().nth(2).unwrap().to_owned()
}

/// The program, with an environment that does not depend on who runs the tests.
pub(crate) fn headwater(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headwater"));
    let ours = ["HEADWATER_", "AWS_", "AZURE_", "GOOGLE_", "GCE_"];
    for (name, _) in std::env::vars().filter(|(name, _)| ours.iter().any(|prefix| name.starts_with(prefix))) {
        command.env_remove(name);
    }
    command.current_dir(folder).stdin(Stdio::null()).env("NO_COLOR", "1").env("COLUMNS", "140");
    command
}

/// What a finished program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let said = Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        for text in [&said.out, &said.err] {
            assert!(!text.contains("panicked at") && !text.contains("Headwater is broken"), "a panic:\n{text}");
        }
        said
    }
}

impl Said {
    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}:\n{}\n{}", self.out, self.err))
    }

    /// Asserts an exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }
}

/// Runs the program with arguments and waits for it.
pub(crate) fn say(folder: &Path, arguments: &[&str]) -> Said {
    headwater(folder).args(arguments).output().unwrap().into()
}

/// Runs a program whose answer is short enough for a pipe: what it said, and the most memory that it had, in KiB. The peak is read
/// from `/proc` while the program works: `/usr/bin/time` is not everywhere.
pub(crate) fn with_peak(mut command: Command) -> (Said, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    (child.wait_with_output().unwrap().into(), peak)
}

/// As [`say`], for what has to succeed. Returns standard output.
#[track_caller]
pub(crate) fn ok(folder: &Path, arguments: &[&str]) -> String {
    let said = say(folder, arguments);
    assert_eq!(said.code, Some(0), "headwater {arguments:?}\n{}\n{}", said.out, said.err);
    said.out
}

/// As [`ok`], with `--json`: the document.
#[track_caller]
pub(crate) fn json(folder: &Path, arguments: &[&str]) -> Value {
    let out = ok(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("headwater {arguments:?} --json: {e}:\n{out}"))
}

/// The rows of a query, as CSV without the header.
#[track_caller]
pub(crate) fn query(folder: &Path, sql: &str) -> String {
    let out = ok(folder, &["query", sql, "--format", "csv"]);
    out.lines().skip(1).collect::<Vec<_>>().join("\n")
}

/// A time in RFC 3339, of milliseconds since 1970 (the civil calendar by counting days from 0000-03-01).
pub(crate) fn utc(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (days, of_day) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms.rem_euclid(1000))
}

/// The rows of a query, as JSON objects.
#[track_caller]
pub(crate) fn rows(folder: &Path, sql: &str) -> Vec<Value> {
    let out = ok(folder, &["query", sql, "--format", "json"]);
    out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Compresses a text with the system's gzip.
pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut child = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, text.as_bytes()).unwrap());
    let out = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    out
}

/// Copies a folder with everything in it, except what begins with one of `skip`. Times of modification are kept: a
/// source whose files are the same has nothing new.
pub(crate) fn copy_folder(from: &Path, to: &Path, skip: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if skip.iter().any(|s| name.to_string_lossy().starts_with(s)) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(&name), skip);
        } else {
            copy_file(&entry.path(), &to.join(&name));
        }
    }
}

/// Copies a file with its time of modification.
pub(crate) fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    let modified = fs::metadata(from).unwrap().modified().unwrap();
    fs::File::options().write(true).open(to).unwrap().set_modified(modified).unwrap();
}

/// The versions in a table's published log, as any reader of Delta tables finds them.
pub(crate) fn published_versions(lake: &Path, table: &str) -> Vec<u64> {
    let log = lake.join(table.replace('.', "/")).join("_delta_log");
    let Ok(entries) = fs::read_dir(log) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<u64> =
        names.filter_map(|name| name.strip_suffix(".json").and_then(|stem| stem.parse().ok())).collect();
    versions.sort_unstable();
    versions
}

/// A folder with the project that `headwater init` makes.
pub(crate) struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    /// Makes the project.
    pub(crate) fn with_project() -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        let said = say(folder.dir.path(), &["init", "shop"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        folder
    }

    /// The project's folder.
    pub(crate) fn project(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    /// The program with arguments, in the project's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = headwater(&self.project());
        command.args(arguments).env_remove("NO_COLOR").env("COLUMNS", "120");
        command
    }

    /// Runs the program.
    pub(crate) fn headwater(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, arguments: &[&str]) -> Said {
        self.headwater(arguments).exits(0)
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text that a file of the project has.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let file = self.project().join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        fs::write(file, text.replace(from, to)).unwrap();
    }

    /// The rows of a query, as CSV without its header.
    #[track_caller]
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        query(&self.project(), sql).lines().map(str::to_owned).collect()
    }
}
