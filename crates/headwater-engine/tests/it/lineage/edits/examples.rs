//! Edits, and what they leave as it is.

use headwater_engine::analysis::analyze;
use headwater_sdk::engine::Analysis;

use super::kept;
use crate::lineage::tables::{SESSION, schema_of};

fn plan(sql: &str) -> Analysis {
    analyze(&SESSION, sql, &schema_of).unwrap_or_else(|error| panic!("{sql}: {}", error.message))
}

/// The names of the new query's columns that are proven to be those of the old one, or `other rows`.
fn left(old: &str, new: &str) -> String {
    let (old, new) = (plan(old), plan(new));
    let names = |pairs: Vec<(usize, usize)>| {
        pairs.iter().map(|(_, at)| new.lineage.columns[*at].name.clone()).collect::<Vec<_>>().join(" ")
    };
    kept(&old, &new).map_or_else(|| "other rows".to_owned(), names)
}

#[track_caller]
fn assert_left(cases: &[(&str, &str, &str)]) {
    for (old, new, expected) in cases {
        assert_eq!(left(old, new), *expected, "\n{old}\n{new}");
    }
}

#[test]
fn a_column_that_is_computed_otherwise_is_another_and_the_rest_stays() {
    assert_left(&[
        ("select a, b + 1 as x from s.t", "select a, b + 2 as x from s.t", "a"),
        ("select a, b as x from s.t", "select a, b as x, c from s.t", "a x"),
        ("select a, b as x from s.t", "select b as x from s.t", "x"),
        ("select a, b as x from s.t", "select b as y, a from s.t", "y a"),
        ("select a, b::text as x from s.t", "select a, b::double as x from s.t", "a"),
        ("select a, lower(name) as x from s.t", "select a, upper(name) as x from s.t", "a"),
        ("select a, name like 'a%' as x from s.t", "select a, name ilike 'a%' as x from s.t", "a"),
        (
            "select a, case when b > 1 then 1 end as x from s.t",
            "select a, case when b > 1 then 1 else 0 end as x from s.t",
            "a",
        ),
        ("select a, case b when 1 then 2 end as x from s.t", "select a, case when b = 1 then 2 end as x from s.t", "a"),
        ("select a, b in (1, 2) as x from s.t", "select a, b not in (1, 2) as x from s.t", "a"),
        ("select a, 'x' as k from s.t", "select a, 'y' as k from s.t", "a"),
        ("select a, arrow_typeof(b) as x from s.t", "select a, arrow_typeof(name) as x from s.t", "a"),
    ]);
}

#[test]
fn other_rows_are_other_rows() {
    let old = "select t.a, u.d from s.t join s.u on t.id = u.id where t.b > 1";
    for new in [
        "select t.a, u.d from s.t join s.u on t.id = u.id where t.b > 2",
        "select t.a, u.d from s.t left join s.u on t.id = u.id where t.b > 1",
        "select t.a, u.d from s.t join s.u on t.id = u.a where t.b > 1",
        "select t.a, u.d from s.t join s.u on t.id = u.id",
        "select distinct t.a, u.d from s.t join s.u on t.id = u.id where t.b > 1",
        "select t.a, u.d from s.t join s.u on t.id = u.id where t.b > 1 limit 5",
        "select t.a, max(u.d) as d from s.t join s.u on t.id = u.id where t.b > 1 group by t.a",
        "select t.a, u.d from s.t join s.u on t.id = u.id where t.b > 1 and t.id in (select id from s.u)",
    ] {
        assert_eq!(left(old, new), "other rows", "{new}");
    }
    assert_left(&[
        ("select a from s.t union all select d from s.u", "select a from s.t union select d from s.u", "other rows"),
        ("select a from s.t union all select d from s.u", "select a from s.t union all select a from s.u", ""),
        (
            "select a, b from s.t union all select a, d from s.u",
            "select a, b from s.t union all select a, id from s.u",
            "a",
        ),
        ("select distinct a, b from s.t", "select distinct a, b + 1 as b from s.t", "other rows"),
        ("select id, unnest(list) as x from s.n", "select id, unnest(other) as x from s.n", "other rows"),
        ("select a from s.t order by b", "select a from s.t order by c", "other rows"),
        ("select t.a from s.t t join s.t u using (id)", "select u.a from s.t t join s.t u using (id)", ""),
    ]);
}

#[test]
fn groups_and_their_values() {
    let old = "select a, sum(b) as x, count(*) as n from s.t group by a";
    assert_left(&[
        (old, "select a, sum(c) as x, count(*) as n from s.t group by a", "a n"),
        (old, "select a, sum(distinct b) as x, count(*) as n from s.t group by a", "a n"),
        (old, "select a, sum(b) filter (where c > 1) as x, count(*) as n from s.t group by a", "a n"),
        (old, "select a, sum(b) as x, count(b) as n from s.t group by a", "a x"),
        (old, "select a, sum(b) as x, count(*) as n from s.t where c > 1 group by a", "other rows"),
        (old, "select a, sum(b) as x, count(*) as n from s.t group by a, c", "other rows"),
        (old, "select a, sum(b) as x, count(*) as n from s.t group by rollup (a)", "other rows"),
        (old, "select a, sum(b) as x, count(*) as n from s.t group by a having count(*) > 1", "other rows"),
        (
            "select a, c, count(*) as n from s.t group by rollup (a, c)",
            "select a, c, count(*) as n from s.t group by cube (a, c)",
            "other rows",
        ),
        // Without keys there is one row, whatever is read.
        ("select sum(b) as x, count(*) as n from s.t", "select sum(c) as x, count(*) as n from s.t", "n"),
        ("select sum(b) as x, count(*) as n from s.t", "select sum(b) as x, count(*) as n from s.t where c > 1", ""),
    ]);
}

#[test]
fn windows_choose_no_rows() {
    let old = "select a, rank() over (partition by b order by c) as r from s.t";
    assert_left(&[
        (old, "select a, rank() over (partition by b order by c desc) as r from s.t", "a"),
        (old, "select a, rank() over (partition by name order by c) as r from s.t", "a"),
        (
            "select a, sum(b) over (order by c range between 1 preceding and current row) as r from s.t",
            "select a, sum(b) over (order by c range between 2 preceding and current row) as r from s.t",
            "a",
        ),
        (old, "select a, rank() over (partition by b order by c) as r from s.t qualify r = 1", "other rows"),
    ]);
}

#[test]
fn subqueries_belong_to_where_they_stand() {
    assert_left(&[
        (
            "select a, (select max(d) from s.u where u.id = t.id) as x from s.t",
            "select a, (select max(d) from s.u where u.id = t.a) as x from s.t",
            "a",
        ),
        (
            "select a, (select max(d) from s.u) as x from s.t",
            "select a, (select max(d) from s.u where d > 1) as x from s.t",
            "a",
        ),
        (
            "select a from s.t where exists (select 1 from s.u where u.id = t.id)",
            "select a from s.t where exists (select 2 from s.u where u.id = t.id)",
            "a",
        ),
        (
            "select a from s.t where exists (select 1 from s.u where u.id = t.id)",
            "select a from s.t where exists (select 1 from s.u where u.a = t.id)",
            "other rows",
        ),
        (
            "select a from s.t where a in (select a from s.u)",
            "select a from s.t where a in (select d from s.u)",
            "other rows",
        ),
    ]);
}

#[test]
fn rearranging_changes_nothing() {
    let plain = "select t.a as x, u.d + 1 as y from s.t join s.u on t.id = u.id where t.b > 1";
    for same in [
        "select x.a as x, z.d + 1 as y from s.t as x join s.u as z on x.id = z.id where x.b > 1",
        "with j as (select t.a, u.d, t.b from s.t join s.u on t.id = u.id) select a as x, d + 1 as y from j where b > 1",
        "select q.x, q.y from (select * from (select t.a as x, u.d + 1 as y, t.b from s.t join s.u on t.id = u.id) r where b > 1) q",
        "with one as (select * from s.t), two as (select * from s.u) \
         select one.a as x, two.d + 1 as y from one join two on one.id = two.id where one.b > 1",
    ] {
        assert_eq!(left(plain, same), "x y", "{same}");
    }
    assert_left(&[
        ("select a, count(*) as n from s.t group by a, b", "select a, count(*) as n from s.t group by a, b", "a n"),
        (
            "with recursive r as (select id, boss from s.e where boss is null union all select e.id, e.boss from s.e join r on e.boss = r.id) select id from r",
            "with recursive chain as (select id, boss from s.e where boss is null union all select e.id, e.boss from s.e join chain on e.boss = chain.id) select id from chain",
            "id",
        ),
        (
            "with recursive r as (select id, boss from s.e where boss is null union all select e.id, e.boss from s.e join r on e.boss = r.id) select id from r",
            "with recursive r as (select id, boss from s.e where boss is null union all select e.id, e.boss from s.e join r on e.id = r.boss) select id from r",
            "other rows",
        ),
    ]);
}

/// What may come out otherwise when it is computed again is never vouched for, even when nothing is edited.
#[test]
fn what_sql_leaves_open_is_vouched_for_by_nothing() {
    for (sql, expected) in [
        ("select a, now() as x from s.t", "a"),
        ("select a, random() as x from s.t", "a"),
        ("select a from s.t where b > random()", "other rows"),
        ("select a from s.t limit 5", "other rows"),
        ("select a from s.t order by a limit 5", "other rows"),
        ("select distinct on (a) a, b from s.t order by a, b", "other rows"),
        ("select a, row_number() over (order by b) as x from s.t", "a"),
        ("select a, lag(c) over (order by b) as x from s.t", "a"),
        ("select a, sum(c) over (order by b rows between 1 preceding and current row) as x from s.t", "a"),
        ("select a, sum(c) over (order by b) as x from s.t", "a x"),
        ("select a, first_value(b order by c) as x from s.t group by a", "a"),
        ("select a, array_agg(b) as x from s.t group by a", "a"),
        ("select a, string_agg(name, ',') as x from s.t group by a", "a"),
        ("select a, sum(cast(b as double)) as x, sum(c) as y from s.t group by a", "a y"),
        ("select day, sum(price) as x, avg(price) as y, max(price) as z from s.w group by day", "day x y z"),
        ("select a, (select b from s.u u2 limit 1) as x from s.t", "a"),
        ("select count(*) as n from (select a from s.t limit 5) q", ""),
        ("select a, x from s.t, generate_series(1, 3) as g (x)", "other rows"),
    ] {
        let sql = sql.replace("select b from s.u u2", "select d from s.u u2");
        assert_eq!(left(&sql, &sql), expected, "{sql}");
    }
}
