//! The connector `program`: tables that a program prints.

use crate::program::{Said, headwater, query};
use crate::project::{Project, assert_told};

/// Prints the numbers past the one in its state up to `upto`, as JSON lines, and keeps the last one.
const NUMBERS: &str = r#"import json, os, sys
upto = int(open("upto").read())
old, new = os.environ.get("HEADWATER_STATE"), os.environ.get("HEADWATER_NEW_STATE")
last = int(open(old).read()) if old and os.path.exists(old) else 0
for n in range(last + 1, upto + 1):
    print(json.dumps({"n": n, "kind": sys.argv[1]}))
if new and not os.path.exists("forget"):
    open(new, "w").write(str(upto))
"#;

fn numbers(more: &str) -> Project {
    let source = format!(
        "connector: program\ncommand: [python3, numbers.py]\nformat: jsonl\nstreams:\n  - {{ table: raw.numbers, args: [odd and even], columns: {{ n: {{ type: bigint }}, kind: {{ type: string }} }}{more} }}\n"
    );
    Project::empty().with("numbers.py", NUMBERS).with("upto", "3").with("sources/numbers.yml", source)
}

#[test]
fn rows_replace_the_table() {
    let project = numbers("");
    project.run();
    assert_eq!(
        query(project.path(), "select n, kind from raw.numbers order by n"),
        "1,odd and even\n2,odd and even\n3,odd and even"
    );
    project.write("upto", "2");
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.numbers"), "2");
}

#[test]
fn rows_and_state_move_together() {
    let project = numbers(", mode: incremental, checks: [{ expression: n <> 7 }]");
    for (upto, code) in [("3", 0), ("5", 0), ("8", 1), ("6", 0), ("6", 0)] {
        project.write("upto", upto);
        project.say(&["run"]).exits(code);
    }
    assert_eq!(query(project.path(), "select count(*), count(distinct n), max(n) from raw.numbers"), "6,6,6");
    project.write("forget", "");
    project.write("upto", "9");
    assert_told(&project.say(&["run"]), "HW0377", &["printed rows and wrote no state", "HEADWATER_NEW_STATE"]);
    // With a key, rows may come again.
    let project = numbers(", mode: incremental, key: [n]");
    project.write("forget", "");
    project.run();
    project.write("upto", "4");
    project.run();
    assert_eq!(query(project.path(), "select count(*), sum(n) from raw.numbers"), "4,10");
}

#[test]
fn arrow_is_what_programs_print_unless_they_say_otherwise() {
    let python = std::env::var("HEADWATER_PYTHON").unwrap_or_else(|_| {
        panic!("HEADWATER_PYTHON is not set: run the tests with ./test, which installs pyarrow and sets it")
    });
    let program = "import sys, pyarrow as pa\n\
        table = pa.table({'day': pa.array([19000], pa.date32()), 'rate': [1.5]})\n\
        with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as out: out.write_table(table)\n";
    let source = format!(
        "connector: program\ncommand: [{python}, rates.py]\nstreams:\n  - {{ table: raw.rates, columns: {{ day: {{ type: date }}, rate: {{ type: double }} }} }}\n"
    );
    let project = Project::empty().with("rates.py", program).with("sources/rates.yml", source);
    project.run();
    assert_eq!(query(project.path(), "select day, rate from raw.rates"), "2022-01-08,1.5");
}

#[test]
fn mistakes_are_told() {
    let project = numbers("");
    project.write("numbers.py", "print('{\"n\": \"x\", \"kind\": \"a\"}'); print('{\"n\": 1, \"kind\": \"b\"}')");
    project.run();
    assert_eq!(
        query(project.path(), "select _line, _reason from raw.numbers__rejected"),
        "1,column 'n': 'x' is not a bigint"
    );
    project.write("numbers.py", "import sys; sys.exit('no network')");
    assert_told(&project.say(&["run"]), "HW0323", &["no network"]);
    project.write("numbers.py", "print('{\"n\": 1, \"kind\": \"a\", \"more\": 1}')");
    assert_told(&project.say(&["run"]), "HW0326", &["the key 'more' is no column"]);
    project.write("sources/numbers.yml", "connector: program\ncommand: [x]\nstreams:\n  - { table: raw.t }\n");
    let said: Said = headwater(project.path()).arg("check").output().unwrap().into();
    assert!(format!("{}{}", said.out, said.err).contains("does not say which columns the program prints"), "{said:?}");
}
