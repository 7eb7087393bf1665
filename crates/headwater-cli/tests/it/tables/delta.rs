//! What Delta tables hold.

use super::python;
use crate::program::{query, rows};
use crate::project::Project;

const SOURCE: &str = "connector: delta
location: data
streams:
  - { table: raw.t, path: t }
";

fn project() -> Project {
    Project::empty().with("sources/t.yml", SOURCE).with("data/.keep", "")
}

/// A table of every type, in partitions whose values need escapes, and with a column that came later.
const EVERY_TYPE: &str = "
import datetime as d, decimal, pyarrow as pa
from deltalake import DeltaTable, write_deltalake
utc = d.timezone.utc
schema = pa.schema([('id', pa.int64()), ('small', pa.int16()), ('tiny', pa.int8()), ('n', pa.int32()), ('f', pa.float32()), ('x', pa.float64()),
  ('ok', pa.bool_()), ('amount', pa.decimal128(12, 2)), ('day', pa.date32()), ('at', pa.timestamp('us', 'UTC')), ('wall', pa.timestamp('us')),
  ('bytes', pa.binary()), ('place', pa.string()), ('line', pa.struct([('item', pa.string()), ('count', pa.int32())])),
  ('tags', pa.list_(pa.string())), ('scores', pa.map_(pa.string(), pa.int64()))])
def row(n):
    return {'id': n, 'small': n, 'tiny': n % 100, 'n': n * 1000, 'f': n / 4, 'x': n / 8, 'ok': n % 2 == 0, 'amount': decimal.Decimal(n) / 100 + 1,
      'day': d.date(2024, 1, 1 + n % 3), 'at': d.datetime(2024, 1, 1, tzinfo=utc) + d.timedelta(seconds=n, microseconds=1),
      'wall': d.datetime(1950, 1, 1) + d.timedelta(days=n), 'bytes': bytes([n % 256, 255]), 'place': ['a b', 'c/d', 'e=f%', None][n % 4],
      'line': {'item': f'item {n}', 'count': n % 5 or None} if n % 7 else None, 'tags': ['x'] * (n % 3), 'scores': [('even', n)] if n % 2 == 0 else []}
write_deltalake('data/t', pa.Table.from_pylist([row(n) for n in range(1000)], schema), partition_by=['place', 'day'])
";

/// What another reader makes of it.
const SUMS: &str = "
import duckdb, pyarrow as pa
from deltalake import DeltaTable
t = DeltaTable('data/t').to_pyarrow_table()
for row in duckdb.sql(\"select place, day, count(*), sum(id), sum(small), sum(tiny), sum(n), sum(f), sum(x), count_if(ok), sum(amount), \
sum(len(tags)), sum(line['count']), count(line), sum(scores['even']) from t group by 1, 2 order by 1 nulls last, 2\").fetchall():
    print(','.join('' if v is None else str(v) for v in row))
";

#[test]
fn every_type_comes_as_it_is_from_partitions() {
    let project = project();
    let expected = python(project.path(), &format!("{EVERY_TYPE}{SUMS}"));
    project.run();
    let sums = "select place, day, count(*), sum(id), sum(small), sum(tiny), sum(n), sum(f), sum(x), \
        count(*) filter (where ok), sum(amount), sum(cardinality(tags)), sum(line['count']), \
        count(*) filter (where line is not null), sum(scores['even']) from raw.t group by 1, 2 order by 1 nulls last, 2";
    let plain = |text: &str| text.replace(".0,", ",");
    assert_eq!(expected.lines().count(), 12);
    assert_eq!(plain(&query(project.path(), sums)), plain(&expected));
    let one = rows(project.path(), "select \"at\", wall, bytes, line['item'] as item, f, x from raw.t where id = 6");
    assert_eq!(
        (&one[0]["at"], &one[0]["wall"]),
        (&"2024-01-01T00:00:06.000001Z".into(), &"1950-01-07T00:00:00".into())
    );
    assert_eq!((&one[0]["item"], &one[0]["f"], &one[0]["x"]), (&"item 6".into(), &1.5.into(), &0.75.into()));
    let types = query(
        project.path(),
        "select column_name, data_type from information_schema.columns where table_name = 't' and column_name in ('small', 'amount', 'at', 'wall') order by 1",
    );
    assert!(types.contains("amount,\"Decimal128(12, 2)\"") && types.contains("small,Int16"), "{types}");
}

#[test]
fn older_files_have_the_newest_columns() {
    let project = project();
    let program = "
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
write_deltalake('data/t', pa.table({'id': [1, 2]}))
write_deltalake('data/t', pa.table({'id': [3], 'more': ['m'], 'deep': [{'a': 1}]}), mode='append', schema_mode='merge')
write_deltalake('data/t', pa.table({'id': [4], 'more': ['n'], 'deep': [{'a': 2, 'b': 'x'}]}), mode='append', schema_mode='merge')
";
    python(project.path(), program);
    project.run();
    let sql = "select id, more, deep['a'], deep['b'] from raw.t order by id";
    assert_eq!(query(project.path(), sql), "1,,,\n2,,,\n3,m,1,\n4,n,2,x");
    // Nothing is read again while the table is as it was.
    assert!(project.run().out.contains("nothing"), "nothing to do");
    // As it was, with the columns of then.
    project.write("sources/t.yml", SOURCE.replace("path: t", "path: t, version: 0"));
    project.run();
    assert_eq!(query(project.path(), "select * from raw.t order by id"), "1\n2");
    project.write("sources/t.yml", SOURCE.replace("path: t", "path: t, version: 1"));
    project.run();
    assert_eq!(query(project.path(), "select count(*), max(more) from raw.t"), "3,m");
}

/// Names in files are others than those of the table: columns were renamed.
#[test]
fn columns_are_found_by_their_names_or_numbers_in_files() {
    for (mode, physical) in [("name", ["col-1", "col-2", "col-3"]), ("id", ["old", "deep", "part"])] {
        let project = project();
        // The second file of the mode id has other names still: numbers count.
        let program = format!(
            "
import json, os, pyarrow as pa, pyarrow.parquet as pq
mode, (id, deep, part) = '{mode}', {physical:?}
def field(name, type, number): return pa.field(name, type, metadata={{'PARQUET:field_id': str(number)}})
def column(name, physical, number, type):
    return {{'name': name, 'type': type, 'nullable': True, 'metadata': {{'delta.columnMapping.id': number, 'delta.columnMapping.physicalName': physical}}}}
os.makedirs('data/t/_delta_log')
inner = lambda a: pa.struct([field(a, pa.string(), 4)])
def write(file, names, value):
    schema = pa.schema([field(names[0], pa.int64(), 1), field(names[1], inner(names[2]), 2)])
    pq.write_table(pa.Table.from_pylist([{{names[0]: value, names[1]: {{names[2]: f'text {{value}}'}}}}], schema), f'data/t/{{file}}', store_schema=False)
write('1.parquet', [id, deep, 'a'], 1)
write('2.parquet', [id, deep, 'a'] if mode == 'name' else ['x', 'y', 'z'], 2)
schema = {{'type': 'struct', 'fields': [column('number', id, 1, 'long'), column('nested', deep, 2, {{'type': 'struct', 'fields': [column('renamed', 'a', 4, 'string')]}}), column('region', part, 3, 'string')]}}
add = lambda n: {{'add': {{'path': f'{{n}}.parquet', 'partitionValues': {{part: f'r{{n}}'}}, 'size': os.path.getsize(f'data/t/{{n}}.parquet'), 'modificationTime': 0, 'dataChange': True}}}}
with open('data/t/_delta_log/00000000000000000000.json', 'w') as log:
    for action in [{{'protocol': {{'minReaderVersion': 2, 'minWriterVersion': 5}}}},
      {{'metaData': {{'id': 'x', 'format': {{'provider': 'parquet', 'options': {{}}}}, 'schemaString': json.dumps(schema), 'partitionColumns': ['region'],
        'configuration': {{'delta.columnMapping.mode': mode, 'delta.columnMapping.maxColumnId': '4'}}}}}}, add(1), add(2)]:
        log.write(json.dumps(action) + '\\n')
"
        );
        python(project.path(), &program);
        project.run();
        let sql = "select number, nested['renamed'], region from raw.t order by number";
        assert_eq!(query(project.path(), sql), "1,text 1,r1\n2,text 2,r2", "{mode}");
    }
}

/// Spark writes times in 96 bits unless it is told otherwise.
#[test]
fn times_of_96_bits_are_read_past_2262() {
    let project = project();
    let program = "
import datetime as d, json, os, pyarrow as pa, pyarrow.parquet as pq
os.makedirs('data/t/_delta_log')
times = [d.datetime(1066, 10, 14, 9, 0, 0, 5), d.datetime(2024, 2, 29), d.datetime(2999, 12, 31, 23, 59, 59, 999999), None]
pq.write_table(pa.table({'at': pa.array(times, pa.timestamp('us'))}), 'data/t/1.parquet', use_deprecated_int96_timestamps=True)
schema = {'type': 'struct', 'fields': [{'name': 'at', 'type': 'timestamp', 'nullable': True, 'metadata': {}}]}
with open('data/t/_delta_log/00000000000000000000.json', 'w') as log:
    for action in [{'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
      {'metaData': {'id': 'x', 'format': {'provider': 'parquet'}, 'schemaString': json.dumps(schema), 'partitionColumns': [], 'configuration': {}}},
      {'add': {'path': '1.parquet', 'partitionValues': {}, 'size': os.path.getsize('data/t/1.parquet'), 'modificationTime': 0, 'dataChange': True}}]:
        log.write(json.dumps(action) + '\\n')
";
    python(project.path(), program);
    project.run();
    let times = query(project.path(), "select \"at\" from raw.t order by \"at\" nulls last");
    assert_eq!(times, "1066-10-14T09:00:00.000005Z\n2024-02-29T00:00:00Z\n2999-12-31T23:59:59.999999Z\n\"\"");
}
