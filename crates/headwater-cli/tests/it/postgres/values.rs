//! Values of every type, beside what PostgreSQL itself says of them.

use super::Source;
use crate::project::assert_told;

/// A column: its type, what it is in the lake, and its values in two rows; a third row is null throughout.
pub(super) type Column = (&'static str, &'static str, &'static str, &'static str);

pub(super) const COLUMNS: &[Column] = &[
    ("bool", "boolean", "true", "false"),
    ("int2", "smallint", "-32768", "32767"),
    ("int4", "int", "-2147483648", "2147483647"),
    ("int8", "bigint", "-9223372036854775808", "9223372036854775807"),
    ("oid", "bigint", "4294967295", "0"),
    ("float4", "float", "1.5", "-0.25"),
    ("float8", "double", "0.1", "1e300"),
    ("numeric(10,2)", "decimal(10,2)", "12345678.90", "-0.01"),
    ("numeric(38,18)", "decimal(38,18)", "12345678901234567890.123456789012345678", "0.000000000000000001"),
    ("numeric", "decimal(38,9)", "123456789.123456789", "-1000000"),
    ("numeric(50,3)", "string", "12345678901234567890123456789012345678901234567.125", "1.000"),
    ("numeric(3,-2)", "decimal(5,0)", "12300", "-99900"),
    ("text", "string", "'naïve ☃ \"quoted\", with a comma'", "''"),
    ("varchar(5)", "string", "'short'", "'x'"),
    ("char(5)", "string", "'ab'", "'abcde'"),
    ("name", "string", "'a_name'", "'b'"),
    ("uuid", "string", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "'00000000-0000-0000-0000-000000000000'"),
    ("json", "string", "'{\"a\":  [1, 2]}'", "'null'"),
    ("jsonb", "string", "'{\"b\": 2, \"a\": [1, {\"c\": \"ü\"}]}'", "'7'"),
    ("xml", "string", "'<a>1</a>'", "'<b/>'"),
    ("date", "date", "'2024-02-29'", "'1600-01-01'"),
    ("timestamp", "timestamp_ntz", "'2024-02-29 23:59:59.999999'", "'1969-12-31 23:59:59'"),
    ("timestamptz", "timestamp", "'2024-02-29 23:59:59.5+05:30'", "'1969-12-31 23:59:59Z'"),
    ("time", "string", "'23:59:59.123456'", "'00:00:00'"),
    ("timetz", "string", "'12:00:00+02'", "'00:00:00Z'"),
    ("interval", "string", "'1 year 2 months 3 days 04:05:06.7'", "'-1 day'"),
    ("inet", "string", "'192.168.0.1/24'", "'::1'"),
    ("cidr", "string", "'10.0.0.0/8'", "'2001:db8::/32'"),
    ("macaddr", "string", "'08:00:2b:01:02:03'", "'00:00:00:00:00:00'"),
    ("bit(3)", "string", "B'101'", "B'000'"),
    ("point", "string", "'(1,2)'", "'(0,-1.5)'"),
    ("int4range", "string", "'[1,5)'", "'empty'"),
    ("tsvector", "string", "'a fat cat'::tsvector", "''"),
    ("mood", "string", "'glad'", "'sad'"),
    ("positive", "int", "7", "1"),
    ("cents", "decimal(12,4)", "1.2345", "99999999.9999"),
    ("pair", "string", "row(1, 'x')", "row(null, null)"),
    ("positive[]", "list", "'{1,2}'", "'{}'"),
    ("\"char\"", "string", "'a'", "'b'"),
];

pub(super) const TYPES: &str = "create type mood as enum ('sad', 'glad'); create type pair as (a int, b text);
    create domain positive as int4 check (value > 0); create domain money_like as numeric(12,4);
    create domain cents as money_like;";

fn source() -> Source {
    let names = |n: usize| format!("c{n}");
    let columns: Vec<String> =
        COLUMNS.iter().enumerate().map(|(n, column)| format!("{} {}", names(n), column.0)).collect();
    let row = |values: &dyn Fn(&Column) -> String| COLUMNS.iter().map(values).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "{TYPES} create table every (id int primary key, {}); insert into every values (1, {}), (2, {}), (3, {})",
        columns.join(", "),
        row(&|column| column.2.to_owned()),
        row(&|column| column.3.to_owned()),
        row(&|_| "null".to_owned()),
    );
    Source::new(&sql, "  - { table: raw.every, from: public.every }\n")
}

#[test]
fn every_type_arrives_as_postgresql_has_it() {
    let source = source();
    source.run();
    let shown = source.say(&["show", "raw.every", "--json"]).exits(0).json();
    for (n, (pg, lake, ..)) in COLUMNS.iter().enumerate() {
        let column = &shown["columns"][n + 1];
        assert_eq!(column["name"], format!("c{n}"));
        let is = column["type"].as_str().unwrap();
        assert!(is == *lake || (*lake == "list" && is.to_lowercase().contains("list")), "{pg} is {is}, not {lake}");
    }
    // As text, each side by its own rules; PostgreSQL is asked for the forms that the lake's texts have.
    for (n, (pg, lake, ..)) in COLUMNS.iter().enumerate().filter(|(_, column)| column.1 != "list") {
        let theirs = match *lake {
            "timestamp" | "timestamp_ntz" => format!("to_char(c{n}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"),
            "double" | "float" => format!("(c{n} * 4)::text"),
            "decimal(38,9)" => format!("round(c{n}, 9)::text"),
            _ if pg.starts_with("char") => format!("quote_literal(c{n}::text || repeat(' ', 5 - length(c{n}::text)))"),
            _ => format!("c{n}::text"),
        };
        let ours = match *lake {
            "timestamp" => format!("to_char(c{n}, '%Y-%m-%dT%H:%M:%S%.6f')"),
            "timestamp_ntz" => format!("to_char(c{n}, '%Y-%m-%dT%H:%M:%S%.6f')"),
            "double" | "float" => format!("cast(c{n} * 4 as string)"),
            _ if pg.starts_with("char") => format!("'''' || c{n} || ''''"),
            _ => format!("cast(c{n} as string)"),
        };
        let theirs = source.database.sql(&format!(
            "set intervalstyle = iso_8601; set timezone = 'UTC'; select id, coalesce(md5({theirs}), 'null') from every order by id"
        ));
        let ours = source.query(&format!("select id, coalesce(md5({ours}), 'null') from raw.every order by id"));
        if matches!(*lake, "double" | "float") {
            continue;
        }
        assert_eq!(ours.replace(',', "|"), theirs, "{pg}");
    }
    assert_eq!(source.query("select c5, c6 from raw.every where id = 1"), "1.5,0.1");
    assert_eq!(source.query("select c6 = 1e300 and c5 = -0.25 from raw.every where id = 2"), "true");
}

#[test]
fn arrays_become_lists() {
    let source = Source::new(
        "create table a (id int, n int4[], t text[], d timestamptz[], e numeric(6,2)[], u uuid[]);
         insert into a values (1, '{1,null,3}', '{a,\"b,c\",null}', '{2024-01-01 00:00:00Z}', '{1.25,-3}',
            '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'), (2, '{}', '{}', '{}', null, null), (3, null, null, null, null, null)",
        "  - { table: raw.a, from: a }\n",
    );
    source.run();
    assert_eq!(
        source.query("select n[1], n[2], n[3], cardinality(n), t[2], e[1], u[1] from raw.a where id = 1"),
        "1,,3,3,\"b,c\",1.25,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    );
    assert_eq!(
        source.query("select id, cardinality(n), n is null from raw.a where id > 1 order by id"),
        "2,0,false\n3,,true"
    );
}

#[test]
fn what_does_not_fit_is_set_aside_with_its_reason() {
    let source = Source::new(
        "create table v (id int, d date, t timestamp, n numeric, m numeric(4,2)[], a int[]);
         insert into v values (1, '2024-01-01', '2024-01-01', 1.5, '{1}', '{1}'), (2, 'infinity', null, null, null, null),
            (3, null, '-infinity', null, null, null), (4, null, null, 'NaN', null, null),
            (5, null, null, 0.0000000001, null, null), (6, null, null, 1e30, null, null),
            (7, null, null, null, null, '{{1,2},{3,4}}'), (8, '0001-01-01', '9999-12-31 23:59:59.999999', null, null, null),
            (9, '5874897-12-31', '294276-12-31', null, null, '{{1,null}}'), (10, null, '10000-01-01', null, null, null),
            (11, '0001-12-31 BC', null, null, null, null)",
        "  - { table: raw.v, from: v }\n",
    );
    source.run();
    assert_eq!(source.query("select id from raw.v order by id"), "1\n8");
    let reasons = source.query("select _reason from raw.v__rejected order by _line");
    let wanted = [
        "column 'd': infinity is no date",
        "column 't': -infinity is no time",
        "column 'n': NaN is no decimal",
        "column 'n': 0.0000000001 has more than 9 digits after the point",
        "column 'n': 1000000000000000000000000000000 does not fit decimal(38,9)",
        "column 'a': an array of 2 dimensions is no list; a column that is declared as string takes it",
        "column 'd': it is not in the years 1 to 9999",
        "column 't': it is not in the years 1 to 9999",
        "column 'd': it is not in the years 1 to 9999",
    ];
    assert_eq!(reasons.lines().map(|line| line.trim_matches('"')).collect::<Vec<_>>(), wanted);
    let raw = source.query("select _raw from raw.v__rejected order by _line limit 1");
    assert!(raw.contains("id: 2, d: infinity, t: null"), "{raw}");
    let raw = source.query("select _raw from raw.v__rejected where _line = 9");
    assert!(raw.contains("d: 2145031948 days from 2000-01-01") && raw.contains("a: {1,NULL}"), "{raw}");
    source.streams("  - { table: raw.v, from: v, on_bad_row: fail }\n");
    assert_told(&source.say(&["run"]).exits(1), "HW0309", &["row 2", "infinity is no date"]);
    source.streams("  - { table: raw.v, from: v, columns: { n: { type: string }, d: { type: string } } }\n");
    source.run();
    assert_eq!(
        source.query("select d, n from raw.v where id in (2, 4, 6) order by id"),
        "infinity,\n,NaN\n,1000000000000000000000000000000"
    );
}

#[test]
fn invalid_text_of_a_careless_database_is_set_aside() {
    let source = Source::new("select 1", "  - { table: raw.t, from: t }\n");
    let careless = source.database.sql("select 'careless_' || current_database()");
    source.database.sql(&format!("create database {careless} encoding 'SQL_ASCII' template template0 locale 'C'"));
    let url = source.database.url();
    let url = format!("{}/{careless}", url.rsplit_once('/').unwrap().0);
    let fill = "create table t (id int, name text); insert into t values (1, 'plain'), (2, convert_from('\\x6e61ef'::bytea, 'SQL_ASCII'))";
    super::server::on(&careless, fill);
    source.say_as(&url, &["run"]).exits(0);
    assert_eq!(source.query("select id, name from raw.t"), "1,plain");
    assert_eq!(source.query("select _reason from raw.t__rejected"), "column 'name': it is not valid UTF-8");
}

/// In every mode, also where a column gets more digits on one side of the point and fewer on the other.
#[test]
fn decimals_that_get_more_digits_widen_the_table() {
    let tables = ["whole", "added", "followed"];
    let each = |sql: &str| tables.map(|table| sql.replace("$t", table)).join("; ");
    let source = Source::following(
        &format!(
            "{}; create publication shop for table followed",
            each("create table $t (id int primary key, n numeric(8, 2)); insert into $t values (1, 10.25)")
        ),
        "  - { table: raw.whole, from: whole, drift: add }\n  - { table: raw.added, from: added, mode: incremental, cursor: id, drift: add }\n  - { table: raw.followed, from: followed, mode: cdc, drift: add }\n",
    );
    source.run();
    source.database.sql(&each(
        "alter table $t alter n type numeric(12, 4); insert into $t values (2, 12345678.2345); update $t set n = 9.8765 where id = 1 and '$t' = 'followed'",
    ));
    source.run();
    source.database.sql(&each("alter table $t alter n type numeric(12, 2); insert into $t values (3, 9999999999.12)"));
    source.run();
    for table in tables {
        // In a table that rows are added to, the database's rounding of older ones is not seen.
        let (one, two) = match table {
            "whole" => ("10.2500", "12345678.2300"),
            "added" => ("10.2500", "12345678.2345"),
            // Of one that is followed it is: the table is read anew.
            _ => ("9.8800", "12345678.2300"),
        };
        let expected = format!("1,{one}\n2,{two}\n3,9999999999.1200");
        let there = source.query(&format!("select id, n from raw.{table} order by id"));
        let trimmed = |text: &str| text.replace(".2500", ".25").replace(".1200", ".12").replace(".2300", ".23");
        assert_eq!(trimmed(&there), trimmed(&expected), "{table}");
    }
}
