//! Values of every type, beside what MariaDB itself says of them.

use super::Source;
use crate::project::assert_told;

/// A column: its type, what it is in the lake, and its values in two rows; a third row is null throughout.
pub(super) type Column = (&'static str, &'static str, &'static str, &'static str);

pub(super) const COLUMNS: &[Column] = &[
    ("tinyint(1)", "smallint", "1", "-128"),
    ("tinyint unsigned", "smallint", "255", "0"),
    ("smallint", "smallint", "-32768", "32767"),
    ("smallint unsigned", "int", "65535", "0"),
    ("mediumint", "int", "-8388608", "8388607"),
    ("mediumint unsigned", "int", "16777215", "0"),
    ("int", "int", "-2147483648", "2147483647"),
    ("int unsigned", "bigint", "4294967295", "0"),
    ("bigint", "bigint", "-9223372036854775808", "9223372036854775807"),
    ("bigint unsigned", "decimal(20,0)", "18446744073709551615", "0"),
    ("int(8) zerofill", "bigint", "42", "0"),
    ("float", "float", "16777216", "-0.1"),
    ("float(7,3)", "float", "1234.567", "-0.001"),
    ("double", "double", "0.1", "-1.7976931348623157e308"),
    ("double(10,2)", "double", "12345678.91", "-0.01"),
    ("decimal(10,2)", "decimal(10,2)", "12345678.90", "-0.01"),
    ("decimal(38,18)", "decimal(38,18)", "12345678901234567890.123456789012345678", "-0.000000000000000001"),
    ("decimal(65,30)", "string", "12345678901234567890123456789012345.123456789012345678901234567890", "-1"),
    ("decimal(9,0) unsigned", "decimal(9,0)", "999999999", "0"),
    ("decimal(5,5)", "decimal(5,5)", "0.12345", "-0.99999"),
    ("bit(1)", "boolean", "b'1'", "b'0'"),
    ("bit(12)", "bigint", "b'101010101010'", "b'0'"),
    ("bit(64)", "decimal(20,0)", "18446744073709551615", "b'1'"),
    ("year", "smallint", "2155", "1901"),
    ("date", "date", "'2024-02-29'", "'1000-01-01'"),
    ("date", "date", "'9999-12-31'", "'0001-01-01'"),
    ("datetime", "timestamp_ntz", "'2024-02-29 23:59:59'", "'1969-12-31 23:59:59'"),
    ("datetime(3)", "timestamp_ntz", "'2024-02-29 23:59:59.123'", "'1000-01-01 00:00:00.001'"),
    ("datetime(6)", "timestamp_ntz", "'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.000001'"),
    ("timestamp null", "timestamp", "'2038-01-19 03:14:07'", "'1970-01-01 00:00:01'"),
    ("timestamp(6) null", "timestamp", "'2024-02-29 23:59:59.999999'", "'1970-01-01 00:00:01.5'"),
    ("time", "string", "'838:59:59'", "'-838:59:59'"),
    ("time(3)", "string", "'23:59:59.123'", "'-00:00:00.001'"),
    ("time(6)", "string", "'00:00:00'", "'-12:30:00.999999'"),
    ("char(5)", "string", "'ab'", "'näïve'"),
    ("varchar(20)", "string", "'naïve ☃ \"q\", c'", "''"),
    ("varchar(300)", "string", "'short'", "repeat('x', 300)"),
    ("varchar(20) character set latin1", "string", "'naïve €'", "'\u{81}\u{ff}'"),
    ("char(10) character set ucs2", "string", "'naïve'", "'日本'"),
    ("varchar(10) character set utf16", "string", "'a😀b'", "''"),
    ("varchar(10) character set cp1251", "string", "'Привет'", "'Ђѓ№'"),
    ("varchar(10) character set utf32", "string", "'日本'", "'ｱ'"),
    ("tinytext", "string", "'tiny'", "''"),
    ("text", "string", "repeat('text', 1000)", "'x'"),
    ("mediumtext character set latin1", "string", "'ÿ'", "''"),
    ("longtext", "string", "repeat('☃', 30000)", "'\\n\\t\\\\'"),
    ("binary(4)", "binary", "x'00ff'", "x'01020304'"),
    ("varbinary(10)", "binary", "x'00ff00'", "''"),
    ("tinyblob", "binary", "x'00'", "''"),
    ("blob", "binary", "repeat(x'ff00', 1000)", "x'20'"),
    ("longblob", "binary", "repeat('b', 70000)", "x'2020'"),
    ("enum('small','it''s','')", "string", "'it\\'s'", "'small'"),
    ("set('a','b','c')", "string", "'c,a'", "''"),
    ("json", "string", "'{\"b\": 2,  \"a\": [1, {\"c\": \"ü\"}]}'", "'7'"),
    ("uuid", "string", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'"),
    ("uuid", "string", "'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-1fff-8fff-ffffffffff20'"),
    ("inet6", "string", "'2001:db8::ff00:42:8329'", "'::'"),
    ("inet4", "string", "'192.168.0.1'", "'32.32.32.32'"),
    ("point", "binary", "st_geomfromtext('POINT(1 -2.5)')", "st_geomfromtext('POINT(0 0)', 4326)"),
    ("geometry", "binary", "st_geomfromtext('LINESTRING(0 0,1 1)')", "st_geomfromtext('POINT(32 32)')"),
];

/// A table `every` with a row of the first values, one of the second, and one of nulls.
pub(super) fn every() -> String {
    let columns: Vec<String> = COLUMNS.iter().enumerate().map(|(n, column)| format!("c{n} {}", column.0)).collect();
    let rows = [row(|column| column.2), row(|column| column.3), row(|_| "null")];
    format!(
        "set sql_mode = ''; create table every (id int primary key, {}) row_format = dynamic; insert into every values (1, {}), (2, {}), (3, {})",
        columns.join(", "),
        rows[0],
        rows[1],
        rows[2]
    )
}

/// The values of a row, in SQL.
pub(super) fn row(value: fn(&Column) -> &'static str) -> String {
    COLUMNS.iter().map(value).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_type_arrives_as_mariadb_has_it() {
    let source = Source::new(&every(), "  - { table: raw.every, from: every }\n");
    source.run();
    let shown = source.say(&["show", "raw.every", "--json"]).exits(0).json();
    for (n, (sql, lake, ..)) in COLUMNS.iter().enumerate() {
        let column = &shown["columns"][n + 1];
        assert_eq!((&column["name"], &column["type"]), (&format!("c{n}").into(), &(*lake).into()), "{sql}");
    }
    // As text, each side by its own rules; MariaDB is asked for the forms that the lake's texts have.
    for (n, (sql, lake, ..)) in COLUMNS.iter().enumerate() {
        let theirs = match *lake {
            "timestamp" | "timestamp_ntz" => format!("date_format(c{n}, '%Y-%m-%dT%H:%i:%s.%f')"),
            "double" | "float" => continue,
            "boolean" => format!("if(c{n} is null, null, if(c{n} = 1, 'true', 'false'))"),
            "binary" if sql.contains("point") || sql.contains("geometry") => format!("lower(hex(st_asbinary(c{n})))"),
            "binary" => format!("lower(hex(c{n}))"),
            _ if sql.starts_with("bit") => format!("cast(c{n} + 0 as char)"),
            _ if sql.contains("zerofill") => format!("cast(c{n} + 0 as char)"),
            _ => format!("convert(c{n} using utf8mb4)"),
        };
        let ours = match *lake {
            "timestamp" | "timestamp_ntz" => format!("to_char(c{n}, '%Y-%m-%dT%H:%M:%S%.6f')"),
            "binary" => format!("encode(c{n}, 'hex')"),
            _ => format!("cast(c{n} as string)"),
        };
        let theirs = source.database.sql(&format!("select id, coalesce(md5({theirs}), 'null') from every order by id"));
        let ours = source.query(&format!("select id, coalesce(md5({ours}), 'null') from raw.every order by id"));
        assert_eq!(ours.replace(',', "\t"), theirs, "{sql}");
    }
    let floats = "c11 = 16777216 and c12 = cast(1234.567 as float) and c13 = 0.1 and c14 = 12345678.91";
    assert_eq!(source.query(&format!("select {floats} from raw.every where id = 1")), "true");
    let floats =
        "c11 = cast(-0.1 as float) and c12 = cast(-0.001 as float) and c13 = -1.7976931348623157e308 and c14 = -0.01";
    assert_eq!(source.query(&format!("select {floats} from raw.every where id = 2")), "true");
    // A query, of whose columns the protocol alone tells, has the same types and values.
    source
        .streams("  - { table: raw.every, from: every }\n  - { table: raw.asked, query: \"select * from every;\" }\n");
    source.run();
    for (n, (sql, ..)) in COLUMNS.iter().enumerate() {
        let same = format!(
            "select count(*) from raw.every a join raw.asked b on b.id = a.id where a.c{n} is not distinct from b.c{n}"
        );
        assert_eq!(source.query(&same), "3", "{sql}");
    }
}

#[test]
fn what_does_not_fit_is_set_aside_with_its_reason() {
    let source = Source::new(
        "set sql_mode = 'ALLOW_INVALID_DATES'; create table v (id int primary key, d date, t datetime(3), s timestamp null, b tinyint(1), n bigint unsigned);
         insert into v values (1, '2024-01-01', '2024-01-01', '2024-01-01', 1, 1), (2, '2024-02-31', null, null, 0, 0),
            (3, null, '0000-01-01 00:00:00', null, 0, 0), (4, '2024-00-10', null, null, 0, 0), (5, null, null, null, 2, 0),
            (6, null, null, null, 1, 18446744073709551615), (7, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', 0, 0)",
        "  - { table: raw.v, from: v, columns: { b: { type: boolean }, n: { type: bigint } } }\n",
    );
    source.run();
    assert_eq!(
        source.query("select id, d, t, s, b, n from raw.v order by id"),
        "1,2024-01-01,2024-01-01T00:00:00,2024-01-01T00:00:00Z,true,1\n7,,,,false,0"
    );
    let reasons = source.query("select _reason from raw.v__rejected order by _line");
    let wanted = [
        "column 'd': '2024-02-31' is no date",
        "column 't': '0000-01-01 00:00:00.000' is not in the years 1 to 9999",
        "column 'd': '2024-00-10' is no date",
        "column 'b': '2' is no boolean",
        "column 'n': '18446744073709551615' is no bigint",
    ];
    assert_eq!(reasons.lines().map(|line| line.trim_matches('"')).collect::<Vec<_>>(), wanted);
    let raw = source.query("select _raw from raw.v__rejected order by _line limit 1");
    assert!(raw.contains("id: 2, d: 2024-02-31, t: null"), "{raw}");
    let connection = "connector: mysql\nconnection: \"${SHOP}\"\nzero_dates: reject\nstreams:\n";
    source.project.write(
        "sources/shop.yml",
        format!("{connection}  - {{ table: raw.v, from: v, on_bad_row: fail, where: id > 6 }}\n"),
    );
    assert_told(&source.say(&["run", "--full-refresh"]).exits(1), "HW0309", &["'0000-00-00' is no date"]);
    source.streams("  - { table: raw.v, from: v, columns: { d: { type: string }, n: { type: string } } }\n");
    source.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(
        source.query("select id, d from raw.v where d is not null order by id"),
        "1,2024-01-01\n2,2024-02-31\n4,2024-00-10\n7,0000-00-00"
    );
}

#[test]
fn columns_that_the_server_computes_or_hides_are_read() {
    let source = Source::new(
        "create table g (id int primary key, a int, twice int as (a * 2) virtual, thrice int as (a * 3) stored, hidden int invisible default 7);
         insert into g (id, a) values (1, 10); create view v as select id, concat('n', a) as name from g",
        "  - { table: raw.g, from: g }\n  - { table: raw.v, from: v }\n",
    );
    source.run();
    assert_eq!(source.query("select id, a, twice, thrice, hidden from raw.g"), "1,10,20,30,7");
    assert_eq!(source.query("select * from raw.v"), "1,n10");
}
