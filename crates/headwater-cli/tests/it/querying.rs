//! How queries are planned: what is proven to be the same has to be.

use crate::program::query;
use crate::project::Project;

/// Tables with keys that come twice, that are null, and that only one of them has.
fn tables() -> Project {
    let stream =
        |table: &str| format!("  - {{ table: raw.{table}, path: {table}.csv, format: {{ type: csv, null: [NA] }} }}\n");
    let project = Project::empty()
        .with(
            "sources/t.yml",
            format!("connector: files\nlocation: data\nstreams:\n{}{}{}", stream("a"), stream("b"), stream("s")),
        )
        .with("data/a.csv", "k,v\n1,a\n1,b\n2,c\nNA,d\n")
        .with("data/b.csv", "k,w\n1,10\n2,20\n2,21\n3,30\n")
        .with("data/s.csv", "k,w\n1,10\n1,21\nNA,NA\n");
    project.run();
    project
}

#[test]
fn rows_of_a_join_are_looked_up_in_either_side_of_it() {
    let project = tables();
    let ask = |sql: &str| query(project.path(), sql).replace('\n', " ");
    let list = "in (select k from raw.s)";
    assert_eq!(
        ask(&format!("select v, w from raw.a join raw.b on a.k = b.k where a.k {list} order by 1, 2")),
        "a,10 b,10"
    );
    assert_eq!(
        ask(&format!("select v, w from raw.a join raw.b on a.k = b.k where b.k {list} order by 1, 2")),
        "a,10 b,10"
    );
    assert_eq!(
        ask(&format!(
            "select x.v, b.w from (select k as key, v from raw.a) x, raw.b where x.key = b.k and x.key {list} order by 1"
        )),
        "a,10 b,10"
    );
    // Every row of the left side stays in a left join; what is asked of the right side is asked of the joined rows.
    assert_eq!(
        ask(
            "select v, w from raw.a left join raw.b on a.k = b.k where a.v in (select 'd' union all select 'a') order by 1"
        ),
        "a,10 d,"
    );
    assert_eq!(
        ask("select v, b.w from raw.a left join raw.b on a.k = b.k where b.w in (select w from raw.s) order by 1, 2"),
        "a,10 b,10 c,21"
    );
    assert_eq!(
        ask("select v, b.w from raw.b right join raw.a on a.k = b.k where b.w in (select w from raw.s) order by 1, 2"),
        "a,10 b,10 c,21"
    );
    assert_eq!(ask("select count(*) from raw.a full join raw.b on a.k = b.k where b.w in (select w from raw.s)"), "3");
    // Keys of both sides, and a list within a list.
    assert_eq!(
        ask(
            "select v from raw.a join raw.b on a.k = b.k where exists (select 1 from raw.s where s.k = a.k and s.w = b.w) order by 1"
        ),
        "a b"
    );
    assert_eq!(
        ask(
            "select v from raw.a join raw.b on a.k = b.k where a.k in (select b.k from raw.b join raw.a on a.k = b.k where b.w in (select w from raw.s)) order by v"
        ),
        "a b c c"
    );
    assert_eq!(
        ask(&format!("select v from raw.a join raw.b on a.k = b.k where a.k not {list}")),
        "",
        "NOT IN a list with a null"
    );
    assert_eq!(
        ask(
            "select v, w from raw.a join raw.b on a.k = b.k where not exists (select 1 from raw.s where s.k = a.k) order by w"
        ),
        "c,20 c,21"
    );
}

#[test]
fn the_list_is_looked_up_before_the_join() {
    let project = tables();
    let plan = query(
        project.path(),
        "explain select v, w from raw.a join raw.b on a.k = b.k where a.k in (select k from raw.s group by k having count(*) > 1)",
    );
    let logical = plan.split("physical_plan").next().unwrap();
    let (semi, inner) = (logical.find("LeftSemi Join").unwrap(), logical.find("Inner Join").unwrap());
    assert!(inner < semi, "{logical}");
    // Of two lists both are, and the one that is written first stays so.
    let plan = query(
        project.path(),
        "explain select v, w from raw.a join raw.b on a.k = b.k where a.k in (select k from raw.s) and a.k in (select k from raw.b)",
    );
    let logical = plan.split("physical_plan").next().unwrap();
    let found: Vec<&str> = logical
        .lines()
        .map(str::trim_start)
        .filter(|line| line.contains(" Join") || line.contains("TableScan"))
        .collect();
    assert_eq!(found.len(), 7, "{logical}");
    assert!(found[0].contains("Inner Join"), "{logical}");
    assert_eq!(found.iter().filter(|line| line.contains("LeftSemi Join")).count(), 2, "{logical}");
}

#[test]
fn a_join_that_does_not_fit_into_memory_is_answered_all_the_same() {
    let project = Project::numbers().with("headwater.yml", "name: small\ndefaults: { memory: 192MiB }\n");
    project.run();
    let side = "select value as k, repeat(cast(value as string), 12) as text from generate_series(1, 1500000)";
    let sql = format!(
        "select count(*), sum(a.k) from ({side}) a join ({side}) b on a.k = b.k where length(a.text) = length(b.text)"
    );
    assert_eq!(query(project.path(), &sql), "1500000,1125000750000");
    let done = query(project.path(), &format!("explain analyze {sql}"));
    assert!(done.contains("SortMergeJoinExec") && !done.contains("HashJoinExec"), "{done}");
}
