//! Iceberg tables, as PyIceberg makes them.

use super::python;
use crate::program::{query, rows};
use crate::project::{Project, assert_told};

const BEGIN: &str = include_str!("iceberg_tables.py");

fn project(more: &str) -> Project {
    let source = format!("connector: iceberg\nlocation: data/db\nstreams:\n  - {{ table: raw.t, path: t{more} }}\n");
    Project::empty().with("sources/t.yml", source).with("data/.keep", "")
}

#[track_caller]
fn make(project: &Project, program: &str) -> String {
    python(project.path(), &format!("{BEGIN}\n{program}"))
}

/// The rows are those that PyIceberg reads.
#[track_caller]
fn same(project: &Project, program: &str) {
    let print = "for row in sorted(table().scan().to_arrow().to_pylist(), key=lambda row: row['id']): print(row['id'], row['name'], sep=',')";
    let expected = make(project, &format!("{program}\n{print}"));
    project.run();
    assert_eq!(query(project.path(), "select id, name from raw.t order by id"), expected);
}

const TABLE: &str = "
def batch(a, b, name): return pa.table({'id': list(range(a, b)), 'name': [f'{name} {n}' for n in range(a, b)]})
def files(t): return [task.file.file_path for task in t.scan().plan_files()]
";

#[test]
fn every_type_comes_as_it_is() {
    for version in [1, 2] {
        let project = project("");
        let program = "
from pyiceberg.schema import Schema
from pyiceberg.types import *
F = NestedField
schema = Schema(F(1, 'id', LongType()), F(2, 'n', IntegerType()), F(3, 'f', FloatType()), F(4, 'x', DoubleType()), F(5, 'ok', BooleanType()),
  F(6, 'amount', DecimalType(12, 2)), F(7, 'large', DecimalType(38, 10)), F(8, 'day', DateType()), F(9, 'clock', TimeType()), F(10, 'wall', TimestampType()), F(11, 'at', TimestamptzType()),
  F(12, 'bytes', BinaryType()), F(13, 'four', FixedType(4)), F(14, 'uid', UUIDType()), F(15, 'line', StructType(F(16, 'item', StringType()), F(17, 'count', IntegerType()))),
  F(18, 'tags', ListType(19, StringType())), F(20, 'scores', MapType(21, StringType(), 22, LongType())))
t = catalog().create_table('db.t', schema=schema, properties={'format-version': 'VERSION'})
row = {'id': 1, 'n': -5, 'f': 1.5, 'x': 0.1, 'ok': True, 'amount': decimal.Decimal('12.34'), 'large': decimal.Decimal('12345678901234567890.0123456789'),
  'day': datetime.date(1815, 6, 18), 'clock': datetime.time(18, 30, 0, 5), 'wall': datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
  'at': datetime.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc), 'bytes': b'\\x00\\xff', 'four': b'abcd', 'uid': uuid.UUID(int=7).bytes,
  'line': {'item': 'i', 'count': 3}, 'tags': ['a', 'b'], 'scores': {'k': 9}}
empty = {name: None for name in row} | {'id': 2}
arrow = t.schema().as_arrow()
arrow = pa.schema([pa.field(f.name, pa.binary(16) if f.name == 'uid' else f.type) for f in arrow])
t.append(pa.Table.from_pylist([row, empty], arrow))
";
        make(&project, &program.replace("VERSION", &version.to_string()));
        project.run();
        let found = rows(
            project.path(),
            "select id, n, f, x, ok, cast(amount as varchar) as amount, cast(large as varchar) as large, day, clock, wall, \"at\", uid, line['count'] as count, tags[2] as tag, scores['k'] as score, encode(bytes, 'hex') as bytes, encode(four, 'hex') as four from raw.t order by id",
        );
        let expected = serde_json::json!({"id": 1, "n": -5, "f": 1.5, "x": 0.1, "ok": true, "amount": "12.34", "large": "12345678901234567890.0123456789",
            "day": "1815-06-18", "clock": "18:30:00.000005", "wall": "2024-01-02T03:04:05.000006", "at": "2024-01-02T03:04:05.000006Z",
            "uid": "00000000-0000-0000-0000-000000000007", "count": 3, "tag": "b", "score": 9, "bytes": "00ff", "four": "61626364"});
        assert_eq!(found[0], expected, "version {version}");
        assert!(
            found[1].as_object().unwrap().iter().all(|(name, value)| name == "id" || value.is_null()),
            "{}",
            found[1]
        );
    }
}

#[test]
fn columns_are_found_by_their_numbers() {
    let project = project("");
    let program = "
t = catalog().create_table('db.t', schema=pa.schema([('id', pa.int32()), ('name', pa.string()), ('deep', pa.struct([('a', pa.int32())]))]))
t.append(pa.Table.from_pylist([{'id': 1, 'name': 'one', 'deep': {'a': 1}}], t.schema().as_arrow()))
from pyiceberg.types import LongType, StringType
with t.update_schema() as u:
    u.rename_column('name', 'title')
with t.update_schema() as u:
    u.update_column('id', LongType())
    u.add_column('name', StringType())
    u.add_column(('deep', 'b'), StringType())
    u.rename_column('deep.a', 'first')
t.append(pa.Table.from_pylist([{'id': 5000000000, 'title': 'two', 'name': 'new', 'deep': {'first': 2, 'b': 'x'}}], t.schema().as_arrow()))
";
    make(&project, program);
    project.run();
    let sql = "select id, title, name, deep['first'], deep['b'] from raw.t order by id";
    assert_eq!(query(project.path(), sql), "1,one,,1,\n5000000000,two,new,2,x");
    // Files of somebody else, without numbers, and without a column that is a partition.
    let program = "
t = table()
pq.write_table(pa.table({'id': [7], 'name': ['old name'], 'title': ['by title']}), 'data/foreign.parquet')
t.add_files(['file://' + os.getcwd() + '/data/foreign.parquet'])
";
    make(&project, program);
    project.run();
    assert_eq!(query(project.path(), "select title from raw.t where id = 7"), "by title");
}

#[test]
fn rows_are_deleted_by_places_and_by_values() {
    let project = project("");
    let program = format!(
        "{TABLE}
t = catalog().create_table('db.t', schema=batch(0, 1, 'a').schema)
t.append(batch(0, 20000, 'a'))
t.append(batch(20000, 20010, 'b'))
by_size = sorted(files(t), key=os.path.getsize if False else lambda f: os.path.getsize(f.removeprefix('file://')))
delete_positions(t, [(by_size[0], [0, 9]), (by_size[1], [3, 8191, 8192, 19999])])"
    );
    same(&project, &program);
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "20004");
    // PyIceberg does not read deletions by values: what is expected is said here.
    make(
        &project,
        &format!(
            "{TABLE}
t = table()
delete_values(t, 'name', 2, ['a 7', 'b 20005', None])
t.append(batch(7, 8, 'a'))"
        ),
    );
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "20003");
    assert_eq!(
        query(project.path(), "select count(*), min(id), max(id) from raw.t where name in ('a 7', 'b 20005')"),
        "1,7,7"
    );
}

#[test]
fn partitions_and_other_days_are_read() {
    let project = project("");
    let program = "
t = catalog().create_table('db.t', schema=pa.schema([('id', pa.int64()), ('name', pa.string()), ('day', pa.date32())]))
with t.update_spec() as u:
    u.add_identity('name')
    u.add_field('day', 'month')
for n in range(4):
    t.append(pa.table({'id': [n, n + 100], 'name': ['a/b c', None], 'day': [datetime.date(2024, n + 1, 1)] * 2}))
    if n == 1: t.manage_snapshots().create_tag(t.current_snapshot().snapshot_id, 'audited').commit()
print(t.snapshots()[2].snapshot_id)
";
    let third = make(&project, program);
    project.run();
    assert_eq!(
        query(project.path(), "select name, count(*), sum(id) from raw.t group by name order by 1 nulls last"),
        "a/b c,4,6\n,4,406"
    );
    let source = std::fs::read_to_string(project.path().join("sources/t.yml")).unwrap();
    let with = |more: &str| project.write("sources/t.yml", source.replace("path: t", &format!("path: t, {more}")));
    for (more, expected) in [
        ("ref: audited".to_owned(), "4"),
        (format!("snapshot: {third}"), "6"),
        ("timestamp: \"2100-01-01T00:00:00Z\"".into(), "8"),
    ] {
        with(&more);
        project.run();
        assert_eq!(query(project.path(), "select count(*) from raw.t"), expected, "{more}");
    }
    with("ref: nowhere");
    assert_told(&project.say(&["run"]).exits(1), "HW0393", &["no branch or tag 'nowhere'"]);
    with("timestamp: \"2001-01-01T00:00:00Z\"");
    assert_told(&project.say(&["run"]).exits(1), "HW0393", &["no snapshot of 2001-01-01T00:00:00Z"]);
    // A metadata file of an older state, in a folder that was moved.
    std::fs::rename(project.path().join("data/db/t"), project.path().join("data/db/moved")).unwrap();
    let files = std::fs::read_dir(project.path().join("data/db/moved/metadata")).unwrap().flatten();
    let mut names: Vec<_> = files
        .map(|file| file.file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".metadata.json"))
        .collect();
    names.sort();
    // 00000 is the table, 00001 its partitions, 00002 the first rows.
    project.write("sources/t.yml", source.replace("path: t", &format!("path: moved/metadata/{}", names[2])));
    project.run();
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "2");
}

/// Columns change without a snapshot of their own, and metadata is compressed.
#[test]
fn the_newest_metadata_counts() {
    let project = project("");
    let program = "
t = catalog().create_table('db.t', schema=pa.schema([('id', pa.int32()), ('name', pa.string())]))
t.append(pa.Table.from_pylist([{'id': 1, 'name': 'one'}], t.schema().as_arrow()))";
    make(&project, program);
    project.run();
    make(&project, "with table().update_schema() as u: u.rename_column('name', 'title')");
    project.write(
        "sources/t.yml",
        std::fs::read_to_string(project.path().join("sources/t.yml"))
            .unwrap()
            .replace("path: t", "path: t, drift: add"),
    );
    project.say(&["run"]).exits(0);
    assert_eq!(query(project.path(), "select id, title from raw.t"), "1,one");
    assert!(project.run().out.contains("nothing"), "nothing to do");
    for suffix in [".gz.metadata.json", ".metadata.json.gz"] {
        let program = "
import gzip
t = table()
t.append(pa.Table.from_pylist([{'id': 2, 'title': 'two'}], t.schema().as_arrow()))
path = t.metadata_location.removeprefix('file://')
with gzip.open(path.replace('.metadata.json', 'SUFFIX'), 'wt') as packed: packed.write(open(path).read())
os.remove(path)";
        make(&project, &program.replace("SUFFIX", suffix));
        project.run();
        assert_eq!(query(project.path(), "select id, title from raw.t order by id"), "1,one\n2,two", "{suffix}");
        // What comes next is written by who does not know of it.
        let restored = "
import gzip
path = glob.glob('data/db/t/metadata/*SUFFIX')[0]
open(path.replace('SUFFIX', '.metadata.json'), 'w').write(gzip.open(path, 'rt').read())
os.remove(path)
table().delete('id = 2')";
        make(&project, &restored.replace("SUFFIX", suffix));
    }
}

#[test]
fn new_snapshots_are_added_or_taken_up_by_key() {
    let appended = project(", mode: new_files");
    let begin = format!(
        "{TABLE}
t = catalog().create_table('db.t', schema=batch(0, 1, 'a').schema)
t.append(batch(0, 100, 'a'))"
    );
    same(&appended, &begin);
    same(&appended, &format!("{TABLE}\nt = table()\nt.append(batch(100, 110, 'b'))\nt.append(batch(110, 120, 'c'))"));
    assert!(appended.run().out.contains("nothing"), "nothing to do");
    make(&appended, &format!("{TABLE}\nt = table()\nt.delete('id < 10')"));
    assert_told(&appended.say(&["run"]).exits(1), "HW0394", &["(overwrite)", "mode: cdc"]);
    assert_eq!(query(appended.path(), "select count(*) from raw.t"), "120");
    let changed = project(", mode: cdc, key: [id]");
    same(&changed, &begin);
    same(
        &changed,
        &format!(
            "{TABLE}\nt = table()\nt.append(batch(100, 110, 'b'))\nt.delete('id < 10')\nt.overwrite(batch(50, 60, 'changed'), overwrite_filter='id >= 50 and id < 60')"
        ),
    );
    same(&changed, &format!("{TABLE}\nt = table()\ndelete_positions(t, [(files(t)[0], [1, 2])])"));
    same(
        &changed,
        &format!("{TABLE}\nt = table()\ndelete_positions(t, [(files(t)[0], [5])])\nt.append(batch(0, 3, 'again'))"),
    );
    assert!(changed.run().out.contains("nothing"), "nothing to do");
    make(
        &changed,
        &format!("{TABLE}\nt = table()\ndelete_values(t, 'id', 1, [0, 105])\nt.append(batch(105, 106, 'late'))"),
    );
    changed.run();
    assert_eq!(query(changed.path(), "select name from raw.t where id in (0, 105)"), "late 105");
    // A snapshot that is gone.
    make(
        &changed,
        &format!(
            "{TABLE}
t = table()
t.append(batch(900, 901, 'z'))
now = t.current_snapshot().snapshot_id
t.maintenance.expire_snapshots().by_ids([s.snapshot_id for s in t.snapshots() if s.snapshot_id != now]).commit()"
        ),
    );
    assert_told(&changed.say(&["run"]).exits(1), "HW0393", &["not in the history of the table", "--full-refresh"]);
}

#[test]
fn damage_and_what_is_not_read_are_told() {
    let project = project("");
    make(
        &project,
        &format!(
            "{TABLE}
t = catalog().create_table('db.t', schema=batch(0, 1, 'a').schema)
t.append(batch(0, 100, 'a'))"
        ),
    );
    project.run();
    let folder = project.path().join("data/db/t");
    let file = |end: &str, of: &str| {
        let files = std::fs::read_dir(folder.join(of)).unwrap().flatten().map(|file| file.path());
        files.filter(|path| path.to_str().unwrap().ends_with(end)).max().unwrap()
    };
    let data = file(".parquet", "data");
    std::fs::rename(&data, project.path().join("aside")).unwrap();
    assert_told(
        &project.say(&["run", "--full-refresh"]).exits(1),
        "HW0395",
        &["a data file of the table cannot be read"],
    );
    std::fs::rename(project.path().join("aside"), &data).unwrap();
    let manifest = file("-m0.avro", "metadata");
    let whole = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, &whole[..whole.len() - 30]).unwrap();
    assert_told(&project.say(&["run", "--full-refresh"]).exits(1), "HW0305", &["-m0.avro ends too early"]);
    std::fs::remove_file(&manifest).unwrap();
    assert_told(&project.say(&["run", "--full-refresh"]).exits(1), "HW0391", &["-m0.avro is not there"]);
    std::fs::write(&manifest, &whole).unwrap();
    let newest = file(".metadata.json", "metadata");
    let text = std::fs::read_to_string(&newest).unwrap();
    std::fs::write(&newest, text.replace("\"format-version\":2", "\"format-version\":3")).unwrap();
    assert_told(&project.say(&["run"]).exits(1), "HW0392", &["format version 3"]);
    std::fs::write(&newest, &text[..text.len() / 2]).unwrap();
    assert_told(&project.say(&["run"]).exits(1), "HW0391", &["cannot be understood"]);
    project.write("sources/t.yml", "connector: iceberg\nlocation: data\nstreams:\n  - { table: raw.t, path: db }\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0390", &["there is no Iceberg table in data/db"]);
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "100");
}
