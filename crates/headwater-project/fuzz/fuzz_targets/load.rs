//! A whole project from the fuzzer's bytes: its files, one after another, separated by a byte that UTF-8 does not have.

#![no_main]

use std::collections::BTreeMap;
use std::fs;

use headwater_diagnostics::{render_json, render_terminal};
use headwater_project::{LoadOptions, Reach, load};
use libfuzzer_sys::fuzz_target;

const FILES: &[&str] = &[
    "headwater.yml",
    "models/marts/m.sql",
    "sources/s.yml",
    "seeds/s.yml",
    "macros/m.sql",
    "models/staging/n.sql",
];

fuzz_target!(|data: &[u8]| {
    let Ok(dir) = tempfile::tempdir() else { return };
    let mut texts = data.split(|byte| *byte == 0xff);
    for path in FILES {
        let path = dir.path().join(path);
        if let (Some(folder), Some(text)) = (path.parent(), texts.next()) {
            let _ = fs::create_dir_all(folder);
            let _ = fs::write(&path, text);
        }
    }
    let _ = fs::write(dir.path().join("seeds/s.csv"), "a\n1\n");
    let loaded = load(&LoadOptions {
        dir: dir.path().to_owned(),
        environment: None,
        vars: BTreeMap::new(),
        connectors: &[],
        destinations: &[],
        reaches: Reach::ALL,
        checks: &[],
        env: &|name| (name.len() % 2 == 0).then(|| name.to_lowercase()),
    });
    assert!(loaded.diagnostics.iter().all(|d| d.code != "HW0199"));
    assert_eq!(loaded.project.is_none(), loaded.diagnostics.iter().any(|d| d.is_error()));
    render_terminal(&loaded.diagnostics, &loaded.files, true);
    render_json(&loaded.diagnostics, &loaded.files);
});
