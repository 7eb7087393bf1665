//! Logs of Delta tables: checkpoints, versions of other days, deleted rows, and damage.

use super::python;
use crate::program::{query, rows};
use crate::project::{Project, assert_told};

const BEGIN: &str = "
import glob, json, os, pyarrow as pa, pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
LOG = 'data/t/_delta_log/'
def append(n): write_deltalake('data/t', pa.table({'id': [n], 'text': [f'row {n}'], 'part': pa.array(['p q' if n % 2 else None], pa.string())}), mode='append', partition_by=['part'])
def commit(n): return f'{LOG}{n:020}.json'
";

fn project(more: &str) -> Project {
    let source = format!("connector: delta\nlocation: data\nstreams:\n  - {{ table: raw.t, path: t{more} }}\n");
    Project::empty().with("sources/t.yml", source).with("data/.keep", "")
}

fn ids(project: &Project) -> String {
    query(project.path(), "select id from raw.t order by id").replace('\n', " ")
}

#[test]
fn a_checkpoint_stands_for_the_commits_before_it() {
    let project = project("");
    python(
        project.path(),
        &format!(
            "{BEGIN}
for n in range(8): append(n)
DeltaTable('data/t').delete('id = 2')
DeltaTable('data/t').create_checkpoint()
append(9)
for n in range(9): os.remove(commit(n))"
        ),
    );
    project.run();
    assert_eq!(ids(&project), "0 1 3 4 5 6 7 9");
    assert_eq!(query(project.path(), "select count(*) from raw.t where part = 'p q'"), "5");
    // A pointer to a checkpoint that is not there.
    python(
        project.path(),
        &format!("{BEGIN}append(11)\nopen(LOG + '_last_checkpoint', 'w').write('{{\"version\": 9, \"size\": 3}}')"),
    );
    project.run();
    assert_eq!(ids(&project), "0 1 3 4 5 6 7 9 11");
    let source = std::fs::read_to_string(project.path().join("sources/t.yml")).unwrap();
    project.write("sources/t.yml", source.replace("path: t", "path: t, version: 4"));
    assert_told(
        &project.say(&["run"]).exits(1),
        "HW0393",
        &["version 4", "cannot be read any more", "begins at version 8"],
    );
    project.write("sources/t.yml", source.replace("path: t", "path: t, version: 99"));
    assert_told(&project.say(&["run"]).exits(1), "HW0393", &["no version 99", "the newest is 10"]);
}

/// A checkpoint of version 2, with its files in another one, made of one of version 1; as JSON and as Parquet.
#[test]
fn checkpoints_of_both_kinds_are_read() {
    for json in [true, false] {
        let project = project("");
        python(
            project.path(),
            &format!("{BEGIN}
for n in range(5): append(n)
DeltaTable('data/t').create_checkpoint()
classic = f'{{LOG}}{{4:020}}.checkpoint.parquet'
table = pq.read_table(classic)
os.makedirs(LOG + '_sidecars')
adds = table.filter(pa.compute.is_valid(table['add'])).select(['add'])
pq.write_table(adds, LOG + '_sidecars/one.parquet')
size = os.path.getsize(LOG + '_sidecars/one.parquet')
protocol = {{'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': ['v2Checkpoint'], 'writerFeatures': ['v2Checkpoint']}}
meta = [row['metaData'] for row in table.to_pylist() if row['metaData']][0]
meta['configuration'] = dict(meta['configuration'] or [])
meta['format'] = {{'provider': 'parquet'}}
actions = [{{'checkpointMetadata': {{'version': 4}}}}, {{'protocol': protocol}}, {{'metaData': meta}}, {{'sidecar': {{'path': 'one.parquet', 'sizeInBytes': size, 'modificationTime': 0}}}}]
name = f'{{LOG}}{{4:020}}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.'
if {}:
    open(name + 'json', 'w').write(''.join(json.dumps(action) + '\\n' for action in actions))
else:
    meta['configuration'] = pa.scalar([], pa.map_(pa.string(), pa.string())).as_py()
    types = pa.schema([('checkpointMetadata', pa.struct([('version', pa.int64())])), ('protocol', pa.struct([('minReaderVersion', pa.int32()), ('minWriterVersion', pa.int32()),
      ('readerFeatures', pa.list_(pa.string())), ('writerFeatures', pa.list_(pa.string()))])), ('metaData', table.schema.field('metaData').type),
      ('sidecar', pa.struct([('path', pa.string()), ('sizeInBytes', pa.int64()), ('modificationTime', pa.int64())]))])
    pq.write_table(pa.Table.from_pylist(actions, types), name + 'parquet')
os.remove(classic)
os.remove(LOG + '_last_checkpoint')
for n in range(5): os.remove(commit(n))
open(commit(5), 'w').write('\\n')", if json { "True" } else { "False" }),
        );
        project.run();
        assert_eq!(ids(&project), "0 1 2 3 4");
    }
}

#[test]
fn the_version_of_a_moment_is_read() {
    let project = project("");
    python(
        project.path(),
        &format!(
            "{BEGIN}
import calendar
for n, day in enumerate([1, 2, 3, 5]):
    append(n)
    seconds = calendar.timegm((2024, 1, day, 12, 0, 0))
    os.utime(commit(n), (seconds, seconds))"
        ),
    );
    let source = std::fs::read_to_string(project.path().join("sources/t.yml")).unwrap();
    for (moment, expected) in
        [("2024-01-02T12:00:00Z", "0 1"), ("2024-01-05T11:59:59+00:00", "0 1 2"), ("2030-01-01T00:00:00Z", "0 1 2 3")]
    {
        project.write("sources/t.yml", source.replace("path: t", &format!("path: t, timestamp: \"{moment}\"")));
        project.run();
        assert_eq!(ids(&project), expected);
    }
    project.write("sources/t.yml", source.replace("path: t", "path: t, timestamp: \"2023-01-01T00:00:00Z\""));
    assert_told(&project.say(&["run"]).exits(1), "HW0393", &["no version of 2023-01-01T00:00:00Z"]);
}

/// Rows that are deleted by deletion vectors, which Headwater's own tables have.
#[test]
fn rows_of_deletion_vectors_are_left_out() {
    let project = Project::empty().with("data/.keep", "");
    python(
        project.path(),
        "
import sqlite3
db = sqlite3.connect('shop.db')
db.execute('create table orders (id integer primary key, amount integer, at integer)')
db.executemany('insert into orders values (?, ?, 1)', [(n, n) for n in range(1000)])
db.commit()",
    );
    let own = "connector: sqlite\npath: shop.db\nstreams:\n  - { table: raw.own, from: orders, mode: incremental, cursor: at, key: [id] }\n";
    project.write("sources/own.yml", own);
    project.run();
    python(
        project.path(),
        "
import sqlite3
db = sqlite3.connect('shop.db')
db.execute('update orders set amount = -1, at = 2 where id % 100 = 7')
db.commit()",
    );
    project.run();
    let log = std::fs::read_to_string(project.lake().join("raw/own/_delta_log/00000000000000000001.json")).unwrap();
    assert!(log.contains("\"deletionVector\":{"), "{log}");
    let other = "connector: delta\nlocation: lake/raw\nstreams:\n  - { table: raw.copy, path: own }\n  - { table: raw.changes, path: own, mode: cdc, key: [id] }\n";
    project.write("sources/copy.yml", other);
    project.run();
    let expected = python(
        project.path(),
        "
from deltalake import DeltaTable, QueryBuilder
t = QueryBuilder().register('t', DeltaTable('lake/raw/own')).execute('select count(*) n, sum(amount) s from t').read_all()
print(t['n'][0].as_py(), t['s'][0].as_py(), sep=',')",
    );
    // The sum of 0 to 999 without 7, 107, … 907, of which each is -1 now.
    assert_eq!(expected, format!("1000,{}", 499_500 - 4_570 - 10));
    for table in ["copy", "changes"] {
        assert_eq!(query(project.path(), &format!("select count(*), sum(amount) from raw.{table}")), expected);
    }
    // A bad row is the file's 101st, and the 100th that is left.
    let narrow = "connector: delta\nlocation: lake/raw\nstreams:\n  - { table: raw.narrow, path: own, on_bad_row: fail, columns: { amount: { type: \"decimal(2,0)\" } } }\n";
    project.write("sources/narrow.yml", narrow);
    assert_told(&project.say(&["run", "--select", "raw.narrow"]).exits(1), "HW0309", &["row 101", "'amount'"]);
    std::fs::remove_file(project.path().join("sources/narrow.yml")).unwrap();
    // More of them, by a vector that takes the place of the other.
    python(
        project.path(),
        "
import sqlite3
db = sqlite3.connect('shop.db')
db.execute('update orders set amount = -5, at = 3 where id % 100 = 8')
db.commit()",
    );
    project.say(&["run", "--select", "raw.own"]).exits(0);
    let report = project.say(&["run", "--json"]).exits(0).json();
    for table in ["copy", "changes"] {
        let sum = query(project.path(), &format!("select count(*), sum(amount) from raw.{table}"));
        assert_eq!(sum, format!("1000,{}", 499_500 - 4_570 - 10 - 4_580 - 50), "{report}");
    }
    let lake = project.lake().join("raw/own");
    let vector = std::fs::read_dir(&lake).unwrap().flatten().map(|file| file.path());
    let vectors: Vec<_> = vector.filter(|path| path.extension().is_some_and(|end| end == "bin")).collect();
    let newest = vectors.iter().max_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
    let newest = newest.expect("the table has a file of deletion vectors");
    let mut bytes = std::fs::read(newest).unwrap();
    let last = bytes.len() - 6;
    bytes[last] ^= 0xff;
    std::fs::write(newest, bytes).unwrap();
    let said = project.say(&["run", "--full-refresh", "--select", "raw.copy"]).exits(1);
    assert_told(&said, "HW0395", &["a deletion vector of the table", "checksum"]);
}

/// Some writers name files by `file:/path`, and some tables have files of other tables.
#[test]
fn files_are_found_by_the_paths_that_a_log_names() {
    let project = project("");
    python(
        project.path(),
        "
import os, glob, pyarrow as pa, shutil
from deltalake import write_deltalake
write_deltalake('data/t', pa.table({'id': [1, 2]}))
os.makedirs('data/elsewhere')
log = 'data/t/_delta_log/00000000000000000000.json'
file = glob.glob('data/t/*.parquet')[0]
shutil.move(file, 'data/elsewhere/')
text = open(log).read().replace(os.path.basename(file), 'file:' + os.getcwd() + '/data/elsewhere/' + os.path.basename(file))
open(log, 'w').write(text)",
    );
    project.run();
    assert_eq!(ids(&project), "1 2");
}

#[test]
fn damage_is_told_and_nothing_is_loaded() {
    let project = project("");
    python(project.path(), &format!("{BEGIN}\nfor n in range(4): append(n)"));
    project.run();
    let log = |n: u64| project.path().join(format!("data/t/_delta_log/{n:020}.json"));
    let whole = std::fs::read_to_string(log(3)).unwrap();
    project.write("data/t/_delta_log/00000000000000000003.json", &whole[..whole.len() / 2]);
    assert_told(
        &project.say(&["run", "--full-refresh"]).exits(1),
        "HW0391",
        &["of data/t/_delta_log/00000000000000000003.json cannot be understood"],
    );
    project.write("data/t/_delta_log/00000000000000000003.json", &whole);
    let kept = std::fs::read_to_string(log(2)).unwrap();
    std::fs::remove_file(log(2)).unwrap();
    assert_told(
        &project.say(&["run", "--full-refresh"]).exits(1),
        "HW0391",
        &["the commit of version 2 of the table data/t is missing"],
    );
    project.write("data/t/_delta_log/00000000000000000002.json", &kept);
    let action: serde_json::Value = kept
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|action: &serde_json::Value| action.get("add").is_some())
        .unwrap();
    let file = project.path().join("data/t").join(action["add"]["path"].as_str().unwrap().replace("%25", "%"));
    std::fs::rename(&file, project.path().join("aside")).unwrap();
    assert_told(
        &project.say(&["run", "--full-refresh"]).exits(1),
        "HW0395",
        &["a data file of the table cannot be read", "VACUUM"],
    );
    std::fs::rename(project.path().join("aside"), &file).unwrap();
    let protocol = "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\",\"variantType\",\"rowMagic\"],\"writerFeatures\":[]}}\n";
    project.write("data/t/_delta_log/00000000000000000004.json", protocol);
    assert_told(&project.say(&["run"]).exits(1), "HW0392", &["variantType, rowMagic"]);
    assert_eq!(rows(project.path(), "select * from raw.t").len(), 4);
    project.write("sources/t.yml", "connector: delta\nlocation: data\nstreams:\n  - { table: raw.t, path: nowhere }\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0390", &["there is no folder data/nowhere"]);
    project.write("sources/t.yml", "connector: delta\nstreams:\n  - { table: raw.t, path: data }\n");
    assert_told(&project.say(&["run"]).exits(1), "HW0390", &["there is no Delta table in data"]);
    project
        .write("sources/t.yml", "connector: delta\nlocation: https://example.org/x\nstreams:\n  - { table: raw.t }\n");
    assert_told(&project.say(&["check"]).exits(2), "HW0122", &["is a web server, which lists no files"]);
}
