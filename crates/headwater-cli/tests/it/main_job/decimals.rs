//! Numbers in SQL beside decimals: they are the decimals that are written, as in other databases.

use crate::program::query;
use crate::project::{Project, assert_told};

/// Prices of `cents` in decimals of two digits, each with its text.
fn prices() -> impl Iterator<Item = String> {
    // All sizes; a step that has no factor with 10.
    (0..120_u64)
        .map(|n| (n * n * 7_919 + n * 31 + 5) % 1_000_000_000)
        .map(|cents| format!("{}.{:02}", cents / 100, cents % 100))
}

const SOURCE: &str = "connector: files\nlocation: data\nstreams:\n  - table: raw.p\n    path: p.csv\n    \
                      columns: { id: { type: bigint }, price: { type: 'decimal(10,2)' }, x: { type: double } }\n";

fn project() -> Project {
    let rows: String = prices().enumerate().map(|(id, price)| format!("{id},{price},{price}\n")).collect();
    Project::empty().with("sources/p.yml", SOURCE).with("data/p.csv", format!("id,price,x\n{rows}"))
}

fn listed() -> String {
    prices().collect::<Vec<_>>().join(", ")
}

#[test]
fn a_number_is_the_decimal_that_was_written() {
    let project = project();
    project.run();
    let ask = |sql: &str| query(project.path(), sql);
    let listed = listed();
    assert_eq!(ask(&format!("select count(*) from raw.p where price in ({listed})")), "120");
    assert_eq!(ask(&format!("select count(*) from raw.p where price not in ({listed})")), "0");
    let each = |test: &dyn Fn(usize, &str) -> String| {
        let tests: Vec<String> = prices().enumerate().map(|(id, price)| test(id, &price)).collect();
        ask(&format!("select count(*) from raw.p where {}", tests.join(" or ")))
    };
    for (what, test) in [("=", "="), (">=", ">="), ("<=", "<="), ("is not distinct from", "is not distinct from")] {
        assert_eq!(each(&|id, price| format!("(id = {id} and price {test} {price})")), "120", "{what}");
        assert_eq!(each(&|id, price| format!("(id = {id} and {price} {test} price)")), "120", "{what}, the other way");
    }
    for test in ["<>", "<", ">", "is distinct from"] {
        assert_eq!(each(&|id, price| format!("(id = {id} and price {test} {price})")), "0", "{test}");
    }
    assert_eq!(each(&|id, price| format!("(id = {id} and price between {price} and {price})")), "120");
    assert_eq!(each(&|id, price| format!("(id = {id} and -price = -{price})")), "120");
    assert_eq!(each(&|id, price| format!("(id = {id} and case price when {price} then true end)")), "120");
    assert_eq!(each(&|id, price| format!("(id = {id} and cast({price} as decimal(10,2)) = price)")), "120");
    assert_eq!(each(&|id, price| format!("(id = {id} and coalesce(nullif(price, {price}), 1.5) = 1.5)")), "120");
    for (price, test, is) in
        [("79.55", "in", "1"), ("317.43", "in", "1"), ("79.55", "not in", "119"), ("317.43", "= any", "1")]
    {
        assert_eq!(
            ask(&format!("select count(*) from raw.p where price {test} (select {price})")),
            is,
            "{price} {test}"
        );
    }
    assert_eq!(each(&|id, price| format!("(id = {id} and price = '{price}' and price <> '{price}4')")), "120");
    assert_eq!(ask("select count(*) from raw.p where price in (select x from raw.p)"), "120");
    assert_eq!(ask("select count(*) from raw.p where x in (select price from raw.p)"), "120");
    assert_eq!(ask("select count(*) from raw.p where nullif(price, x) is null and greatest(price, x) = x"), "120");
    // As doubles 0.06 + 0.01 is less than 0.07, and 0.3 - 0.1 less than 0.2 (TPC-H, query 6, has such bounds).
    let bounds = "from (values (cast('0.07' as decimal(10,2)), cast('0.20' as decimal(10,2)))) as v(a, b)";
    assert_eq!(
        ask(&format!("select count(*) {bounds} where a between 0.06 - 0.01 and 0.06 + 0.01 and b = 0.3 - 0.1")),
        "1"
    );
    assert_eq!(
        ask(&format!("select count(*) {bounds} where a = 1 - 0.93 and -a = 2 * -0.035 and b in (0.1 + 0.1)")),
        "1"
    );
    // The double of a column has not the digits of a decimal: it is compared as a double.
    assert_eq!(ask("select count(*) from raw.p where price = x"), "120");
    assert_eq!(ask("select count(*) from raw.p a join raw.p b on a.price = b.x and a.id = b.id"), "120");
    assert_eq!(
        ask("select count(*) from (select price from raw.p union select x from raw.p)"),
        ask("select count(distinct x) from raw.p")
    );
    for (sql, is) in [
        ("price * 1.19 from raw.p where id = 1", "94.6645"),
        ("price + 0.01 from raw.p where id = 1", "79.56"),
        ("case when id < 0 then price else 99999999.99 end from raw.p where id = 1", "99999999.99"),
        ("cast(0.285 as decimal(10,2))", "0.29"),
        ("price from raw.p where id = 1 union all select 0.05 order by 1", "0.05\n79.55"),
        ("arrow_typeof(v) from (select price as v from raw.p union all select x from raw.p) limit 1", "Float64"),
        (
            "arrow_typeof(v) from (select price * 1.5 as v from raw.p union all select price from raw.p) limit 1",
            "\"Decimal128(13, 3)\"",
        ),
        ("arrow_typeof(coalesce(price, x)) from raw.p limit 1", "Float64"),
        ("1.5 + 2.25", "3.75"),
        ("price / 4.0 from raw.p where id = 1", "19.8875"),
    ] {
        assert_eq!(ask(&format!("select {sql}")), is, "{sql}");
    }
}

#[test]
fn models_checks_and_deliveries_compare_decimals() {
    let listed = listed();
    let checks = format!(
        "    checks:\n      - accepted_values: {{ column: price, values: [{listed}] }}\n      - range: {{ column: price, min: 0.05, max: 9999999.99 }}\n      \
         - expression: price in ({listed})\n      - expression: \"price between 0.05 and 9999999.99\"\n"
    );
    let project = project()
        .with("sources/p.yml", format!("{SOURCE}{checks}"))
        .with("models/m/priced.sql", format!("select id, price from raw.p where price in ({listed})\n"))
        .with(
            "destinations/out.yml",
            format!("connector: files\nlocation: out\ndeliveries:\n  - {{ table: raw.p, to: p, mode: replace, where: 'price in ({listed})' }}\n"),
        );
    let said = project.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["deliveries"][0]["written"], 120, "{}", said["deliveries"]);
    assert_eq!(query(project.path(), "select count(*) from m.priced"), "120");
}

/// What no decimal holds is an error, and not what is left of its bits.
#[test]
fn sums_of_decimals_that_do_not_fit_are_errors() {
    let nines = "9".repeat(36);
    let project = Project::empty()
        .with(
            "sources/w.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.w, path: w.csv, columns: { g: { type: int }, n: { type: 'decimal(38,2)' } } }\n",
        )
        .with("data/w.csv", format!("g,n\n1,{nines}.99\n1,0.01\n2,{nines}.99\n2,{nines}.99\n3,1.25\n3,-{nines}.99\n3,{nines}.99\n"));
    project.run();
    for (sql, fits) in [
        ("sum(n) from raw.w where g = 1", false),
        ("sum(n) from raw.w where g = 2", false),
        ("g, sum(n) from raw.w group by g", false),
        ("sum(n) over (partition by g) from raw.w", false),
        ("sum(n) from raw.w where g = 3", true),
        ("g, sum(n) from raw.w where g = 3 group by g", true),
    ] {
        let said = project.say(&["query", &format!("select {sql}")]);
        match fits {
            true => assert!(said.exits(0).out.contains("1.25"), "{sql}"),
            false => assert_told(&said, "HW0555", &["38 digits"]),
        }
    }
    assert_told(
        &project.say(&["query", "select to_timestamp(n * 1e10) from (values (1.0)) as v(n)"]),
        "HW0555",
        &["2262"],
    );
    assert_eq!(
        query(project.path(), "select to_timestamp(1.5 + n) from (values (1.0)) as v(n)"),
        "1970-01-01T00:00:02.500Z"
    );
}
