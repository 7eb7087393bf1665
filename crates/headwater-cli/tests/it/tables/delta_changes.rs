//! Delta tables that change: what came, went and was changed since the last run.

use super::python;
use crate::program::query;
use crate::project::{Project, assert_told};

fn project(more: &str) -> Project {
    let source = format!("connector: delta\nlocation: data\nstreams:\n  - {{ table: raw.t, path: t, {more} }}\n");
    Project::empty().with("sources/t.yml", source).with("data/.keep", "")
}

const BEGIN: &str = "
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
def batch(a, b, value): return pa.table({'id': list(range(a, b)), 'value': [f'{value} {n}' for n in range(a, b)], 'part': [n % 3 for n in range(a, b)]})
";

/// All rows, as another reader has them.
const ROWS: &str = "
for row in DeltaTable('data/t').to_pyarrow_table().sort_by('id').to_pylist(): print(row['id'], row['value'], row['part'], sep=',')
";

#[track_caller]
fn same(project: &Project, program: &str) {
    let expected = python(project.path(), &format!("{BEGIN}{program}{ROWS}"));
    project.run();
    assert_eq!(query(project.path(), "select id, value, part from raw.t order by id"), expected);
}

#[test]
fn appended_rows_are_added_and_nothing_else() {
    let project = project("mode: new_files");
    same(&project, "write_deltalake('data/t', batch(0, 100, 'a'), partition_by=['part'])");
    same(
        &project,
        "write_deltalake('data/t', batch(100, 150, 'b'), mode='append')\nwrite_deltalake('data/t', batch(150, 160, 'c'), mode='append')",
    );
    // The same rows in other files.
    same(&project, "DeltaTable('data/t').optimize.compact()");
    assert!(project.run().out.contains("nothing"), "nothing to do");
    python(project.path(), &format!("{BEGIN}DeltaTable('data/t').delete('id < 10')"));
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0394", &["version 4 of the table data/t", "DELETE", "mode: cdc", "--full-refresh"]);
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "160");
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "150");
    same(&project, "write_deltalake('data/t', batch(200, 210, 'd'), mode='append')");
}

#[test]
fn changes_are_taken_up_by_key_with_and_without_a_feed() {
    for feed in [true, false] {
        let project = project("mode: cdc, key: [id]");
        let configuration = if feed { "{'delta.enableChangeDataFeed': 'true'}" } else { "{}" };
        same(
            &project,
            &format!(
                "write_deltalake('data/t', batch(0, 100, 'a'), partition_by=['part'], configuration={configuration})"
            ),
        );
        same(&project, "write_deltalake('data/t', batch(100, 120, 'b'), mode='append')");
        same(&project, "DeltaTable('data/t').delete('id % 10 = 3')");
        same(&project, "DeltaTable('data/t').update(predicate='id < 20', updates={'value': \"'changed'\"})");
        // A key that moves to another partition, one that is new, and one that goes, over several versions at once.
        let merge = "
t = DeltaTable('data/t')
t.merge(pa.table({'id': [1, 2, 500], 'value': ['m1', 'm2', 'm500'], 'part': [7, 7, 7]}), 't.id = s.id', source_alias='s', target_alias='t').when_matched_update_all().when_not_matched_insert_all().execute()
t.delete('id = 2')
t.optimize.compact()
t.update(predicate='id = 500', updates={'id': '501'})
";
        same(&project, merge);
        assert!(project.run().out.contains("nothing"), "nothing to do");
        // All of it replaced.
        same(&project, "write_deltalake('data/t', batch(90, 95, 'z'), mode='overwrite')");
        assert_eq!(query(project.path(), "select count(*) from raw.t"), "5");
        // What is restored comes back.
        same(&project, "DeltaTable('data/t').restore(3)");
    }
}

#[test]
fn only_what_has_changed_is_written() {
    let project = project("mode: cdc, key: [id]");
    same(&project, "write_deltalake('data/t', batch(0, 5000, 'a'))");
    // The file is written anew with 4,999 rows as they were.
    python(
        project.path(),
        &format!("{BEGIN}DeltaTable('data/t').update(predicate='id = 7', updates={{'value': \"'x'\"}})"),
    );
    let report = project.say(&["run", "--json"]).exits(0).json();
    assert_eq!(report["assets"][0]["rows_out"], 1, "{report}");
}

#[test]
fn a_table_that_was_made_anew_is_told_apart() {
    let project = project("mode: new_files");
    same(&project, "write_deltalake('data/t', batch(0, 10, 'a'))");
    std::fs::remove_dir_all(project.path().join("data/t")).unwrap();
    python(
        project.path(),
        &format!(
            "{BEGIN}write_deltalake('data/t', batch(0, 3, 'b'))\nwrite_deltalake('data/t', batch(3, 5, 'b'), mode='append')"
        ),
    );
    assert_told(&project.say(&["run"]).exits(1), "HW0393", &["another one than was read before", "--full-refresh"]);
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.t"), "5");
}

#[test]
fn mistakes_in_the_project_are_told_before_anything_is_read() {
    for (more, words) in [
        ("mode: cdc", "there is none"),
        ("mode: new_files, version: 3", "`version` names one version"),
        ("timestamp: yesterday", "which is no moment"),
        ("mode: incremental", "incremental"),
    ] {
        let said = project(more).say(&["check"]).exits(2);
        assert!(said.err.contains(words), "{more}: {}", said.err);
    }
}
