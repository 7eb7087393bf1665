//! What goes wrong with a program: each with a code, and nothing of it is published.

use serde_json::Value;

use super::{asset, numbers, shell};
use crate::program::{json, say};
use crate::project::{Project, assert_told};

/// Asserts that an asset failed, with a code, words, and help.
#[track_caller]
fn assert_failed(report: &Value, name: &str, code: &str, words: &[&str]) {
    let asset = asset(report, name);
    assert_eq!((asset["state"].as_str(), asset["code"].as_str()), (Some("failed"), Some(code)), "{asset:#}");
    let text = format!("{}\n{}", asset["message"].as_str().unwrap(), asset["help"].as_str().expect("help"));
    for word in words {
        assert!(text.contains(word), "no '{word}' in {text}");
    }
}

#[test]
fn programs_that_do_not_end_well_say_why_and_publish_nothing() {
    let csv = "command: [sh, CSV.sh]\noutput_format: csv\ncolumns: { n: { type: bigint }, name: { type: string } }\n";
    let cases: &[(&str, String, &str, &str, &[&str])] = &[
        (
            "status",
            shell("status", ""),
            "echo '{\"n\": 1}'; echo first >&2; echo 'the reason' >&2; exit 3\n",
            "HW0323",
            &["ended with status 3", "first\n", "the reason"],
        ),
        ("silent", shell("silent", ""), "exit 1\n", "HW0323", &["ended with status 1", "it said nothing on stderr"]),
        (
            "signal",
            shell("signal", ""),
            "echo '{\"n\": 1}'; kill -9 $$\n",
            "HW0323",
            &["was ended by signal 9 (SIGKILL)"],
        ),
        (
            "slow",
            shell("slow", "timeout: 1s\n"),
            "echo '{\"n\": 1}'; echo waiting >&2; sleep 60\n",
            "HW0324",
            &["had not ended after 1 s", "waiting", "timeout"],
        ),
        (
            "stubborn",
            shell("stubborn", "timeout: 1s\n"),
            "trap '' TERM; sleep 60; sleep 60\n",
            "HW0324",
            &["had not ended after 1 s"],
        ),
        (
            "bad",
            shell("bad", "on_bad_row: fail\n"),
            "echo '{\"n\": 1}'; echo '{\"n\": x}'\n",
            "HW0309",
            &["stdout, line 2"],
        ),
        (
            "typed",
            shell("typed", "on_bad_row: fail\n"),
            "echo '{\"n\": 1.5}'\n",
            "HW0309",
            &["stdout, line 1", "'1.5' is not a bigint"],
        ),
        (
            "key",
            shell("key", ""),
            "echo '{\"n\": 1, \"m\": 2}'\n",
            "HW0326",
            &["stdout, line 1", "the key 'm'", "declare it"],
        ),
        ("lacks", csv.replace("CSV", "lacks"), "echo n; echo 1\n", "HW0326", &["stdout lacks column 'name'"]),
        (
            "renamed",
            csv.replace("CSV", "renamed"),
            "echo n,nam; echo 1,x\n",
            "HW0326",
            &["stdout lacks column 'name'", "it has 'nam'"],
        ),
        (
            "more",
            csv.replace("CSV", "more"),
            "echo n,name,x,y; echo 1,a,2,3\n",
            "HW0326",
            &["has columns 'x', 'y', which is not declared"],
        ),
        ("header", csv.replace("CSV", "header"), "true\n", "HW0325", &["not even a header"]),
        ("endless", csv.replace("CSV", "endless"), "yes not,the,columns\n", "HW0326", &["stdout lacks"]),
        (
            "text",
            shell("text", "").replace("output_format: jsonl\n", ""),
            "echo hello\n",
            "HW0325",
            &["no Arrow stream", "begins with 'hello", "stderr"],
        ),
        ("empty", shell("empty", "").replace("output_format: jsonl\n", ""), "true\n", "HW0325", &["stdout is empty"]),
        (
            "nowhere",
            shell("nowhere", "").replace("[sh, nowhere.sh]", "[awkk, nowhere.sh]"),
            "",
            "HW0320",
            &["no program 'awkk'", "on the PATH", "did you mean"],
        ),
        (
            "noexec",
            shell("noexec", "").replace("[sh, noexec.sh]", "[noexec.sh]"),
            "exit 0\n",
            "HW0321",
            &["may not be executed", "chmod +x"],
        ),
    ];
    let mut project = numbers();
    for (name, yml, program, ..) in cases {
        project =
            project.with(&format!("scripts/marts/{name}.yml"), yml).with(&format!("scripts/marts/{name}.sh"), program);
    }
    project = project.with("models/marts/after.sql", "select count(*) as rows from marts.status");
    let said = project.say(&["run", "--json"]).exits(1);
    let report = said.json();
    for (name, _, _, code, words) in cases {
        assert_failed(&report, &format!("marts.{name}"), code, words);
    }
    assert_eq!(asset(&report, "marts.after")["state"], "held_back");
    // The source is fine, and is published; of the scripts there is nothing.
    let shown = project.say(&["show"]).exits(0).out;
    assert!(shown.contains("raw.numbers") && !shown.contains("marts."), "{shown}");
}

#[test]
fn a_person_sees_what_the_program_said() {
    let project = numbers()
        .with("scripts/marts/fails.yml", shell("fails", ""))
        .with("scripts/marts/fails.sh", "echo 'ValueError: no such gauge' >&2; exit 1\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0323", &["`sh fails.sh` ended with status 1", "ValueError: no such gauge"]);
    assert!(said.err.contains("marts.fails | ValueError: no such gauge"), "{}", said.err);
    let quiet = project.say(&["run", "--quiet"]).exits(1);
    assert!(!quiet.err.contains("marts.fails |"), "{}", quiet.err);
}

#[test]
fn an_interpreter_that_is_not_there_is_told_as_such() {
    use std::os::unix::fs::PermissionsExt;
    let project = numbers()
        .with("scripts/marts/x.yml", shell("x", "").replace("[sh, x.sh]", "[x.sh]"))
        .with("scripts/marts/x.sh", "#!/no/such/interpreter\n");
    let script = project.path().join("scripts/marts/x.sh");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let report = project.say(&["run", "--json"]).exits(1).json();
    assert_failed(&report, "marts.x", "HW0322", &["`x.sh` cannot be started", "interpreter"]);
}

#[test]
fn a_program_that_says_that_it_may_pass_is_tried_again_from_scratch() {
    let project =
        numbers().with("scripts/marts/flaky.yml", shell("flaky", "inputs: [raw.numbers]\ninput_format: csv\n")).with(
            "scripts/marts/flaky.sh",
            "echo x >> ../../tries; cat > /dev/null; echo '{\"n\": 1}'; test $(wc -l < ../../tries) -ge 2 || exit 75\n",
        );
    let report = json(project.path(), &["run"]);
    let flaky = asset(&report, "marts.flaky");
    assert_eq!((flaky["attempts"].as_u64(), flaky["rows_out"].as_u64()), (Some(2), Some(1)));
}

#[test]
fn columns_that_are_not_there_are_found_before_anything_runs() {
    let project = numbers().with("scripts/marts/s.sh", "touch ../../was_run\n").with(
        "scripts/marts/s.yml",
        "command: [sh, s.sh]\ninputs:\n  - { table: raw.numbers, columns: [n, nam] }\ncolumns: { a: { type: int } }\n",
    );
    assert_told(
        &project.say(&["check"]).exits(2),
        "HW0937",
        &["marts.s reads column 'nam' of raw.numbers", "did you mean 'name'?"],
    );
    project.write(
        "scripts/marts/s.yml",
        "command: [sh, s.sh]\ninputs: [raw.numbers]\ncolumns: { a: { type: int, from: [raw.numbers.m] } }\npartition_by: [b]\ncluster_by: [c]\n",
    );
    let said = project.say(&["check"]).exits(2);
    for code in ["HW0937", "HW0904", "HW0926"] {
        assert_told(&said, code, &[]);
    }
    project.write(
        "scripts/marts/s.yml",
        "command: [sh, s.sh]\ninputs: [{ table: raw.numbers, where: m > 1 }]\ncolumns: { a: { type: int } }\nchecks: [ { not_null: b } ]\n",
    );
    let said = project.say(&["run"]).exits(2);
    assert!(said.err.contains("scripts/marts/s.yml:2") && said.err.contains("m > 1"), "{}", said.err);
    assert!(!project.path().join("was_run").exists());
}

#[test]
fn what_scripts_have_not_is_said_plainly() {
    let project = Project::numbers()
        .with("scripts/marts/s.yml", shell("s", ""))
        .with("scripts/marts/s.sh", "echo '{\"n\": 1}'\n");
    let said = project.say(&["run", "--from", "2024-01", "--to", "2024-02", "--select", "marts.s"]).exits(2);
    assert_told(&said, "HW0924", &["marts.s is a script"]);
    project.write("tests/t.yml", "name: x\nmodel: marts.s\nexpect: [{ n: 1 }]\n");
    assert_told(&project.say(&["test"]).exits(2), "HW0150", &["scripts have no unit tests"]);
    let said = say(project.path(), &["explain", "HW0323"]).exits(0);
    assert!(said.out.contains("EX_TEMPFAIL"), "{}", said.out);
}
