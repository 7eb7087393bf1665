//! The check on small made-up workspaces, as `cargo metadata` sees them.

use std::fs;
use std::path::Path;

use super::check;

const RULES: &str = r#"
layers = [["top"], ["left", "right"], ["bottom"]]
[drivers]
engine-driver = ["right"]
[[never]]
crate = "left"
reaches = ["engine-driver"]
because = "left works on text alone"
"#;

/// Makes a workspace of the crates, each with the dependency tables of its `Cargo.toml`, beside a package
/// `engine-driver` that is not a member.
fn workspace(rules: &str, crates: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let package = |path: &Path, name: &str, tables: &str| {
        fs::create_dir_all(path.join("src")).unwrap();
        fs::write(path.join("src/lib.rs"), "").unwrap();
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{tables}\n");
        fs::write(path.join("Cargo.toml"), manifest).unwrap();
    };
    for (name, tables) in crates {
        package(&root.join("crates").join(name), name, tables);
    }
    package(&root.join("elsewhere/engine-driver"), "engine-driver", "[workspace]");
    let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"elsewhere\"]\n";
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    fs::write(root.join("layers.toml"), rules).unwrap();
    folder
}

fn findings(rules: &str, crates: &[(&str, &str)]) -> Vec<String> {
    let folder = workspace(rules, crates);
    check(folder.path()).unwrap().iter().map(ToString::to_string).collect()
}

const DRIVER: &str = "engine-driver = { path = \"../../elsewhere/engine-driver\" }";

#[test]
fn allowed_edges_pass() {
    let right = format!("[dependencies]\nbottom = {{ path = \"../bottom\" }}\n{DRIVER}");
    let crates = [
        ("top", "[dependencies]\nright = { path = \"../right\" }\nbottom = { path = \"../bottom\" }"),
        ("left", "[dev-dependencies]\nbottom = { path = \"../bottom\" }"),
        ("right", right.as_str()),
        ("bottom", ""),
    ];
    assert_eq!(findings(RULES, &crates), Vec::<String>::new());
}

#[test]
fn edges_up_and_sideways_are_named() {
    let crates = [
        ("top", ""),
        ("left", "[dependencies]\nright = { path = \"../right\" }"),
        ("right", ""),
        ("bottom", "[dev-dependencies]\ntop = { path = \"../top\" }"),
    ];
    let found = findings(RULES, &crates);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("bottom/Cargo.toml: bottom → top (dev-dependencies) breaks the rule 'layers'"));
    assert!(found[0].ends_with("top is in layer 1, bottom in layer 3"), "{}", found[0]);
    assert!(found[1].starts_with("left/Cargo.toml: left → right (dependencies) breaks the rule 'layers'"));
}

#[test]
fn drivers_are_for_their_users_only() {
    let bottom = format!("[build-dependencies]\n{DRIVER}");
    let found = findings(RULES, &[("top", ""), ("left", ""), ("right", ""), ("bottom", bottom.as_str())]);
    let expected = "bottom/Cargo.toml: bottom → engine-driver (build-dependencies) breaks the rule 'drivers': \
                    engine-driver is for right only";
    assert_eq!(found, [expected]);
}

#[test]
fn what_is_reached_through_others_is_found_with_its_path() {
    let bottom = format!("[dependencies]\n{DRIVER}");
    let rules = RULES.replace("[\"right\"]\n", "[\"right\", \"bottom\"]\n");
    let left = "[dependencies]\nbottom = { path = \"../bottom\" }";
    let found = findings(&rules, &[("top", ""), ("left", left), ("right", ""), ("bottom", bottom.as_str())]);
    let expected = "left/Cargo.toml: left → bottom → engine-driver breaks the rule 'never': left works on text alone";
    assert_eq!(found, [expected]);
    // In tests alone it may be reached.
    let left = left.replace("dependencies", "dev-dependencies");
    assert!(findings(&rules, &[("top", ""), ("left", &left), ("right", ""), ("bottom", bottom.as_str())]).is_empty());
}

#[test]
fn rules_must_fit_the_workspace() {
    let rules = "layers = [[\"top\", \"gone\"], [\"top\"]]\n[drivers]\nx = [\"nobody\"]\n";
    let found = findings(rules, &[("top", ""), ("new", "")]);
    assert_eq!(
        found,
        [
            "layers.toml: new is in no layer: say where it stands",
            "layers.toml: there is no crate gone",
            "layers.toml: there is no crate nobody",
            "layers.toml: top is in two layers",
        ]
    );
}

#[test]
fn unreadable_rules_are_said() {
    let folder = workspace("layers = 3", &[("top", "")]);
    assert!(check(folder.path()).unwrap_err().contains("layers.toml"));
    fs::remove_file(folder.path().join("layers.toml")).unwrap();
    assert!(check(folder.path()).unwrap_err().contains("cannot read"));
}
