//! `cluster_by`, `cluster_order` and `target_file_size`: how rows lie in files, by the log's statistics.

use serde_json::Value;

use super::log;
use crate::program::{json, ok, query};
use crate::project::{Project, assert_told};

/// A million rows whose numbers come in no order, about 20 bytes each.
const ROWS: &str = "select cast(value as bigint) as id, cast(value * 7919 % 1000003 as bigint) as a, \
                    cast(value * 104729 % 999983 as bigint) as b, sin(value) as s from generate_series(1, 1000000)";

fn project(header: &str) -> Project {
    Project::empty().with("models/marts/t.sql", format!("/*---\n{header}\n---*/\n{ROWS}\n"))
}

/// How many of a table's files hold a value of a column, on average over a hundred values.
fn files_looked_into(project: &Project, column: &str) -> f64 {
    let files = log::files(&project.lake(), "marts.t");
    let holds = |value: i64| {
        let hit = |file: &&log::File| (file.range(column).0..=file.range(column).1).contains(&value);
        files.values().filter(hit).count()
    };
    (0..100).map(|step| holds(step * 9_973)).sum::<usize>() as f64 / 100.0
}

const CONTENTS: &str = "select count(*), sum(id), sum(a * b % 1009), count(distinct a) from marts.t";

#[test]
fn files_are_as_large_as_they_should_be_and_sorted() {
    let project = project("cluster_by: a\ntarget_file_size: 2MiB");
    project.run();
    let files = log::files(&project.lake(), "marts.t");
    assert!(files.len() >= 6, "{} files", files.len());
    let full = files.values().filter(|file| file.size > 1_500_000 && file.size < 4_000_000).count();
    assert!(full >= files.len() - 4, "{:?}", files.values().map(|file| file.size).collect::<Vec<_>>());
    let lanes = std::thread::available_parallelism().unwrap().get() as f64;
    assert!(files_looked_into(&project, "a") <= lanes + 1.0, "{}", files_looked_into(&project, "a"));
    // What each lane wrote last may be small.
    json(project.path(), &["maintain", "--compact"]);
    assert!(files_looked_into(&project, "a") <= lanes + 1.0, "{}", files_looked_into(&project, "a"));
    assert!(ok(project.path(), &["maintain", "--compact"]).contains("no table"), "it is as it should be");
}

#[test]
fn a_changed_layout_rebuilds_nothing_and_is_laid_out_anew_by_maintenance() {
    let project = project("target_file_size: 1MiB");
    project.run();
    let contents = query(project.path(), CONTENTS);
    let scattered = files_looked_into(&project, "a");
    assert!(scattered > 8.0, "{scattered}");

    project.write("models/marts/t.sql", format!("/*---\ncluster_by: [a]\ntarget_file_size: 1MiB\n---*/\n{ROWS}\n"));
    let plan = ok(project.path(), &["plan"]);
    assert!(plan.contains("marts.t is to be clustered by a") && plan.contains("1 asset is up to date"), "{plan}");
    assert!(ok(project.path(), &["run"]).contains("nothing to publish"));
    let done = json(project.path(), &["maintain", "--compact"]);
    assert_eq!(done["tables"][0]["laid_out_anew"], true, "{done}");
    assert!(files_looked_into(&project, "a") <= 1.1, "{}", files_looked_into(&project, "a"));
    assert_eq!(query(project.path(), CONTENTS), contents);
    assert!(!ok(project.path(), &["plan"]).contains("clustered"));
    assert_eq!(json(project.path(), &["maintain", "--compact"])["snapshot"], Value::Null);

    let header = "cluster_by: [a, b]\ncluster_order: z_order\ntarget_file_size: 1MiB";
    project.write("models/marts/t.sql", format!("/*---\n{header}\n---*/\n{ROWS}\n"));
    assert!(ok(project.path(), &["run"]).contains("nothing to publish"));
    assert_eq!(json(project.path(), &["maintain"])["tables"][0]["laid_out_anew"], true);
    let files = log::files(&project.lake(), "marts.t").len() as f64;
    for column in ["a", "b"] {
        let found = files_looked_into(&project, column);
        assert!(found < files / 2.5, "{column}: {found} of {files}");
    }
    assert_eq!(query(project.path(), CONTENTS), contents);
    assert_eq!(json(project.path(), &["maintain"])["snapshot"], Value::Null);
    assert!(ok(project.path(), &["run"]).contains("nothing to publish"));
}

#[test]
fn partitions_are_compacted_each_by_itself() {
    let project = super::project();
    let header = "/*---\npartition_by: p\ncluster_by: v\n---*/\n";
    project.write("models/marts/t.sql", format!("{header}select id % 3 as p, id, v from raw.n\n"));
    project.run();
    (1..=3).for_each(|number| drop(super::arrive(&project, number)));
    let files = log::files(&project.lake(), "marts.t");
    assert!(files.len() == 12 && files.keys().all(|path| path.starts_with("p=")), "{files:?}");
    json(project.path(), &["maintain", "marts.t"]);
    let files = log::files(&project.lake(), "marts.t");
    assert_eq!((files.len(), log::count(&project.lake(), "marts.t")), (3, 2_024), "{files:?}");
    let sums = "select count(*), sum(v), min(id), max(id) from";
    assert_eq!(
        query(project.path(), &format!("{sums} marts.t where p = 2")),
        query(project.path(), &format!("{sums} raw.n where id % 3 = 2"))
    );
    assert_eq!(json(project.path(), &["maintain", "marts.t"])["snapshot"], Value::Null);
}

#[test]
fn what_cannot_be_is_told_where_it_is_written() {
    let told = |header: &str, code: &str, words: &[&str]| {
        let said = project(header).say(&["check"]).exits(2);
        assert_told(&said, code, words);
        assert!(said.err.contains("models/marts/t.sql:"), "{}", said.err);
    };
    told("cluster_by: [a, bb]", "HW0926", &["has no such column", "did you mean 'b'?"]);
    told("cluster_by: a\ncluster_order: z_order", "HW0135", &["two columns"]);
    told("cluster_by: a\npartition_by: a", "HW0135", &["leave it out of `cluster_by`"]);
    told("target_file_size: 10kB", "HW0114", &["at least 1MiB"]);
    told("materialize: view\ncluster_by: a", "HW0135", &["a view has no files"]);
    let nested =
        Project::empty().with("models/marts/t.sql", "/*---\ncluster_by: l\n---*/\nselect make_array(1, 2) as l\n");
    assert_told(&nested.say(&["check"]).exits(2), "HW0926", &["no order"]);
}
