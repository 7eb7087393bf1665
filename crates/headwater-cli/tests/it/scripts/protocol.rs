//! What passes through the pipes, in every order.

use super::{asset, numbers, shell};
use crate::program::{headwater, json, query, rows};
use crate::project::{Project, assert_told};

/// More than any pipe holds.
const MANY: u64 = 120_000;

/// A project whose `raw.numbers` has many rows.
fn many() -> Project {
    let rows: String = (1..=MANY).map(|n| format!("{n},number {n}\n")).collect();
    numbers().with("data/a.csv", format!("n,name\n{rows}"))
}

const READ: &str = "inputs: [raw.numbers]\ninput_format: csv\n";

#[test]
fn rows_go_through_a_program_whatever_it_does_first() {
    let project = many()
        .with("scripts/marts/through.yml", shell("through", READ))
        .with("scripts/marts/through.sh", "awk -F, 'NR > 1 { printf \"{\\\"n\\\": %d}\\n\", $1 * 2 }'\n")
        .with("scripts/marts/writes_first.yml", shell("writes_first", READ))
        .with(
            "scripts/marts/writes_first.sh",
            format!(
                "awk 'BEGIN {{ for (i = 1; i <= {MANY}; i++) {{ printf \"{{\\\"n\\\": %d}}\\n\", i; print \"a line for people\", i > \"/dev/stderr\" }} }}'\n\
                 cat > /dev/null\n"
            ),
        )
        .with("scripts/marts/reads_first.yml", shell("reads_first", READ))
        .with("scripts/marts/reads_first.sh", "wc -l | awk '{ printf \"{\\\"n\\\": %d}\\n\", $1 }'\n")
        .with("scripts/marts/reads_nothing.yml", shell("reads_nothing", READ))
        .with("scripts/marts/reads_nothing.sh", "echo '{\"n\": 7}'\n")
        .with("scripts/marts/reads_a_little.yml", shell("reads_a_little", READ))
        .with("scripts/marts/reads_a_little.sh", "head -n 2 | tail -n 1 | awk -F, '{ printf \"{\\\"n\\\": %d}\\n\", $1 }'\n")
        .with("scripts/marts/no_rows.yml", shell("no_rows", READ))
        .with("scripts/marts/no_rows.sh", "cat > /dev/null\n");
    let report = json(project.path(), &["run"]);
    let sum = |table: &str| query(project.path(), &format!("select count(*), coalesce(sum(n), 0) from marts.{table}"));
    let all = MANY * (MANY + 1) / 2;
    assert_eq!(sum("through"), format!("{MANY},{}", all * 2));
    assert_eq!(sum("writes_first"), format!("{MANY},{all}"));
    assert_eq!(sum("reads_first"), format!("1,{}", MANY + 1));
    assert_eq!(sum("reads_nothing"), "1,7");
    assert!(query(project.path(), "select n from marts.reads_a_little").parse::<u64>().unwrap() <= MANY);
    assert_eq!(sum("no_rows"), "0,0");
    let through = asset(&report, "marts.through");
    assert_eq!((through["kind"].as_str(), through["rows_in"].as_u64()), (Some("script"), Some(MANY)));
}

#[test]
fn inputs_are_what_the_run_has_staged() {
    let project = numbers()
        .with("models/staging/some.sql", "select n * 10 as n, name from raw.numbers where n > 1")
        .with(
            "scripts/marts/copy.yml",
            "command: [cat]\ninputs: [{ table: staging.some, columns: [name, n], where: n < 30 }]\ninput_format: jsonl\noutput_format: jsonl\n\
             columns: { n: { type: bigint }, name: { type: string } }\nchecks: [ { not_null: n }, { row_count: { min: 1 } } ]\n",
        )
        .with("models/marts/after.sql", "select sum(n) as total from marts.copy");
    project.run();
    assert_eq!(rows(project.path(), "select n, name from marts.copy"), [serde_json::json!({ "n": 20, "name": "two" })]);
    assert_eq!(query(project.path(), "select total from marts.after"), "20");
}

#[test]
fn bad_rows_are_set_aside_with_their_place() {
    let project = numbers()
        .with("scripts/marts/some.yml", shell("some", ""))
        .with("scripts/marts/some.sh", "echo '{\"n\": 1}'; echo nonsense; echo '{\"n\": \"many\"}'; echo '{}'\n");
    let report = json(project.path(), &["run"]);
    let some = asset(&report, "marts.some");
    assert_eq!((some["rejected"].as_u64(), some["rows_out"].as_u64()), (Some(2), Some(2)));
    let rejected = query(project.path(), "select _line, _file, _raw from marts.some__rejected order by 1");
    assert_eq!(rejected, "2,stdout,nonsense\n3,stdout,\"{\"\"n\"\": \"\"many\"\"}\"");
    assert_eq!(query(project.path(), "select count(*) from marts.some where n is null"), "1");
    // Nothing but such rows does not empty the table; the advice is one that a script can follow.
    project.write("scripts/marts/some.sh", "echo nonsense\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(
        &said,
        "HW0991",
        &["none of the 1 row of marts.some", "stdout line 1", "correct what the script writes"],
    );
    assert!(!said.out.contains("most_bad_rows"), "{}", said.out);
    assert_eq!(query(project.path(), "select count(*) from marts.some where n is null"), "1");
}

#[test]
fn csv_is_read_by_the_names_of_its_header() {
    let project = numbers()
        .with(
            "scripts/marts/some.yml",
            "command: [sh, some.sh]\noutput_format: csv\npartition_by: [day]\ncolumns: { n: { type: int }, day: { type: date }, text: { type: string } }\n",
        )
        .with("scripts/marts/some.sh", "printf 'text,n,day\\n\"a, b\",1,2024-02-29\\n\"\",,2024-03-01\\n,3,\\n'\n");
    project.run();
    let found = query(project.path(), "select n, day, text, text is null from marts.some order by n nulls last");
    assert_eq!(found, "1,2024-02-29,\"a, b\",false\n3,,,true\n,2024-03-01,\"\",false");
}

#[test]
fn a_program_is_told_what_it_needs_and_nothing_else() {
    let print = "printf '{\"t\": \"%s\", \"r\": \"%s\", \"e\": \"%s\", \"v\": \"%s\", \"own\": \"%s\", \"home\": \"%s\", \"other\": \"%s\", \"here\": \"%s\"}\\n' \
                 \"$HEADWATER_TABLE\" \"$HEADWATER_RUN_ID\" \"$HEADWATER_ENVIRONMENT\" \"$(printf '%s' \"$HEADWATER_VARS\" | tr -d '\"')\" \
                 \"$OWN\" \"$HOME\" \"${OTHER:-none}\" \"$(basename \"$PWD\")\"\n";
    let columns = ["t", "r", "e", "v", "own", "home", "other", "here"]
        .map(|name| format!("{name}: {{ type: string }}"))
        .join(", ");
    let project = Project::empty()
        .with("headwater.yml", "name: small\nvars: { since: '2024', until: '2025' }\n")
        .with(
            "scripts/marts/env.yml",
            format!("command: [./env.sh]\noutput_format: jsonl\nvars: [since]\nenv: {{ OWN: 'x ${{GIVEN}}' }}\ncolumns: {{ {columns} }}\n"),
        )
        .with("scripts/marts/env.sh", format!("#!/bin/sh\n{print}"));
    use std::os::unix::fs::PermissionsExt;
    let script = project.path().join("scripts/marts/env.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = headwater(project.path())
        .args(["run", "--json"])
        .envs([("GIVEN", "given value"), ("OTHER", "a secret of somebody"), ("HOME", "/tmp")])
        .output()
        .unwrap();
    let report = crate::program::Said::from(run).exits(0).json();
    let expected = serde_json::json!({
        "t": "marts.env", "r": report["run"], "e": "dev", "v": "{since:2024}", "own": "x given value", "home": "/tmp",
        "other": "none", "here": "marts",
    });
    let found = headwater(project.path())
        .args(["query", "select * from marts.env", "--format", "json"])
        .env("GIVEN", "other")
        .output()
        .unwrap();
    assert_eq!(crate::program::Said::from(found).exits(0).json(), expected);
}

#[test]
fn a_program_never_takes_a_part_of_its_input_for_all_of_it() {
    // The last row cannot be computed; the program would be content with what comes before.
    let project = many()
        .with(
            "models/marts/view.sql",
            "/*---\nmaterialize: view\n---*/\nselect 1 / (n - 120000) as n from raw.numbers\n",
        )
        .with("scripts/marts/s.yml", shell("s", "inputs: [marts.view]\ninput_format: csv\n"))
        .with("scripts/marts/s.sh", "wc -l | awk '{ printf \"{\\\"n\\\": %d}\\n\", $1 }'\n");
    let report = project.say(&["run", "--json"]).exits(1).json();
    let failed = asset(&report, "marts.s");
    assert_eq!(failed["state"], "failed", "{failed:#}");
    assert!(failed["message"].as_str().unwrap().to_lowercase().contains("divi"), "{failed:#}");
    assert!(!project.lake().join("marts/s").join("_delta_log").exists());
}
