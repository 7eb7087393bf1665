//! Every error code in the sources is explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::program::Folder;

#[test]
fn every_code_in_the_sources_is_explained() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut used = BTreeSet::new();
    for entry in fs::read_dir(crates).unwrap() {
        collect(&entry.unwrap().path().join("src"), &mut used);
    }
    assert!(used.len() > 50, "{used:?}");
    let folder = Folder::with_project();
    let list = folder.ok(&["explain", "--json"]).json();
    let known: BTreeSet<String> =
        list.as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap().to_owned()).collect();
    let unexplained: Vec<&String> = used.difference(&known).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

/// Codes in quotes, in sources that are no tests.
fn collect(folder: &Path, used: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            collect(&path, used);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for part in code.split('"').filter(|part| part.len() == 6 && part.starts_with("HW")) {
                if part[2..].bytes().all(|byte| byte.is_ascii_digit()) {
                    used.insert(part.to_owned());
                }
            }
        }
    }
}
