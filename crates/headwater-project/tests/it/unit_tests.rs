//! Unit tests of models: what is read of them, and what is wrong with them.

use headwater_project::{CellValue, Expectation, Project, Stand, TestRows, UnitTest};

use crate::folder::Folder;

/// `raw.orders` and `raw.customers`, two views one above the other, and a table.
fn shop() -> Folder {
    Folder::shop()
        .with("headwater.yml", "name: shop\nvars: { least: 10, from: raw.orders }\n")
        .with("models/staging/orders.sql", "/*---\nmaterialize: view\n---*/\nselect * from {{ var('from') }}")
        .with("models/staging/big.sql", "/*---\nmaterialize: view\n---*/\nselect * from staging.orders")
        .with(
            "models/marts/sums.sql",
            "/*---\nchecks: [ { not_null: s } ]\n---*/\nselect sum(n) s from staging.big join raw.customers using (id) where n >= {{ var('least') }}",
        )
}

fn stands(project: &Project, test: &UnitTest) -> Vec<String> {
    let stand = |stand: Stand<'_>| match stand {
        Stand::Given(given) => format!("{} rows", given.rows.rows.len()),
        Stand::View(model) => model.sql.trim().to_owned(),
        Stand::Empty => "empty".to_owned(),
    };
    test.tables(&project.assets).into_iter().map(|(table, it)| format!("{table}: {}", stand(it))).collect()
}

fn shown(rows: &TestRows) -> String {
    let columns: Vec<&str> = rows.columns.iter().map(|column| column.text.as_str()).collect();
    let mut lines = vec![columns.join(" ")];
    for row in &rows.rows {
        let cells = row.cells.iter().map(|cell| match cell.as_ref().map(|cell| &cell.value) {
            None => "-".to_owned(),
            Some(CellValue::Null) => "null".to_owned(),
            Some(CellValue::Scalar(text)) => format!("<{text}>"),
            Some(CellValue::List(items)) => format!("[{}]", items.len()),
            Some(CellValue::Map(entries)) => format!("{{{}}}", entries.len()),
        });
        lines.push(cells.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

#[test]
fn tests_are_documents_or_lists_of_them() {
    let test = |name: &str| format!("name: {name}\nmodel: marts.sums\nexpect: []\n");
    let list = "- { name: c, model: marts.sums, expect: [], tags: [y, x], ordered: true }\n- { name: d, model: marts.sums, expect: { error: no } }\n";
    let project = shop()
        .with("tests/deep/a.yml", &format!("{}---\n{}---\n{list}", test("a"), test("b")))
        .with("tests/b.yaml", &test("e"))
        .with("tests/README.md", "fine")
        .project();
    let names: Vec<&str> = project.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["e", "a", "b", "c", "d"]);
    assert_eq!((&project.tests[3].tags, project.tests[3].ordered), (&vec!["x".to_owned(), "y".into()], true));
    assert!(matches!(&project.tests[4].expect, Some(Expectation::Error(text)) if text.text == "no"));
}

#[test]
fn rows_are_letter_for_letter_what_is_written() {
    let project = shop()
        .with(
            "tests/a.yml",
            "name: a\nmodel: staging.orders\ngiven:\n  raw.orders:\n    - { id: 007, n: 1.10, flag: true, at: 2026-01-31 }\n    - { n: null, more: [1, 2], even: { x: 1 } }\n    - {}\nexpect:\n  csv: |\n    id, n\n    007, \"1,5\"\n    \"\",\n",
        )
        .with("tests/x/b.yml", "name: b\nmodel: staging.orders\nexpect: { file: ../rows/b.csv }\n")
        .with("tests/rows/b.csv", "id\n1\n")
        .project();
    let given = &project.tests[0].given[0];
    assert_eq!(
        shown(&given.rows),
        "id n flag at more even\n<007> <1.10> <true> <2026-01-31> - -\n- null - - [2] {1}\n- - - - - -"
    );
    let Some(Expectation::Rows(rows)) = &project.tests[0].expect else { panic!("rows") };
    assert_eq!(shown(rows), "id n\n<007> <1,5>\n<> null");
    let Some(Expectation::Rows(rows)) = &project.tests[1].expect else { panic!("rows") };
    assert_eq!(shown(rows), "id\n<1>");
}

#[test]
fn what_is_not_given_is_empty_unless_something_above_it_is_given() {
    let given = |given: &str| {
        let project =
            shop().with("tests/a.yml", &format!("name: a\nmodel: marts.sums\nexpect: []\n{given}\n")).project();
        stands(&project, &project.tests[0]).join("; ")
    };
    assert_eq!(given(""), "raw.customers: empty; staging.big: empty");
    assert_eq!(given("given: { staging.big: [{}] }"), "raw.customers: empty; staging.big: 1 rows");
    assert_eq!(
        given("given: { staging.orders: [{}, {}] }"),
        "raw.customers: empty; staging.big: select * from staging.orders; staging.orders: 2 rows"
    );
    assert_eq!(
        given("given: { raw.orders: [] }"),
        "raw.customers: empty; raw.orders: 0 rows; staging.big: select * from staging.orders; \
         staging.orders: select * from raw.orders"
    );
}

#[test]
fn variables_of_a_test_make_another_sql() {
    let project = shop()
        .with(
            "tests/a.yml",
            "name: a\nmodel: marts.sums\nvars: { least: 3, from: raw.customers }\ngiven: { raw.customers: [{ id: 1 }] }\nexpect: []\n",
        )
        .project();
    let test = &project.tests[0];
    assert!(test.query(&project.assets).unwrap().sql.ends_with("n >= 3"));
    assert_eq!(
        stands(&project, test).join("; "),
        "raw.customers: 1 rows; staging.big: select * from staging.orders; staging.orders: select * from raw.customers"
    );
    // The project itself stays as it is.
    let plain = shop().with("tests/a.yml", "name: a\nmodel: marts.sums\nvars: { least: 10 }\nexpect: []\n").project();
    assert!(plain.tests[0].variants.is_empty());
    assert!(plain.tests[0].query(&plain.assets).unwrap().sql.ends_with("n >= 10"));
}

/// What people see; `INSTA_UPDATE=always` writes it anew.
#[test]
fn mistakes_have_places() {
    let cases = [
        ("no test at all", "- 5\n- {}\n"),
        (
            "keys and names",
            "name: A Test\nmodle: marts.sums\nmodel: sums\nexpect: 5\n---\nname: a\nmodel: marts.sms\nexpect: { csv: 'a', file: b.csv }\n---\nname: b\nmodel: raw.orders\nexpect: {}\n",
        ),
        (
            "tables",
            "- name: twice\n  model: marts.sums\n  given: { raw.orderz: [], marts.sums: [], staging.big: [], staging.orders: [], Raw.x: [] }\n  expect: []\n- { name: twice, model: marts.sums, expect: [] }\n",
        ),
        (
            "never read",
            "name: a\nmodel: marts.sums\ngiven:\n  staging.big: []\n  raw.orders: [{ n: 1 }]\n  marts.sums: []\nexpect: []\n",
        ),
        (
            "variables",
            "- { name: a, model: marts.sums, vars: { leats: 1 }, expect: [] }\n- { name: b, model: marts.sums, vars: { least: '1 or (' }, expect: [] }\n- { name: c, model: staging.orders, vars: { from: raw.nothing }, expect: [] }\n",
        ),
        (
            "checks",
            "- { name: a, model: marts.sums, expect_checks: { not_null(z): failed, not_null(s): odd } }\n- { name: b, model: marts.sums, expect_checks: { not_nul(s): failed } }\n- { name: c, model: staging.big, expect_checks: { x: passed }, expect: { error: x } }\n- { name: d, model: marts.sums, expect_checks: {} }\n",
        ),
        (
            "rows",
            "name: a\nmodel: staging.orders\ngiven:\n  raw.orders:\n    csv: |\n      id,n\n      ä,1,2\n      3\n      \"x\nexpect: [1, { a: 1 }]\n---\nname: b\nmodel: staging.orders\ngiven: { raw.orders: { file: nothing.csv } }\nexpect: { file: /etc/passwd }\n---\nname: c\nmodel: staging.orders\ngiven: { raw.orders: { csv: \"a,a\" } }\nexpect: { file: rows.csv }\n",
        ),
    ];
    let mut text = String::new();
    for (title, tests) in cases {
        let folder = shop().with("tests/a.yml", tests);
        let folder = match title {
            "rows" => folder.with("tests/rows.csv", "id,n\n1\n").with("tests/other.csv", "x").with("tests/b.py", "x"),
            _ => folder,
        };
        text.push_str(&format!("==== {title}\n{}\n", folder.mistakes()));
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("unit_tests", text);
    });
}
