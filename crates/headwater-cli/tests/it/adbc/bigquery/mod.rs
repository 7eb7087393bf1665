//! BigQuery by its driver of ADBC, against bqemulator: full and incremental loads, deliveries, what there is, and what goes wrong. Not tried:
//! Google's own service, and BIGNUMERIC and GEOGRAPHY, which the emulator has not.

mod deliveries;
mod server;

use std::sync::OnceLock;

use server::Server;

use crate::project::{Project, assert_told};

/// One server for all tests; each has its own dataset.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// How the database is opened.
fn opened(dataset: &str) -> String {
    format!(
        "connector: adbc\ndriver: bigquery\npython: \"${{PYTHON}}\"\noptions:\n  adbc.bigquery.sql.project_id: acme\n  \
         adbc.bigquery.sql.dataset_id: {dataset}\n  adbc.bigquery.sql.auth_type: adbc.bigquery.sql.auth_type.json_credential_file\n  \
         adbc.bigquery.sql.auth_credentials: \"${{ACCOUNT}}\"\n"
    )
}

fn source(dataset: &str, streams: &str) -> Project {
    Project::empty().with("sources/shop.yml", format!("{}streams:\n{streams}", opened(dataset)))
}

#[test]
fn a_table_comes_with_its_values() {
    let bigquery = server();
    bigquery.dataset("types");
    let fields = "{'name': 'id', 'type': 'INTEGER', 'mode': 'REQUIRED'}, {'name': 'n', 'type': 'NUMERIC'}, \
        {'name': 'f', 'type': 'FLOAT'}, {'name': 'b', 'type': 'BOOLEAN'}, \
        {'name': 's', 'type': 'STRING'}, {'name': 'y', 'type': 'BYTES'}, {'name': 'd', 'type': 'DATE'}, {'name': 't', 'type': 'TIME'}, \
        {'name': 'dt', 'type': 'DATETIME'}, {'name': 'ts', 'type': 'TIMESTAMP'}, {'name': 'j', 'type': 'JSON'}, \
        {'name': 'a', 'type': 'INTEGER', 'mode': 'REPEATED'}, {'name': 'times', 'type': 'DATETIME', 'mode': 'REPEATED'}, \
        {'name': 'st', 'type': 'RECORD', 'fields': [{'name': 'x', 'type': 'INTEGER'}, {'name': 'dt', 'type': 'DATETIME'}]}";
    bigquery.table("types", "t", fields);
    bigquery.sql(
        "insert into types.t (id, n, f, b, s, y, d, t, dt, ts, j, a, times, st) values
         (1, numeric '123456789012.125', 1.5, true, 'ä', from_hex('610062'), date '0001-01-01', time '23:59:59.999999',
          datetime '2024-01-01 10:00:00.123456', timestamp '2024-06-01 10:00:00.123456+02', json '{\"a\":1}', [1, 2],
          [datetime '2024-01-01 10:00:00'], struct(7, datetime '2024-02-29 00:00:00'))",
    );
    bigquery.sql(
        "insert into types.t (id, d, dt, ts) values (2, date '9999-12-31', datetime '9999-12-31 23:59:59.999999', timestamp '0001-01-01 00:00:00+00')",
    );
    let project = source(
        "types",
        "  - { table: raw.t, from: types.t }\n  - { table: raw.whole, from: acme.types.t, exclude: [st, times] }\n  - { table: raw.texts, from: types.t, columns: { st: { type: string } } }\n",
    );
    bigquery.say(&project, &["run"]).exits(0);
    let columns = bigquery
        .query(&project, "select column_name, data_type from information_schema.columns where table_name = 't'");
    for expected in [
        "id,Int64",
        "n,\"Decimal128(38, 9)\"",
        "f,Float64",
        "b,Boolean",
        "d,Date32",
        // A time without a zone is no instant, neither within others.
        "dt,Timestamp(µs)",
        "ts,\"Timestamp(µs, \"\"UTC\"\")\"",
        "times,\"List(Timestamp(µs), field: 'element')\"",
        "st,\"Struct(\"\"x\"\": Int64, \"\"dt\"\": Timestamp(µs))\"",
    ] {
        assert!(columns.lines().any(|line| line == expected), "no {expected} in\n{columns}");
    }
    let rows = "select id, n, f, b, s, encode(y, 'hex'), d, t, dt, ts, j, a[2], times[1], st['x'], st['dt'] from raw.t order by id";
    let rows = bigquery.query(&project, rows);
    let expected = [
        "1,123456789012.125000000,1.5,true,ä,610062,0001-01-01,23:59:59.999999,2024-01-01T10:00:00.123456,\
         2024-06-01T08:00:00.123456Z,\"{\"\"a\"\":1}\",2,2024-01-01T10:00:00,7,2024-02-29T00:00:00",
        "2,,,,,,9999-12-31,,9999-12-31T23:59:59.999999,0001-01-01T00:00:00Z,,,,,",
    ];
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
    assert_eq!(bigquery.query(&project, "select count(*), sum(id) from raw.whole"), "2,3");
    // Of what has values within there is no `cast` to a text.
    let texts = bigquery.query(&project, "select st from raw.texts where id = 1");
    assert!(texts.starts_with("\"{\"\"x\"\":7,\"\"dt\"\":\"\"2024-02-29"), "{texts}");
}

/// A type, and three values of it in their order.
const CURSORS: &[(&str, [&str; 3])] = &[
    ("int64", ["-5", "7", "8"]),
    ("numeric", ["numeric '-0.05'", "numeric '1.5'", "numeric '1.51'"]),
    ("float64", ["0.1", "0.2", "1e300"]),
    ("string", ["'it\\'s'", "'na\\\\ve'", "'ä'"]),
    ("date", ["date '2024-01-01'", "date '2024-02-29'", "date '2024-03-01'"]),
    (
        "datetime",
        [
            "datetime '2024-01-01 00:00:00.000001'",
            "datetime '2024-01-01 00:00:00.000002'",
            "datetime '2024-03-01 00:00:00'",
        ],
    ),
    (
        "timestamp",
        [
            "timestamp '2024-01-01 00:00:00+02'",
            "timestamp '2024-01-01 00:00:00+01'",
            "timestamp '2024-01-01 00:00:00+00'",
        ],
    ),
];

#[test]
fn rows_past_the_cursor_come_once_whatever_it_is() {
    let bigquery = server();
    bigquery.dataset("past");
    let streams: Vec<String> = (0..CURSORS.len())
        .map(|n| format!("  - {{ table: raw.t{n}, from: past.t{n}, mode: incremental, cursor: moment }}\n"))
        .collect();
    let project = source("past", &streams.concat());
    for (n, (own, [first, ..])) in CURSORS.iter().enumerate() {
        bigquery.sql(&format!("create table past.t{n} (id int64, moment {own})"));
        bigquery.sql(&format!("insert into past.t{n} values (1, {first})"));
    }
    bigquery.say(&project, &["run"]).exits(0);
    for (n, (_, [_, second, third])) in CURSORS.iter().enumerate() {
        bigquery.sql(&format!("insert into past.t{n} values (2, {second}), (3, {third})"));
    }
    let report = bigquery.say(&project, &["run", "--json"]).exits(0).json();
    for asset in report["assets"].as_array().unwrap() {
        assert_eq!(asset["rows_in"], 2, "{asset}");
    }
    bigquery.say(&project, &["run"]).exits(0);
    for (n, (own, _)) in CURSORS.iter().enumerate() {
        assert_eq!(bigquery.query(&project, &format!("select id from raw.t{n} order by id")), "1\n2\n3", "{own}");
    }
}

#[test]
fn rows_that_changed_take_the_place_of_old_ones_and_late_ones_are_found() {
    let bigquery = server();
    bigquery.dataset("changed");
    let project = source(
        "changed",
        "  - { table: raw.t, from: changed.t, where: \"id < 100\", mode: incremental, cursor: moment, key: [id], lookback: 1h }\n",
    );
    bigquery.sql("create table changed.t (id int64, name string, moment timestamp)");
    bigquery.sql("insert into changed.t values (1, 'a', timestamp '2024-01-01 10:00:00+00'), (2, 'b', timestamp '2024-01-01 11:00:00+00'), (100, 'x', timestamp '2024-01-01 11:00:00+00')");
    bigquery.say(&project, &["run"]).exits(0);
    bigquery.sql("update changed.t set name = 'a2', moment = timestamp '2024-01-01 12:00:00+00' where id = 1");
    bigquery.sql("insert into changed.t values (3, 'late', timestamp '2024-01-01 10:30:00+00'), (4, 'too late', timestamp '2024-01-01 09:00:00+00')");
    bigquery.say(&project, &["run"]).exits(0);
    assert_eq!(bigquery.query(&project, "select id, name from raw.t order by id"), "1,a2\n2,b\n3,late");
    bigquery.sql("insert into changed.t values (5, 'null', null)");
    assert_told(&bigquery.say(&project, &["run"]).exits(1), "HW0397", &["changed.t", "'moment'", "null in some rows"]);
}

/// More rows than one answer has.
#[test]
fn a_large_table_comes_whole() {
    let bigquery = server();
    bigquery.dataset("large");
    bigquery
        .sql("create table large.t as select n as id, mod(n, 7) as day from unnest(generate_array(1, 200000)) as n");
    let project = source(
        "large",
        "  - { table: raw.t, from: large.t }\n  - { table: raw.days, query: \"select day, count(*) as n from large.t group by day\" }\n",
    );
    bigquery.say(&project, &["run"]).exits(0);
    assert_eq!(
        bigquery.query(&project, "select count(*), sum(id), count(distinct id) from raw.t"),
        "200000,20000100000,200000"
    );
    assert_eq!(bigquery.query(&project, "select count(*), sum(n) from raw.days"), "7,200000");
    let preview = bigquery.say(&project, &["source", "preview", "raw.t", "--limit", "2"]).exits(0);
    assert!(preview.out.contains("the first 2 rows"), "{}", preview.out);
}

/// The driver tells no columns of what has no rows.
#[test]
fn tables_and_queries_without_rows_have_columns() {
    let bigquery = server();
    bigquery.dataset("empty");
    bigquery.sql("create table empty.t (id int64, name string)");
    let project = source(
        "empty",
        "  - { table: raw.t, from: empty.t }\n  - { table: raw.q, query: \"select id, upper(name) as name from empty.t -- all\" }\n",
    );
    bigquery.say(&project, &["run"]).exits(0);
    let columns = "select column_name from information_schema.columns where table_name in ('q', 't') order by table_name, ordinal_position";
    assert_eq!(bigquery.query(&project, columns), "id\nname\nid\nname");
    bigquery.sql("insert into empty.t values (1, 'one'), (2, 'it\\'s')");
    bigquery.say(&project, &["run"]).exits(0);
    assert_eq!(bigquery.query(&project, "select id, name from raw.q order by id"), "1,ONE\n2,IT'S");
    bigquery.sql("delete from empty.t where true");
    bigquery.say(&project, &["run"]).exits(0);
    assert_eq!(bigquery.query(&project, "select count(*) from raw.q"), "0");
    assert_eq!(bigquery.query(&project, "select count(*) from raw.t"), "0");
}

#[test]
fn what_there_is_is_found_tried_out_and_shown() {
    let bigquery = server();
    bigquery.dataset("found");
    bigquery.sql("create table found.orders (id int64, name string, moment datetime)");
    bigquery.sql("insert into found.orders values (1, 'one', datetime '2024-01-01 10:00:00')");
    bigquery.sql("create view found.names as select name from found.orders");
    bigquery.table("found", "spans", "{'name': 'span', 'type': 'INTERVAL'}");
    let project = Project::empty();
    let options = "options={\"adbc.bigquery.sql.project_id\": \"acme\", \"adbc.bigquery.sql.auth_credentials\": \"${ACCOUNT}\", \
        \"adbc.bigquery.sql.auth_type\": \"adbc.bigquery.sql.auth_type.json_credential_file\"}";
    let add = ["source", "add", "adbc", "driver=bigquery", "python=${PYTHON}", options, "--only", "found.*"];
    let said = bigquery.say(&project, &add).exits(0);
    // One table of a type that the driver does not know does not hide the others.
    let text = format!("{}{}", said.out, said.err);
    assert!(text.contains("found.spans") && text.contains("is not supported yet"), "{text}");
    bigquery.say(&project, &["run"]).exits(0);
    assert_eq!(
        bigquery.query(&project, "select o.id, o.moment, n.name from raw.orders as o, raw.names as n"),
        "1,2024-01-01T10:00:00,one"
    );
    std::fs::remove_file(project.path().join("sources/adbc.yml")).unwrap();
    project.write(
        "sources/shop.yml",
        format!("{}streams:\n  - {{ table: raw.orders, from: found.orders }}\n", opened("found")),
    );
    let said = bigquery.say(&project, &["source", "check"]).exits(0);
    assert!(said.out.contains("raw.orders: can be read: all rows, 3 columns"), "{}", said.out);
    let said = bigquery.say(&project, &["source", "preview", "raw.orders"]).exits(0);
    assert!(said.out.contains("2024-01-01T10:00:00") && said.out.contains("one"), "{}", said.out);
}

/// The driver ends a result that breaks off as if it had come whole.
#[test]
fn a_result_that_breaks_off_is_no_whole_one() {
    let bigquery = server();
    bigquery.dataset("broken");
    bigquery.sql("create table broken.t (cut_short int64)");
    bigquery.sql("create table broken.one (cut_short int64)");
    bigquery.sql("insert into broken.t values (1), (2), (3)");
    bigquery.sql("insert into broken.one values (1)");
    for (table, told) in [("t", "after 2 of 3 rows"), ("one", "after 0 of 1 rows")] {
        let project = source("broken", &format!("  - {{ table: raw.t, from: broken.{table} }}\n"));
        let said = bigquery.say(&project, &["run"]).exits(1);
        assert_told(&said, "HW0389", &[&format!("broken.{table}"), told, "run again"]);
        // Nothing is published.
        bigquery.say(&project, &["query", "select * from raw.t"]).exits(2);
    }
}

#[test]
fn what_goes_wrong_is_told() {
    let bigquery = server();
    bigquery.dataset("wrong");
    bigquery.sql("create table wrong.t (id int64)");
    let run = |text: &str| {
        let project = Project::empty().with("sources/shop.yml", text);
        bigquery.say(&project, &["run"])
    };
    let stream = |stream: &str| format!("{}streams:\n  - {{ table: raw.t, {stream} }}\n", opened("wrong"));
    assert_told(&run(&stream("from: wrong.nowhere")), "HW0387", &["nowhere", "acme"]);
    assert_told(&run(&stream("from: nowhere.t")), "HW0387", &["nowhere"]);
    let hidden = run(&stream("query: select * from nowhere.t"));
    assert_told(&hidden, "HW0388", &["or perhaps it does not exist", "check the name"]);
    assert_told(&run(&stream("query: select idd from wrong.t")), "HW0387", &["idd"]);
    assert_told(&run(&stream("query: selec 1")), "HW0387", &["selec"]);
    assert_told(&run(&stream("from: wrong.t, where: idd > 1")), "HW0387", &["idd"]);
    bigquery.table("wrong", "spans", "{'name': 'span', 'type': 'INTERVAL'}");
    assert_told(
        &run(&stream("from: wrong.spans")),
        "HW0387",
        &["INTERVAL", "is not supported yet", "read a query in place of the table"],
    );
    let elsewhere = stream("from: wrong.t").replace("project_id: acme", "project_id: elsewhere");
    assert_told(&run(&elsewhere), "HW0387", &["elsewhere"]);
    let refused = stream("from: wrong.t").replace("${ACCOUNT}", "${REFUSED}");
    let said = run(&refused);
    assert_told(&said, "HW0388", &["invalid_grant", "check the credentials"]);
    assert!(!said.err.contains("PRIVATE KEY") && !said.out.contains("PRIVATE KEY"), "{said:?}");
    let no_file = stream("from: wrong.t").replace("${ACCOUNT}", "nowhere.json");
    assert_told(&run(&no_file), "HW0388", &["no such file", "check the credentials"]);
    let no_key =
        stream("from: wrong.t").replace("json_credential_file", "json_credential_string").replace("${ACCOUNT}", "{}");
    let said = run(&no_key);
    assert!(said.code != Some(0) && said.err.contains("error[HW038"), "{said:?}");
    // The key itself, as a secret: nothing of it is ever shown.
    let key = stream("from: wrong.nowhere")
        .replace("json_credential_file", "json_credential_string")
        .replace("\"${ACCOUNT}\"", "\"${KEY}\"");
    let project = Project::empty().with("sources/shop.yml", key);
    let said = bigquery.say(&project, &["run", "-vvv"]);
    assert_told(&said, "HW0387", &["nowhere"]);
    assert!(!format!("{}{}", said.out, said.err).contains("PRIVATE KEY"), "{said:?}");
}
