//! Every type of the lake arrives as it is.

use super::Shop;

const SQL: &str = r#"select 1 as id, true as b, cast(-5 as smallint) as i2, cast(7 as int) as i4, 9007199254740993 as i8,
    cast(1.5 as float) as f4, cast(0.1 as double) as f8, cast('-12345.678' as decimal(20,5)) as d, cast('0.00009' as decimal(38,38)) as tiny,
    'it''s "x" | é' as t, arrow_cast('ab', 'Binary') as bin, date '1815-12-10' as day, arrow_cast('2024-02-29T12:00:00.123456Z', 'Timestamp(Microsecond, Some("UTC"))') as at,
    arrow_cast('0099-01-01T00:00:00', 'Timestamp(Microsecond, None)') as ntz, [1, null, 3] as list, named_struct('a', 1, 'b', 'x') as s, [[1], [2, 3]] as nested
union all
select 2, null, null, null, null, cast('NaN' as float), cast('-Infinity' as double), null, null, null, null, null, null, null, null, null, null"#;

#[test]
fn every_type_arrives_as_it_is() {
    let shop = Shop::new("id\n1\n", "  - { table: marts.types, to: types, key: id }\n");
    shop.project.write("models/marts/types.sql", SQL);
    let said = shop.say(&["run"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let there = shop.database.sql("select * from types order by id");
    let expected = "1|t|-5|7|9007199254740993|1.5|0.1|-12345.67800|0.00009000000000000000000000000000000000|it's \"x\" | é|\\x6162|\
        1815-12-10|2024-02-29 12:00:00.123456+00|0099-01-01 00:00:00|{1,NULL,3}|{\"a\": 1, \"b\": \"x\"}|[[1], [2, 3]]\n\
        2|||||NaN|-Infinity||||||||||";
    assert_eq!(there, expected);
    let said = shop.say(&["verify", "--json"]).exits(0).json();
    let one = &said["comparisons"][0];
    assert_eq!((&one["state"], &one["rows_there"]), (&"equal".into(), &2.into()), "{one}");
    assert_eq!(one["notes"][0], "not compared, because of their types: s, nested");
    // Values of every type are compared: one row is another now, the other is not.
    shop.project.write("models/marts/types.sql", SQL.replace("[1], [2, 3]", "[1], [2, 4]"));
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &0.into()), "{said}");
    assert_eq!(shop.database.sql("select nested from types where id = 1"), "[[1], [2, 4]]");
    let types = "select string_agg(format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute
        where attrelid = 'types'::regclass and attnum > 1";
    assert_eq!(
        shop.database.sql(types),
        "boolean, smallint, integer, bigint, real, double precision, numeric(20,5), numeric(38,38), text, bytea, date, \
         timestamp with time zone, timestamp without time zone, bigint[], jsonb, jsonb"
    );
}
