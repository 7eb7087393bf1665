//! The header of a model from the fuzzer's bytes.

#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use headwater_diagnostics::{render_json, render_terminal};
use headwater_project::{LoadOptions, Reach, load};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// One project for all runs: only its model changes.
static PROJECT: LazyLock<Option<TempDir>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().ok()?;
    fs::create_dir_all(dir.path().join("models/a")).ok()?;
    fs::write(dir.path().join("headwater.yml"), "name: fuzz\n").ok()?;
    Some(dir)
});

fuzz_target!(|data: &[u8]| {
    let Some(dir) = PROJECT.as_ref() else { return };
    let model = [b"/*---\n", data, b"\n---*/\nselect 1 as one\n"].concat();
    let _ = fs::write(dir.path().join("models/a/x.sql"), model);
    let loaded = load(&LoadOptions {
        dir: dir.path().to_owned(),
        environment: None,
        vars: BTreeMap::new(),
        connectors: &[],
        destinations: &[],
        reaches: Reach::ALL,
        checks: &[],
        env: &|_| None,
    });
    assert!(loaded.diagnostics.iter().all(|d| d.code != "HW0199"));
    render_terminal(&loaded.diagnostics, &loaded.files, true);
    render_json(&loaded.diagnostics, &loaded.files);
});
