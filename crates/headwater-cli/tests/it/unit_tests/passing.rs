//! Tests that pass, and what running them leaves alone.

use super::masked;
use crate::program::{copy_folder, json, say, workspace};
use crate::project::Project;

#[test]
fn the_example_has_tests_and_they_pass_without_a_lake() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&workspace().join("examples/flights"), folder.path(), &["lake"]);
    let said = say(folder.path(), &["test"]).exits(0);
    for words in ["what_is_not_known_leads_to_the_unknown_member", "4 unit tests: 4 passed in"] {
        assert!(said.out.contains(words), "no '{words}' in\n{}", said.out);
    }
    assert!(!folder.path().join("lake").exists(), "nothing is written");
    let check = say(folder.path(), &["check"]).exits(0);
    assert!(check.out.contains("4 unit tests, no errors"), "{}", check.out);
    assert_eq!(json(folder.path(), &["check"])["unit_tests"], 4);
}

/// `marts.sums` on `raw.numbers`, with tests.
fn sums(tests: &str) -> Project {
    Project::numbers().with("tests/sums.yml", tests)
}

#[test]
fn names_choose_tests() {
    let test = |name: &str| format!("- {{ name: {name}, model: marts.sums, expect: [{{ rows: 0 }}] }}\n");
    let project = sums(&format!("{}{}{}", test("none"), test("nothing"), test("empty")));
    let passed = |arguments: &[&str]| {
        let report = json(project.path(), &[&["test"], arguments].concat());
        report["tests"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(passed(&[]), ["none", "nothing", "empty"]);
    assert_eq!(passed(&["no"]), ["none", "nothing"]);
    assert_eq!(passed(&["n*e", "empty"]), ["none", "empty"]);
    assert_eq!(passed(&["marts.*", "--jobs", "1"]).len(), 3);
    let said = project.say(&["test", "nothign"]).exits(2);
    crate::project::assert_told(&said, "HW0953", &["'nothign'", "did you mean 'nothing'?"]);
    let none = Project::numbers().say(&["test"]).exits(0);
    assert_eq!(none.out, "no unit tests: write some into tests/*.yml\n");
}

#[test]
fn what_is_published_stays_as_it_is_and_is_not_read() {
    let project = sums(
        "name: two\nmodel: marts.sums\ngiven: { raw.numbers: [{ n: 40 }, { n: 2 }] }\nexpect: [{ total: 42, rows: 2 }]\n",
    );
    project.run();
    let published = project.published();
    project.say(&["test"]).exits(0);
    assert_eq!(project.published(), published);
    // A lake that another run holds is no obstacle: there is no lease to take.
    let lake = project.lake();
    std::fs::remove_dir_all(lake.join("raw")).unwrap();
    let said = project.say(&["test"]);
    assert_eq!(said.code, Some(3), "the columns of what is published cannot be looked up: {}{}", said.out, said.err);
    std::fs::remove_dir_all(lake).unwrap();
    project.say(&["test"]).exits(0);
}

#[test]
fn a_hundred_tests_are_told_in_the_order_of_the_file() {
    let tests: String = (0..100)
        .map(|n| format!("- {{ name: t{n}, model: marts.sums, given: {{ raw.numbers: [{{ n: {n} }}, {{ n: 1 }}] }}, expect: [{{ total: {} }}] }}\n", n + 1))
        .collect();
    let said = sums(&tests).say(&["test"]).exits(0);
    let names: Vec<&str> =
        said.out.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2)).take(100).collect();
    assert_eq!(names, (0..100).map(|n| format!("t{n}")).collect::<Vec<_>>());
    assert!(masked(&said).ends_with("\n100 unit tests: 100 passed in # s\n"), "{}", said.out);
}
