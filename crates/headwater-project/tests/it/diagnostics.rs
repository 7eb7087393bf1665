//! What people see for each kind of mistake. Golden texts are in `snapshots/`; `INSTA_UPDATE=always` writes them anew.

use std::collections::BTreeSet;

use headwater_project::codes::CODES;

use crate::folder::Folder;

/// Shows a few projects' mistakes, each under a title.
fn shown(cases: Vec<(&str, Folder)>) -> String {
    let mut out = String::new();
    for (title, folder) in cases {
        let mistakes = folder.mistakes();
        assert!(!mistakes.is_empty(), "{title}: nothing is wrong");
        out.push_str(&format!("==== {title}\n{mistakes}\n"));
    }
    out
}

pub(crate) fn golden(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

fn yml(text: &str) -> Folder {
    Folder::empty().with("headwater.yml", text)
}

fn source(text: &str) -> Folder {
    Folder::new().with("sources/a.yml", text)
}

fn stream(text: &str) -> Folder {
    source(&format!("connector: files\nlocation: data\nstreams:\n  - table: raw.a\n    path: a.csv\n{text}"))
}

fn model(text: &str) -> Folder {
    Folder::shop().with("models/marts/m.sql", text)
}

fn header(text: &str) -> Folder {
    model(&format!("/*---\n{text}\n---*/\nselect * from raw.orders\n"))
}

#[test]
fn files() {
    let mut cases = vec![
        ("no project", Folder::empty()),
        ("the other spelling", Folder::empty().with("headwater.yaml", "name: x")),
        ("a folder named like a model", Folder::new().with("models/a/x.sql/y.txt", "")),
        ("too large", Folder::new().with("models/a/x.sql", &"-- x\n".repeat(1 << 20))),
        ("not UTF-8", Folder::new().with_bytes("sources/a.yml", b"connector: files\nlocation: \xff\xfe\n")),
        ("misplaced models", Folder::new().with("models/x.sql", "select 1").with("models/a/b/c.sql", "select 1")),
        (
            "metadata beside a model",
            Folder::new().with("models/a/schema.yml", "x: 1").with("models/a/x.sql", "select 1 a"),
        ),
        (
            "misplaced seeds",
            Folder::new()
                .with("seeds/a/b/c.csv", "x")
                .with("seeds/airlines.csv", "x")
                .with("seeds/airlnes.yml", "owner: me")
                .with("seeds/x.parquet", ""),
        ),
        (
            "what is not built yet",
            Folder::new()
                .with("policies/a.yml", "x: 1")
                .with("glossary.yml", "x: 1")
                .with("products/a.yml", "x")
                .with("decisions/0001.md", "fine")
                .with("models/README.md", "fine"),
        ),
    ];
    let outside = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    {
        std::fs::write(outside.path().join("x.sql"), "select 1 a").unwrap();
        let folder = Folder::new().with("models/a/inside.sql", "select 1 a");
        std::os::unix::fs::symlink(outside.path().join("x.sql"), folder.path().join("models/a/x.sql")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("seeds")).unwrap();
        std::os::unix::fs::symlink("inside.sql", folder.path().join("models/a/fine.sql")).unwrap();
        cases.push(("links out of the project", folder));
        let folder = Folder::new().with("models/a/x.txt", "");
        std::os::unix::fs::symlink("nowhere.sql", folder.path().join("models/a/gone.sql")).unwrap();
        cases.push(("a link to nowhere", folder));
    }
    golden("files", &shown(cases));
}

/// A project with a script beside `raw.orders`, whose program is there.
fn script(text: &str) -> Folder {
    Folder::shop().with("scripts/marts/s.py", "").with("scripts/marts/s.yml", text)
}

#[test]
fn scripts() {
    let columns = "columns: { a: { type: string } }";
    let with = |text: &str| script(&format!("command: [python3, s.py]\n{columns}\n{text}"));
    golden(
        "scripts",
        &shown(vec![
            ("misplaced", Folder::shop().with("scripts/s.yml", "x: 1").with("scripts/s.py", "")),
            ("nothing that is needed", script("description: x\n")),
            ("an unknown key", with("input: [raw.orders]")),
            ("a line for a shell", script(&format!("command: python3 s.py\n{columns}"))),
            ("no program", script(&format!("command: ['', s.py]\n{columns}"))),
            ("no such program here", script(&format!("command: [./t.py]\n{columns}"))),
            ("columns without types", script("command: [s.py]\ncolumns: { a: , b: { description: x } }")),
            ("no columns", script("command: [s.py]\ncolumns: {}")),
            ("two columns in one", script("command: [s.py]\ncolumns: { a: { type: int }, A: { type: int } }")),
            (
                "an unknown type",
                script("command: [s.py]\ncolumns: { a: { type: text, tags: x }, b: { type: integr } }"),
            ),
            ("an unknown input", with("inputs: [raw.ordes]")),
            ("an unknown key of an input", with("inputs: [{ table: raw.orders, column: [a] }]")),
            (
                "columns of an input",
                with("inputs: [{ table: raw.orders, columns: [a, b, a] }, { table: raw.customers, columns: [] }]"),
            ),
            ("a condition that is none", with("inputs: [{ table: raw.orders, where: 'a >' }]")),
            ("it reads itself", with("inputs: [marts.s]")),
            ("a cycle", with("inputs: [marts.m]").with("models/marts/m.sql", "select a from marts.s")),
            (
                "columns from nowhere",
                script(
                    "command: [s.py]\ninputs: [{ table: raw.orders, columns: [order_id] }]\ncolumns:\n  a: { type: int, from: \
                     [raw.ordes.order_id, raw.orders.order_idd, order_id] }\n",
                ),
            ),
            (
                "formats that do not go together",
                with("inputs: [raw.orders, raw.customers]\ninput_format: csv\non_bad_row: reject"),
            ),
            ("an unknown format", with("output_format: json")),
            ("no such files", with("files: [lib/*.py, S.py]").with("scripts/marts/t.py", "")),
            ("a secret elsewhere", with("description: ${SECRET}")),
            ("variables", with("env: { A-B: x, HEADWATER_TABLE: y, C: '${NOT_SET}' }\nvars: [since]")),
            ("an impossible layout", with("cluster_by: [a]\npartition_by: [a]\ntimeout: soon")),
            ("a unit test", with("").with("tests/t.yml", "name: x\nmodel: marts.s\nexpect: [{ a: x }]")),
        ]),
    );
}

#[test]
fn yaml() {
    golden(
        "yaml",
        &shown(vec![
            ("not YAML", yml("name: x\nvars: [1, 2\n")),
            ("a colon in a text", yml("name: x: y\n")),
            ("tabs", yml("name: x\nvars:\n\ta: 1\n")),
            ("duplicate keys", yml("name: x\nvars: { a: 1, b: 2, a: 3 }\nname: y\n")),
            ("two documents", yml("name: x\n---\nname: y\n")),
            ("no document", yml("# nothing\n")),
            ("no mapping", yml("- name\n")),
            ("a tag", yml("name: !x y\n")),
            ("a bomb", yml(&format!("name: x\nvars: {}\n", "[".repeat(70)))),
            ("unclosed quote", yml("name: \"x\n")),
        ]),
    );
}

#[test]
fn settings() {
    golden(
        "settings",
        &shown(vec![
            ("unknown and missing keys", yml("nam: x\nenvironmnets: {}\nfoo: 1\n")),
            (
                "wrong types",
                yml(
                    "name: 12\nvars: [a]\ndefaults: { owner: [a], memory: 5 }\nenvironments: { dev: { lake: , default: yes, storage: { a: 1 } } }\n",
                ),
            ),
            (
                "malformed values",
                yml("name: My Project\ndefaults: { memory: lots }\nenvironments: { Dev: { lake: x } }\n"),
            ),
            ("an engine", yml("name: x\nenvironments: { dev: { lake: x, engine: { type: ballista } } }\n")),
            ("no default", yml("name: x\nenvironments: { dev: { lake: a }, prod: { lake: b } }\n")),
            (
                "two defaults",
                yml("name: x\nenvironments:\n  dev: { lake: a, default: true }\n  prod: { lake: b, default: true }\n"),
            ),
            (
                "unknown environment",
                yml("name: x\nenvironments: { dev: { lake: a }, prod: { lake: b } }\n").environment("pord"),
            ),
            (
                "an unset secret",
                yml("name: x\nenvironments: { dev: { lake: '${LAKE}', catalog: '${CAT:-y}${oops' } }\n"),
            ),
            (
                "a secret that cannot be read",
                yml(
                    "name: x\nsecrets: { LAKE: { command: [sh, -c, 'echo locked >&2; exit 3'] } }\nenvironments: { dev: { lake: '${LAKE}' } }\n",
                ),
            ),
            (
                "secrets from nowhere",
                yml(
                    "name: x\nsecrets: { A: {}, B: { file: a, command: [b] }, c-d: { file: a }, E: { file: a, timeout: 1m }, F: { command: [] } }\n",
                ),
            ),
            ("a secret in the wrong place", yml("name: x\nvars: { a: '${TOKEN}' }\n")),
            (
                "unknown variables",
                yml("name: x\nvars: { since: 2013, list: [a] }\n").var("sinc", "1").var("list", "b").var("since", "no"),
            ),
            ("an empty lake", yml("name: x\nenvironments: { dev: { lake: '' } }\n")),
        ]),
    );
}

#[test]
fn sources() {
    golden(
        "sources",
        &shown(vec![
            ("no mapping", source("files")),
            ("no connector", source("location: data\nstreams: []\n")),
            ("unknown connector", source("connector: file\nlocation: data\nstreams: [ { table: raw.a, path: x } ]\n")),
            (
                "unknown keys, everywhere",
                source(
                    "connector: files\nlocatoin: data\nstreams:\n  - { table: raw.a, path: x, colums: {} }\n  - { table: raw.b, pth: x }\n",
                ),
            ),
            (
                "modes",
                source(
                    "connector: queue\nconnection: x\nstreams: [ { table: raw.a, topic: x, mode: full }, { table: raw.b, topic: x, mode: cdc }, { table: raw.c, topic: y, mode: ful } ]\n",
                ),
            ),
            (
                "values",
                stream(
                    "    on_bad_row: ignore\n    drift: FAIL\n    schedule: daily\n    mode: [full]\n    tags: { a: b }\n",
                ),
            ),
            (
                "columns",
                stream(
                    "    columns:\n      a: { type: strng }\n      b: { typ: int }\n      c: int\n      d: { type: varchar(10), tags: 5 }\n",
                ),
            ),
            ("a format without type", stream("    format: { null: [NA] }\n")),
            ("a format of another type", stream("    format: { type: cvs, null: [NA] }\n")),
            ("a format's keys", stream("    format: { type: json, null: [NA], lines: 1 }\n")),
            (
                "table names",
                source(
                    "connector: files\nlocation: x\nstreams:\n  - { table: a, path: x }\n  - { table: Raw.My-Table, path: x }\n  - { table: raw.a__rejected, path: x }\n  - { table: _x.a, path: x }\n  - { path: x }\n",
                ),
            ),
            (
                "what the connector refuses",
                source(
                    "connector: files\nlocation: ../x\nstreams: [ { table: raw.a, path: x } ]\n---\nconnector: files\nlocation: x\nstreams: [ { table: raw.b, path: /x } ]\n",
                ),
            ),
            ("freshness", stream("    freshness: { warn_after: 3d, error_after: 1d, column: t }\n")),
            ("freshness of what", stream("    freshness: { warn_after: 36h }\n")),
            (
                "freshness of two",
                stream(
                    "    columns: { a: { type: date }, b: { type: timestamp } }\n    freshness: { warn_after: 36h }\n",
                ),
            ),
            (
                "freshness of a text",
                stream("    columns: { a: { type: string } }\n    freshness: { warn_after: 36h, column: a }\n"),
            ),
            ("freshness without age", stream("    freshness: { column: a }\n")),
            ("freshness malformed", stream("    freshness: { column: a, warn_after: 36 hors, error_after: 36 }\n")),
            ("one table twice", Folder::shop().with("models/raw/orders.sql", "select 1 a")),
            (
                "secrets in the wrong place",
                stream("    description: '${TOKEN}'\n    checks: [ { not_null: '${TOKEN}' } ]\n"),
            ),
        ]),
    );
}

#[test]
fn checks() {
    golden(
        "checks",
        &shown(vec![
            ("unknown", header("checks:\n  - not_nul: a\n  - frobnicate: b")),
            (
                "malformed entries",
                header(
                    "checks:\n  - row_count\n  - a thing\n  - { not_null: a, severity: warn }\n  - { not_null: a, row_count: 1 }\n  - { a: 1, b: 2 }\n  - range: dep_delay\n  - 5",
                ),
            ),
            (
                "options",
                header(
                    "checks:\n  - range: { colum: a, min: x, severity: quarantin }\n  - range: { column: a, min: 5, max: 2 }\n  - not_null: { columns: a, threshold: 5 rows }\n  - not_null:\n  - row_count: { min: -1 }\n  - not_null: { columns: a, threshold: 1.5 }",
                ),
            ),
            ("no list", header("checks: { not_null: a }")),
            (
                "quarantine",
                header(
                    "materialize: view\nchecks:\n  - not_null: { columns: a, severity: quarantine }\n  - row_count: { min: 1, severity: quarantine }",
                ),
            ),
            (
                "keys without use",
                header(
                    "checks:\n  - row_count: { min: 1, threshold: 2 }\n  - sql: { query: select * from raw.orders, threshold: 1% }\n  - sql: { query: select * from raw.orders, where: a = 1 }",
                ),
            ),
            (
                "conditions",
                header(
                    "checks:\n  - not_null: { columns: a, where: a > }\n  - expression: a >\n  - expression: a in (select b from raw.orders)\n  - not_null: { columns: a, where: 'a = 1; drop table x' }",
                ),
            ),
            (
                "other tables",
                header(
                    "checks:\n  - relationships: { column: a, to: raw.order.id }\n  - relationships: { column: a, to: nothing }\n  - sql: select * from raw.oders\n  - sql: delete from raw.orders\n  - sql: select * from orders",
                ),
            ),
            (
                "in a seed",
                Folder::new()
                    .with("seeds/a.csv", "x")
                    .with("seeds/a.yml", "checks: [ { nt_null: x } ]\npath: b.csv\nmode: full\n"),
            ),
        ]),
    );
}

#[test]
fn models() {
    golden(
        "models",
        &shown(vec![
            (
                "header keys",
                header("descripton: x\nmaterialized: table\nschedule: daily\ncolumns: { a: { type: int } }\ntags: 5"),
            ),
            ("header values", header("materialize: tabel\nrefresh: incremental\npartition_by: [1]")),
            ("a history without a key", header("materialize: scd2")),
            ("keys of other kinds", header("key: [a]\nupdated_at: b\nevery: hour")),
            (
                "a history that contradicts itself",
                header(
                    "materialize: scd2\nkey: [a, a]\nrefresh: full\nkeep: 3\nhistory_columns: { valid_from: x, valid_to: x }\n\
                     deletes: ignore\nchecks:\n  - not_null: { columns: a, severity: quarantine }",
                ),
            ),
            (
                "a history in vain",
                header(
                    "materialize: scd2\nkey: [a, a]\nrefresh: full\nkeep: 3\nhistory_columns: { valid_from: x, valid_to: x }\n\
                     checks:\n  - not_null: { columns: a, severity: quarantine }",
                ),
            ),
            ("snapshots", header("materialize: snapshot\nkeep: 0\nkey: a\nevery: day")),
            ("a period that is none", header("materialize: snapshot\nevery: year")),
            ("view with files", header("materialize: view\npartition_by: a")),
            ("header without end", model("/*---\nowner: me\n*/\nselect 1")),
            ("comment ends early", header("description: see a/*/b")),
            ("header is no mapping", header("just a text")),
            ("header is no YAML", header("a: b: c")),
            ("two documents", header("owner: a\n---\nowner: b")),
            (
                "names",
                Folder::new()
                    .with("models/Marts/Dim Carrier.sql", "select 1 a")
                    .with("models/a/b__quarantine.sql", "select 1 a")
                    .with("models/_x/b.sql", "select 1 a")
                    .with("models/information_schema/b.sql", "select 1 a"),
            ),
            ("a secret", header("owner: '${ME}'")),
        ]),
    );
}

#[test]
fn templates() {
    let with_macros = |text: &str| {
        model(text).with("headwater.yml", "name: x\nvars: { since: 2013 }\n").with(
            "macros/a.sql",
            "{% macro day(x) %}date({{ x }}){% endmacro %}\n{% macro broken(x) %}{{ y }}{% endmacro %}\n",
        )
    };
    golden(
        "templates",
        &shown(vec![
            ("unknown variable", with_macros("select 1 a\nwhere x > {{ var('sinse') }}")),
            ("undefined", with_macros("select {{ since }} a, {{ foo }}")),
            ("unclosed", with_macros("select 1 a\n{% if true %}\nfrom x.y")),
            ("malformed", with_macros("select {{ 1 + }}")),
            ("unknown function", with_macros("select * from {{ ref('orders') }}")),
            ("misspelt macro", with_macros("select {{ dya('x') }}")),
            ("inside a macro", with_macros("select 1 a,\n{{ broken('x') }}")),
            ("unknown file", with_macros("{% import 'b.sql' as b %}select 1 a")),
            (
                "without end",
                with_macros("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}"),
            ),
            ("too much text", with_macros("select '{{ 'x' * 5000000 }}'")),
            ("a macro twice", with_macros("select 1 a").with("macros/b.sql", "{% macro day() %}{% endmacro %}")),
            (
                "a macro file that is broken",
                with_macros("select {{ night() }}").with("macros/b.sql", "{% macro night() %}\n{% endmacro"),
            ),
            ("rendered to no SQL", with_macros("select {{ var('since') }} frm {{ var('since') }} x y z")),
            ("rendered to an unknown table", with_macros("select *\nfrom {{ 'raw' }}.oders, raw.customer")),
        ]),
    );
}

#[test]
fn sql() {
    golden(
        "sql",
        &shown(vec![
            ("not SQL", model("select a\nfrm raw.orders\nwhere x")),
            ("unclosed", model("select 'a from raw.orders")),
            ("empty", model("-- nothing\n")),
            ("two statements", model("select * from raw.orders;\nselect 2")),
            ("no query", model("insert into raw.orders select * from raw.customers")),
            ("hidden writes", model("select * into x.y from raw.orders")),
            ("unqualified", model("select *\nfrom orders o\njoin custmers c on true\njoin nothing_like_it on true")),
            ("unknown", model("select *\nfrom raw.ordes o\njoin staging.customers c on true\njoin far.away on true")),
            ("quoted", model("select * from \"Raw\".\"Orders\", \"raw\".\"orders\"")),
            ("three parts", model("select * from lake.raw.orders, a.b.c.d")),
            (
                "side tables that are not there",
                model("select * from raw.orders__rejected, raw.customers__rejected, raw.orders__quarantine"),
            ),
            ("catalogue", model("select * from information_schema.tables")),
            ("too deep", model(&format!("select {}1", "1 + ".repeat(2000)))),
        ]),
    );
}

#[test]
fn cycles() {
    golden("cycles", &shown(vec![
        ("itself", Folder::new().with("models/a/x.sql", "select * from a.x")),
        (
            "three, and what reads them",
            Folder::new()
                .with("models/a/x.sql", "select * from a.y")
                .with("models/b/y.sql", "select *\nfrom a.x\njoin b.z on true")
                .with("models/a/y.sql", "select * from b.y")
                .with("models/b/z.sql", "select * from a.y"),
        ),
        ("through a side table", Folder::new().with("models/a/x.sql", "/*---\nchecks: [ { not_null: { columns: a, severity: quarantine } } ]\n---*/\nselect * from a.y").with("models/a/y.sql", "select * from a.x__quarantine")),
    ]));
}

#[test]
fn stars() {
    golden(
        "stars",
        &shown(vec![
            ("a fact and a dimension", header("fact: { grain: order_id }\ndimension: { key: order_id }")),
            ("nothing to refer to", header("dimension: { key: order_id, late_arriving_from: raw.customers.id }")),
            ("no dimension", header("fact: { grain: order_id, dimensions: { customer_id: raw.customers } }")),
        ]),
    );
}

#[test]
fn everything_is_reported_at_once() {
    let folder = Folder::empty()
        .with("headwater.yml", "name: shop\nowner: me\nvars: { a: 1 }\n")
        .with(
            "sources/a.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: x, drfit: add }\n",
        )
        .with(
            "models/a/x.sql",
            "/*---\nowner: 5\nchecks: [ { nt_null: a } ]\n---*/\nselect * from raw.orders join raw.order using (id)",
        )
        .with("models/a/y.sql", "select * from raw.orders, x")
        .with("models/a/z.sql", "select {{ var('b') }}");
    golden("everything", &folder.mistakes());
}

/// Every code has a golden text, save the one for defects of Headwater itself.
#[test]
fn every_code_is_shown() {
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/tests/it/snapshots").unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        seen.extend(text.match_indices("[HW").map(|(at, _)| text[at + 1..at + 7].to_owned()));
    }
    let missing: Vec<&str> = CODES.iter().map(|c| c.code).filter(|c| !seen.contains(*c) && *c != "HW0199").collect();
    assert!(missing.is_empty(), "{missing:?}");
}
