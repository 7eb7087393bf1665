//! What other commands tell of scripts.

use super::{numbers, shell};
use crate::program::json;
use crate::project::Project;

fn project() -> Project {
    numbers()
        .with(
            "scripts/marts/s.yml",
            "command: [sh, s.sh]\ntags: [slow]\nowner: me\ninput_format: csv\noutput_format: jsonl\n\
             inputs: [{ table: raw.numbers, where: name <> 'x' }]\n\
             columns:\n  n: { type: bigint, description: The number, from: [raw.numbers.n] }\n  m: { type: bigint }\n",
        )
        .with("scripts/marts/s.sh", "awk -F, 'NR > 1 { printf \"{\\\"n\\\": %d, \\\"m\\\": 0}\\n\", $1 }'\n")
        .with("scripts/marts/outside.yml", shell("outside", ""))
        .with("scripts/marts/outside.sh", "echo '{\"n\": 1}'\n")
        .with("models/marts/after.sql", "select n from marts.s")
}

#[test]
fn scripts_are_listed_and_selected() {
    let project = project();
    let list = |select: &[&str]| {
        let found = json(project.path(), &[&["list"], select].concat());
        let names = found.as_array().unwrap_or_else(|| found["assets"].as_array().unwrap()).iter();
        names.map(|asset| asset["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (select, expected) in [
        ("type:script", &["marts.outside", "marts.s"][..]),
        ("tag:slow", &["marts.s"]),
        ("path:scripts/marts/s.sh", &["marts.s"]),
        ("path:scripts", &["marts.outside", "marts.s"]),
        ("+marts.after", &["raw.numbers", "marts.s", "marts.after"]),
        ("marts.s+", &["marts.s", "marts.after"]),
        ("owner:me", &["marts.s"]),
    ] {
        let mut found = list(&["--select", select]);
        let mut expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{select}");
    }
    project.run();
    let modified = project.say(&["list", "--select", "state:modified"]).exits(0).out;
    assert!(!modified.contains("marts.s"), "{modified}");
    project.write("scripts/marts/s.sh", "echo '{\"n\": 1, \"m\": 2}'\n");
    assert_eq!(list(&["--select", "state:modified"]), ["marts.s"]);
}

#[test]
fn lineage_is_what_is_declared_or_all_that_is_read() {
    let project = project();
    project.run();
    let edges = |column: &str| {
        let graph = json(project.path(), &["lineage", column, "--upstream"]);
        let names: Vec<&str> =
            graph["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
        let found = graph["edges"].as_array().unwrap().iter().map(|edge| {
            let name = |end: &str| names[edge[end].as_u64().unwrap() as usize];
            format!("{} -> {}: {}", name("from"), name("to"), edge["how"])
        });
        found.collect::<Vec<_>>()
    };
    assert_eq!(edges("marts.s.n"), ["raw.numbers.n -> marts.s.n: [\"transformation\"]"]);
    assert_eq!(
        edges("marts.s.m"),
        ["raw.numbers.n -> marts.s.m: [\"transformation\"]", "raw.numbers.name -> marts.s.m: [\"transformation\"]"]
    );
    let tables = project.say(&["lineage", "marts.after"]).exits(0).out;
    assert!(tables.contains("marts.s") && tables.contains("raw.numbers"), "{tables}");
    let outside = project.say(&["lineage", "marts.outside"]).exits(0).out;
    assert!(outside.contains("script: sh outside.sh"), "{outside}");
}

#[test]
fn files_that_nobody_names_are_warned_of() {
    let project = project()
        .with("scripts/marts/lib/a.py", "")
        .with("scripts/marts/__pycache__/a.pyc", "")
        .with("scripts/marts/README.md", "");
    let said = project.say(&["check"]).exits(0);
    let told = said.err.matches("[HW0136]").count() + said.out.matches("[HW0136]").count();
    assert_eq!(told, 1, "{}\n{}", said.out, said.err);
    assert!(said.err.contains("scripts/marts/lib is not read"), "{}", said.err);
}
