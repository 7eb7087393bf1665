//! Avro files as sources.

use super::python;
use crate::program::{query, rows};
use crate::project::{Project, assert_told};

const SOURCE: &str = "connector: files
location: data
streams:
  - { table: raw.orders, path: '*.avro', mode: new_files, drift: add }
";

fn orders(file: &str, from: u32, more: &str, value: &str) -> String {
    format!(
        "
import datetime, decimal, uuid, fastavro
schema = {{'type': 'record', 'name': 'order', 'fields': [
    {{'name': 'id', 'type': {{'type': 'string', 'logicalType': 'uuid'}}}},
    {{'name': 'n', 'type': 'long'}},
    {{'name': 'amount', 'type': {{'type': 'bytes', 'logicalType': 'decimal', 'precision': 12, 'scale': 2}}}},
    {{'name': 'at', 'type': {{'type': 'long', 'logicalType': 'timestamp-micros'}}}},
    {{'name': 'lines', 'type': {{'type': 'array', 'items': {{'type': 'record', 'name': 'line', 'fields': [
        {{'name': 'item', 'type': 'string'}}, {{'name': 'count', 'type': ['null', 'int']}}]}}}}}},
    {{'name': 'labels', 'type': {{'type': 'map', 'values': 'string'}}}},
    {more}
]}}
start = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
fastavro.writer(open('data/{file}', 'wb'), schema, ({{
    'id': uuid.UUID(int=n), 'n': n, 'amount': decimal.Decimal(n) / 100, 'at': start + datetime.timedelta(seconds=n),
    'lines': [{{'item': f'item {{n}}', 'count': n % 5 or None}}] * (n % 3), 'labels': {{'parity': 'even' if n % 2 == 0 else 'odd'}},
    {value}
}} for n in range({from}, {from} + 10000)), codec='zstandard')
"
    )
}

#[test]
fn nested_records_are_loaded_and_evolve() {
    let project = Project::empty().with("sources/orders.yml", SOURCE).with("data/.keep", "");
    python(project.path(), &orders("1.avro", 0, "", ""));
    project.run();
    let sums = "select count(*), sum(amount), max(\"at\"), sum(cardinality(lines)) from raw.orders";
    // The sums of n/100 for n below 10,000, and of n mod 3.
    assert_eq!(query(project.path(), sums), "10000,499950.00,2024-01-01T02:46:39Z,9999");
    let one = rows(
        project.path(),
        "select id, lines[1]['item'] as item, lines[2]['count'] as count from raw.orders where n = 8",
    );
    assert_eq!(one[0]["id"], "00000000-0000-0000-0000-000000000008");
    assert_eq!((&one[0]["item"], &one[0]["count"]), (&"item 8".into(), &3.into()));
    let odd = "select count(*) from raw.orders where labels['parity'] = 'odd'";
    assert_eq!(query(project.path(), odd), "5000");
    python(
        project.path(),
        &orders("2.avro", 10_000, "{'name': 'paid', 'type': ['null', 'boolean']},", "'paid': n % 2 == 0,"),
    );
    project.run();
    let paid = "select paid, count(*) from raw.orders group by paid order by paid nulls first";
    assert_eq!(query(project.path(), paid), ",10000\nfalse,5000\ntrue,5000");
    let whole = std::fs::read(project.path().join("data/2.avro")).unwrap();
    project.write("data/3.avro", &whole[..whole.len() - 20]);
    assert_told(&project.say(&["run"]).exits(1), "HW0305", &["data/3.avro ends too early", "at byte"]);
    assert_eq!(query(project.path(), "select count(*) from raw.orders"), "20000");
}
