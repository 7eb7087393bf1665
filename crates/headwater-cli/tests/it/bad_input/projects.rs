//! Projects and command lines that are wrong.

use crate::program::say;
use crate::project::{Project, assert_told};

#[test]
fn there_is_no_project() {
    let empty = tempfile::tempdir().unwrap();
    for command in [&["run"][..], &["check"], &["query", "select 1 as a"], &["history"]] {
        let said = say(empty.path(), command).exits(2);
        assert_told(&said, "HW0802", &["headwater.yml", "headwater init"]);
        assert_eq!(said.out, "");
    }
    for command in [&["run", "nowhere"][..], &["-C", "nowhere", "check"]] {
        let said = say(empty.path(), command).exits(2);
        assert!(said.err.contains("error[HW01") && said.err.contains("nowhere"), "{}", said.err);
    }
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was made");
    let misspelt = Project::empty();
    std::fs::rename(misspelt.path().join("headwater.yml"), misspelt.path().join("headwater.yaml")).unwrap();
    let said = misspelt.say(&["run", "."]).exits(2);
    assert!(said.err.contains("rename headwater.yaml"), "{}", said.err);
}

#[test]
fn init_makes_a_project_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let said = say(folder.path(), &["init", "shop"]).exits(0);
    assert!(said.out.contains("headwater run shop"), "{}", said.out);
    say(folder.path(), &["check", "shop"]).exits(0);
    say(folder.path(), &["run", "shop"]).exits(0);
    let again = say(folder.path(), &["init", "shop"]).exits(2);
    assert_told(&again, "HW0817", &["shop"]);
    say(folder.path(), &["run", "shop"]).exits(0);
}

#[test]
fn flags_that_are_wrong() {
    let project = Project::numbers();
    for (arguments, words) in [
        (&["rnu"][..], "run"),
        (&["run", "--ful-refresh"], "--full-refresh"),
        (&["run", "--jobs", "0"], "--jobs"),
        (&["run", "--wait", "soon"], "10m"),
        (&["run", "--var", "novalue"], "KEY=VALUE"),
        (&["query"], "<SQL>"),
        (&["query", "select 1", "--format", "xml"], "csv"),
        (&["rollback", "first"], "<SNAPSHOT>"),
        (&["lineage", "a.b", "--upstream", "--downstream"], "--downstream"),
        (&["show", "notqualified"], "schema.table"),
        (&[], "Usage"),
    ] {
        let said = project.say(arguments).exits(2);
        assert!(said.err.contains(words), "{arguments:?}: no '{words}' in\n{}", said.err);
        assert_eq!(said.out, "", "{arguments:?}");
    }
    let said = project.say(&["run", "--env", "prod"]).exits(2);
    assert_told(&said, "HW0116", &["prod"]);
    let help = project.say(&["--help"]).exits(0);
    for words in ["Exit codes", "0  done", "1  some assets failed", "2  the project", "3  the environment", "rollback"]
    {
        assert!(help.out.contains(words), "no '{words}' in\n{}", help.out);
    }
    project.say(&["--version"]).exits(0);
}

#[test]
fn unknown_names_get_suggestions() {
    let wrong = |path: &str, text: &str| Project::numbers().with(path, text);
    let cases = [
        (
            wrong("models/marts/m.sql", "select nmae from raw.numbers\n"),
            "HW0504",
            vec!["nmae", "name", "models/marts/m.sql:1"],
        ),
        (wrong("models/marts/m.sql", "select n from raw.nubmers\n"), "HW0205", vec!["raw.nubmers", "raw.numbers"]),
        (wrong("models/marts/m.sql", "select n from numbers\n"), "HW0204", vec!["raw.numbers"]),
        (
            wrong("models/marts/m.sql", "select summ(n) as s from raw.numbers\n"),
            "HW0506",
            vec!["summ", "did you mean sum"],
        ),
        (wrong("models/marts/m.sql", "selec n from raw.numbers\n"), "HW0201", vec!["models/marts/m.sql"]),
        (
            wrong("models/marts/m.sql", "/*---\nmaterialise: view\n---*/\nselect n from raw.numbers\n"),
            "HW0110",
            vec!["materialise", "materialize"],
        ),
        (
            wrong("models/marts/m.sql", "/*---\nchecks: [ { uniqe: n } ]\n---*/\nselect n from raw.numbers\n"),
            "HW0123",
            vec!["uniqe", "unique"],
        ),
        (
            wrong("models/marts/m.sql", "/*---\nchecks: [ { unique: nn } ]\n---*/\nselect n from raw.numbers\n"),
            "HW0901",
            vec!["nn"],
        ),
        (
            wrong(
                "models/marts/m.sql",
                "/*---\nchecks: [ { accepted_values: { column: n, values: [one, two] } } ]\n---*/\nselect n from raw.numbers\n",
            ),
            "HW0401",
            vec!["column 'n' is of type bigint", "models/marts/m.sql:2"],
        ),
        (
            wrong(
                "models/marts/m.sql",
                "/*---\nchecks: [ { range: { column: name, min: 1 } } ]\n---*/\nselect name from raw.numbers\n",
            ),
            "HW0406",
            vec!["column 'name' is of type string", "models/marts/m.sql:2"],
        ),
        (
            wrong(
                "models/marts/m.sql",
                "/*---\nchecks: [ { relationships: { column: name, to: raw.numbers.n } } ]\n---*/\nselect name from raw.numbers\n",
            ),
            "HW0907",
            vec!["'name', which is string", "'n' of raw.numbers, which is bigint", "models/marts/m.sql:2"],
        ),
        (wrong("headwater.yml", "nam: small\n"), "HW0110", vec!["nam", "name"]),
        (
            wrong(
                "sources/numbers.yml",
                "connector: file\nlocation: data\nstreams: [ { table: raw.numbers, path: x.csv } ]\n",
            ),
            "HW0120",
            vec!["files"],
        ),
    ];
    for (project, code, words) in cases {
        for command in ["check", "run"] {
            let said = project.say(&[command]).exits(2);
            assert_told(&said, code, &words);
            assert!(said.err.contains('^') || code == "HW0112", "a caret: {}", said.err);
            assert_eq!(said.out, "", "{code}");
        }
        assert!(!project.lake().join("raw").exists(), "{code}: nothing was done");
    }
}

#[test]
fn a_wrong_project_changes_nothing_that_is_published() {
    let project = Project::numbers();
    project.run();
    project.write("models/marts/sums.sql", "select sum(m) as total, count(*) as rows from raw.numbers\n");
    project.write("data/a.csv", "n,name\n1,one\n");
    project.say(&["run"]).exits(2);
    project.write("models/marts/sums.sql", "select sum(n) as total, count(*) as rows from raw.numbers\n");
    assert_eq!(project.published(), (1, "6,3".to_owned()));
    project.run();
    assert_eq!(project.published(), (2, "1,1".to_owned()));
}

#[test]
fn cycles_show_their_path() {
    let project = Project::numbers()
        .with("models/marts/a.sql", "select n from marts.b\n")
        .with("models/marts/b.sql", "select n from marts.c\n")
        .with("models/marts/c.sql", "select n from marts.a\n");
    for command in ["check", "run", "plan"] {
        let said = project.say(&[command]).exits(2);
        assert_told(&said, "HW0208", &["marts.a", "marts.b", "marts.c"]);
    }
    let own = Project::numbers().with("models/marts/a.sql", "select n from marts.a\n");
    assert_told(&own.say(&["run"]).exits(2), "HW0208", &["marts.a"]);
}

#[test]
fn a_yaml_bomb_is_defused() {
    let mut bomb = String::from("name: small\nvars:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        let list = [before.as_str(); 9].join(", ");
        bomb.push_str(&format!("  a{level}: &a{level} [{list}]\n"));
    }
    let deep = format!("name: small\nvars: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let many = format!("name: small\nvars: {{ a: [{}] }}\n", "1, ".repeat(900_000));
    for (text, code) in [(bomb, "HW0108"), (deep, "HW0108"), (many, "HW0108")] {
        let began = std::time::Instant::now();
        let project = Project::numbers().with("headwater.yml", text);
        let said = project.say(&["run"]).exits(2);
        assert!(said.err.contains(&format!("[{code}]")), "{}", &said.err[..said.err.len().min(2000)]);
        assert!(said.err.len() < 10_000, "{} bytes of explanation", said.err.len());
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }
    let header = format!("/*---\n{}\n---*/\nselect n from raw.numbers\n", "- ".repeat(50_000));
    let project = Project::numbers().with("models/marts/m.sql", header);
    assert!(project.say(&["check"]).exits(2).err.contains("[HW0108]"));
    let nested = format!("select {}1{} as n\n", "(".repeat(100_000), ")".repeat(100_000));
    let project = Project::numbers().with("models/marts/m.sql", nested);
    assert!(project.say(&["check"]).exits(2).err.contains("[HW0207]"));
    let endless = "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}\n";
    let project = Project::numbers().with("models/marts/m.sql", endless);
    assert!(project.say(&["check"]).exits(2).err.contains("[HW0133]"));
}

#[test]
fn json_tells_mistakes_too() {
    let project = Project::numbers().with("models/marts/m.sql", "select nmae from raw.numbers\n");
    let report = project.say(&["run", "--json"]).exits(2);
    assert_eq!(report.err, "");
    let report = report.json();
    let diagnostic = &report["diagnostics"][0];
    assert_eq!((&report["exit_code"], &diagnostic["code"]), (&2.into(), &"HW0504".into()));
    assert!(diagnostic.to_string().contains("models/marts/m.sql"), "{diagnostic}");
    let said = project.say(&["explain", "HW9999", "--json"]).exits(2).json();
    assert_eq!((&said["exit_code"], &said["error"]["code"]), (&2.into(), &"HW0815".into()));
}

#[test]
fn a_header_that_would_not_be_read_is_refused() {
    let header = "/*---\nchecks: [ { unique: n } ]\n---*/\n";
    let query = "select n from raw.numbers\n";
    let model = |text: String| Project::numbers().with("models/marts/m.sql", text);
    // Comments may stand above it.
    for above in ["", "-- Copyright\n\n", "/* Copyright\n */ -- and more\n"] {
        let said = model(format!("{above}{header}{query}")).say(&["check"]).exits(0);
        assert!(said.out.contains("1 check"), "{above}: {}", said.out);
    }
    let said = model(format!("{query}/*--------\n  ornament\n  --------*/\n")).say(&["check"]).exits(0);
    assert!(said.out.contains("0 checks"), "{}", said.out);
    for text in [
        format!("{{% set x = 1 %}}\n{header}{query}"),
        format!("{query}{header}"),
        format!("{header}{header}{query}"),
        format!("{}{query}", header.replace("/*---", "/* ---")),
    ] {
        let said = model(text.clone()).say(&["check"]).exits(2);
        assert_told(&said, "HW0131", &["this header would not be read", "models/marts/m.sql"]);
    }
}

#[test]
fn a_folder_and_a_project_in_it_are_both_meant() {
    let folder = tempfile::tempdir().unwrap();
    say(folder.path(), &["init", "inner/shop"]).exits(0);
    say(folder.path(), &["-C", "inner", "check", "shop"]).exits(0);
    assert_told(&say(folder.path(), &["-C", "nowhere", "check", "inner/shop"]).exits(2), "HW0101", &["nowhere"]);
}
