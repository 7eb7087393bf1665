//! Every check on small made-up trees.

use std::process::Command;

use super::*;

fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
    check_tree(&Tree::new(files)).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_clean(files: &[(&str, &str)]) {
    assert_eq!(findings(files), Vec::<String>::new());
}

/// Asserts that there is one finding, and that it begins and goes on as given.
#[track_caller]
fn assert_one(files: &[(&str, &str)], place: &str, word: &str) {
    let found = findings(files);
    assert!(found.len() == 1 && found[0].starts_with(&format!("{place}: ")) && found[0].contains(word), "{found:?}");
}

#[test]
fn long_files_are_found() {
    assert_clean(&[("crates/a/src/lib.rs", &"x\n".repeat(600))]);
    assert_one(&[("crates/a/src/lib.rs", &"x\n".repeat(601))], "crates/a/src/lib.rs", "601 lines");
    assert_one(&[("models/a.sql", &"x\n".repeat(601))], "models/a.sql", "601 lines");
    assert_clean(&[("crates/a/fixtures/long.sql", &"x\n".repeat(601)), ("docs/long.md", &"x\n".repeat(601))]);
    assert_clean(&[("Cargo.lock", &"x \n".repeat(601)), ("crates/a/fuzz/Cargo.lock", "x \n")]);
}

#[test]
fn full_folders_are_found() {
    let paths: Vec<String> = (0..16).map(|number| format!("crates/a/src/kinds/m{number}.rs")).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "x\n")).collect();
    assert_clean(&files[..15]);
    assert_one(&files, "crates/a/src/kinds", "16 source files");
    // Subfolders, files that are no source, and data do not count.
    let others = [("crates/a/src/kinds/sub/m.rs", "x\n"), ("crates/a/src/kinds/a.md", "x\n")];
    assert_clean(&[&files[..15], &others].concat());
    let data: Vec<String> = (0..20).map(|number| format!("crates/a/src/golden/q{number}.sql")).collect();
    assert_clean(&data.iter().map(|path| (path.as_str(), "x\n")).collect::<Vec<_>>());
}

#[test]
fn empty_names_are_found() {
    for path in
        ["crates/a/src/utils.rs", "crates/a/src/string_utils.rs", "docs/misc.md", "crates/a/src/task-manager.rs"]
    {
        assert_one(&[(path, "x\n")], path, "says nothing");
    }
    // A folder is named once, however many files it holds.
    assert_one(&[("crates/a-core/src/x.rs", ""), ("crates/a-core/src/y.rs", "")], "crates/a-core", "'core'");
    for line in ["mod helpers {", "    pub mod common {", "pub(crate) mod util {"] {
        assert_one(&[("crates/a/src/x.rs", &format!("x\n{line}\n"))], "crates/a/src/x.rs:2", "says nothing");
    }
    assert_clean(&[("crates/a/src/score.rs", "mod cores {\n"), ("crates/a/src/common_table.rs", "// mod core {\n")]);
}

#[test]
fn blanks_are_found() {
    assert_clean(&[("a.rs", "a\n\nb\n"), ("empty.rs", "")]);
    assert_one(&[("a.rs", "a\nb \n")], "a.rs:2", "blanks");
    assert_one(&[("a.md", "a\t\n")], "a.md:1", "blanks");
    assert_one(&[("a.rs", "a")], "a.rs", "no line break");
    assert_one(&[("a.rs", "a\n\n")], "a.rs", "empty lines");
    assert_clean(&[("crates/a/src/golden/a.sql", "a ")]);
}

const CODES: &str = "const A: &str = \"HW0101\";\n// Like HW0102.\nconst B: &str = \"HW0102\";\n";

#[test]
fn codes_are_defined_once() {
    let tests = "#[cfg(test)]\nmod tests { const A: &str = \"HW0101\"; }\n";
    assert_clean(&[("crates/a/src/codes.rs", &format!("{CODES}{tests}"))]);
    let again = ("crates/b/src/part/codes.rs", "x\nconst C: &str = \"HW0102\";\n");
    assert_one(&[("crates/a/src/codes.rs", CODES), again], "crates/b/src/part/codes.rs:2", "crates/a/src/codes.rs:3");
    let twice = format!("{CODES}const D: &str = \"HW0101\";\n");
    assert_one(&[("crates/a/src/codes.rs", &twice)], "crates/a/src/codes.rs:4", "HW0101 is defined already");
}

#[test]
fn codes_that_are_used_are_defined() {
    let codes = ("crates/a/src/codes.rs", CODES);
    assert_clean(&[
        codes,
        ("crates/b/src/x.rs", "/// `HW0101`, HW01xx, HW0123, HW9999, XHW9998, HW99980\n// `HW0100` to `HW0199`\n"),
    ]);
    assert_one(
        &[codes, ("crates/b/src/x/y.rs", "x\n/// HW0103\n")],
        "crates/b/src/x/y.rs:2",
        "HW0103 is in no codes.rs",
    );
    assert_clean(&[codes, ("crates/b/tests/it/x.rs", "HW0999\n"), ("docs/a.md", "HW0999\n")]);
}

#[test]
fn links_lead_somewhere() {
    let tree = [("README.md", ""), ("docs/a.md", ""), ("docs/guide/b.md", ""), ("docs/my file.md", "")];
    let with = |path: &'static str, text: &'static str| [&tree[..], &[(path, text)]].concat();
    let good = "[a](a.md) [b](guide/b.md#top \"title\") [r](../README.md) [g](guide) [g](guide/) [s](#here)\n\
                ![i](<my file.md>) [p](my%20file.md) [w](https://example.org/x.md) [m](mailto:a@b.c) [root](/docs/a.md)\n\
                `[not](a-link.md)`\n```\n[not](a-link.md)\n```\n[name]: a.md\n[up](..)\n";
    assert_clean(&with("docs/c.md", good));
    assert_one(&with("docs/c.md", "x\n[a](b.md)\n"), "docs/c.md:2", "leads to docs/b.md, which is not there");
    assert_one(&with("docs/guide/c.md", "[a](a.md)\n"), "docs/guide/c.md:1", "docs/guide/a.md");
    assert_one(&with("docs/c.md", "[name]: gone.md\n"), "docs/c.md:1", "docs/gone.md");
    assert_one(&with("docs/c.md", "[a](../../x.md)\n"), "docs/c.md:1", "leaves the repository");
    assert_one(&with("docs/c.md", "```\nx\n```\n[a](gone.md)\n"), "docs/c.md:4", "docs/gone.md");
}

#[test]
fn leftovers_are_found() {
    let mark = format!("// {}{}: later\n", "TO", "DO");
    assert_one(&[("crates/a/src/x.rs", &mark)], "crates/a/src/x.rs:1", "is left");
    assert_clean(&[("crates/a/src/x.rs", &mark.replace(':', "LIST")), ("clippy.toml", "todo = 1\n")]);
    let home = format!("{}{}", "/ho", "me");
    for text in [format!("see {home}/anna/x\n"), format!("x = \"{home}\"\n"), format!("{home}/x\n")] {
        assert_one(&[("docs/a.md", &text)], "docs/a.md:1", "somebody's machine");
    }
    let harmless = format!("https://example.org{home}/x {home}less {home}-grown a{home}/x .{home} ~{home}\n");
    assert_clean(&[("docs/a.md", &harmless)]);
    assert_clean(&[("crates/a/fixtures/a.json", &format!("{home}/anna\n"))]);
}

#[test]
fn tree_is_what_git_knows_or_would_add() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let git = |arguments: &[&str]| {
        let status = Command::new("git").args(arguments).current_dir(root).output().unwrap().status;
        assert!(status.success(), "git {arguments:?}");
    };
    std::fs::create_dir_all(root.join("target")).unwrap();
    let files =
        [("a.rs", "a "), ("gone.rs", "a "), ("new.md", "a "), ("target/b.rs", "b "), (".gitignore", "/target\n")];
    for (path, text) in files {
        std::fs::write(root.join(path), text.as_bytes()).unwrap();
    }
    std::fs::write(root.join("binary.rs"), [0xff, b' ']).unwrap();
    std::fs::write(root.join("photo.jpg"), "a ").unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "a.rs", "gone.rs", ".gitignore"]);
    std::fs::remove_file(root.join("gone.rs")).unwrap();
    let places: Vec<String> = check(root).unwrap().into_iter().map(|finding| finding.place).collect();
    assert_eq!(places, ["a.rs", "a.rs:1", "new.md", "new.md:1"]);
}
