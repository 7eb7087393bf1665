//! The example `flights`, run once for all tests that only read, and copied for those that change something.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::program::{Said, copy_folder, headwater, workspace};

/// A project whose `run` has published its first snapshot.
pub(crate) struct Prepared {
    /// The project that tests read from. Nobody may change it.
    pub(crate) dir: PathBuf,
    /// A copy of it that no program has open at any time.
    pristine: PathBuf,
    /// What that run said as text.
    pub(crate) said: Said,
}

/// The prepared project.
pub(crate) fn flights() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let scratch = scratch_folder();
        let dir = scratch.join("flights");
        copy_example(&dir);
        let said: Said = headwater(&dir).args(["run"]).output().unwrap().into();
        assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
        let pristine = scratch.join("pristine");
        copy_folder(&dir, &pristine, &[]);
        Prepared { dir, pristine, said }
    })
}

/// A copy of the prepared project, lake included, for a test to change.
pub(crate) fn flights_of_my_own() -> tempfile::TempDir {
    let copy = tempfile::tempdir_in(scratch_folder()).unwrap();
    copy_folder(&flights().pristine, copy.path(), &[]);
    copy
}

/// Copies the example as it is in the repository.
pub(crate) fn copy_example(to: &Path) {
    copy_folder(&workspace().join("examples/flights"), to, &["lake"]);
}

/// The figures that plain Python found in the same files.
pub(crate) fn expected() -> &'static Value {
    static EXPECTED: OnceLock<Value> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let text = std::fs::read_to_string(workspace().join("tests/expected/flights.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    })
}

/// A folder of this process. What processes that are gone have left is removed.
fn scratch_folder() -> PathBuf {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    let scratch = SCRATCH.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("headwater-e2e");
        for entry in std::fs::read_dir(&root).into_iter().flatten().flatten() {
            if !Path::new("/proc").join(entry.file_name()).exists() {
                // Another process may be removing it as well.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let scratch = root.join(std::process::id().to_string());
        std::fs::create_dir_all(&scratch).unwrap();
        scratch
    });
    scratch.clone()
}

/// Asserts that two JSON values are equal, numbers within rounding: sums of floats depend on their order. A null and a
/// missing key are the same.
#[track_caller]
pub(crate) fn assert_alike(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let close = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
            assert!(close, "{place}: {found} and not {expected}");
        }
        (Value::Object(found), Value::Object(expected)) => {
            for key in found.keys().chain(expected.keys()) {
                let of = |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or_default();
                assert_alike(&of(found), &of(expected), &format!("{place}.{key}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}: number of items");
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_alike(found, expected, &format!("{place}[{at}]"));
            }
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}
