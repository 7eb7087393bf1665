//! Every type of the lake arrives as it is.

use super::Shop;

const SQL: &str = r#"select 1 as id, true as b, cast(-5 as smallint) as i2, cast(7 as int) as i4, 9007199254740993 as i8,
    cast(0.1 as float) as f4, cast(0.1 as double) as f8, cast('-12345.678' as decimal(20,5)) as d, cast('0.00009' as decimal(38,38)) as tiny,
    'it''s "x" | é \ 😀' as t, arrow_cast('ab', 'Binary') as bin, date '1815-12-10' as day, arrow_cast('2044-02-29T12:00:00.123456Z', 'Timestamp(Microsecond, Some("UTC"))') as at,
    arrow_cast('0099-01-01T00:00:00', 'Timestamp(Microsecond, None)') as ntz, [1, null, 3] as list, named_struct('a', 1, 'b', 'x''"\') as s, [[1], [2, 3]] as nested
union all
select 2, null, null, null, null, cast(16777216 as float), cast('-1.7976931348623157e308' as double), null, null, null, null, null, null, null, null, null, null
union all
select 3, false, cast(-32768 as smallint), cast(-2147483648 as int), arrow_cast('-9223372036854775808', 'Int64'), cast('1e-45' as float), cast('5e-324' as double),
    cast('999999999999999.99999' as decimal(20,5)), null, '', arrow_cast('', 'Binary'), date '9999-12-31', arrow_cast('1969-12-31T23:59:59.999999Z', 'Timestamp(Microsecond, Some("UTC"))'),
    null, [], null, null"#;

#[test]
fn every_type_arrives_as_it_is() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.types, to: types, key: id }\n");
    shop.project.write("models/marts/types.sql", SQL);
    let said = shop.say(&["run"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    // The client writes a tab between fields, and a `\` twice.
    let there = shop.sql(
        "select id, b, i2, i4, i8, f4 = cast(0.1 as float), f8, d, tiny, t, hex(bin), day, at, ntz, list, s, nested from types order by id",
    );
    let expected = "1|1|-5|7|9007199254740993|1|0.1|-12345.67800|0.00009000000000000000000000000000000000|it's \"x\" | é \\\\ 😀|6162|\
        1815-12-10|2044-02-29 12:00:00.123456|0099-01-01 00:00:00.000000|[1,null,3]|{\"a\":1,\"b\":\"x'\\\\\"\\\\\\\\\"}|[[1],[2,3]]\n\
        2|NULL|NULL|NULL|NULL|0|-1.7976931348623157e308|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n\
        3|0|-32768|-2147483648|-9223372036854775808|0|5e-324|999999999999999.99999|NULL||||9999-12-31|1969-12-31 23:59:59.999999|NULL|[]|NULL|NULL";
    let expected = expected.replace("NULL||||9999", "NULL|||9999");
    assert_eq!(there, expected);
    assert_eq!(
        shop.sql("select f4 + 0e0 from types order by id"),
        "0.10000000149011612\n16777216\n1.401298464324817e-45"
    );
    let said = shop.say(&["verify", "--json"]).exits(0).json();
    let one = &said["comparisons"][0];
    assert_eq!((&one["state"], &one["rows_there"]), (&"equal".into(), &3.into()), "{one}");
    assert_eq!(one["notes"][0], "not compared, because of their types: s, nested, tiny, list");
    // Values of every type are compared: one row is another now, the others are not.
    shop.project.write("models/marts/types.sql", SQL.replace("[1], [2, 3]", "[1], [2, 4]"));
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &0.into()), "{said}");
    assert_eq!(shop.sql("select nested from types where id = 1"), "[[1],[2,4]]");
    let types =
        "select group_concat(column_type order by ordinal_position separator ', ') from information_schema.columns
        where table_schema = database() and table_name = 'types' and ordinal_position > 1";
    assert_eq!(
        shop.sql(types),
        "tinyint(1), smallint(6), int(11), bigint(20), float, double, decimal(20,5), longtext, longtext, longblob, date, \
         datetime(6), datetime(6), longtext, longtext, longtext"
    );
}

/// What is delivered and read by the connector again is what it was.
#[test]
fn a_round_trip_changes_nothing() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.types, to: types, mode: replace }\n");
    shop.project.write("models/marts/types.sql", SQL);
    let said = shop.say(&["run"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    shop.project.write(
        "sources/back.yml",
        "connector: mysql\nconnection: \"${CRM}\"\nstreams:\n  - { table: raw.back, from: types, columns: { b: { type: boolean }, at: { type: timestamp } } }\n",
    );
    shop.say(&["run", "--no-deliver"]).exits(0);
    let columns = "id, b, i2, i4, i8, f4, f8, d, t, bin, day, at, ntz";
    let read = |table: &str| {
        let sql = format!("select {columns}, cast(tiny as string) as tiny from {table} order by id");
        let said = shop.say(&["query", &sql, "--format", "csv"]);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        said.out
    };
    assert_eq!(read("raw.back"), read("marts.types"));
}
