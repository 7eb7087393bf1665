//! A project's models are planned again at every command: planning must stay fast.

use std::time::{Duration, Instant};

use headwater_engine::analysis::analyze;

use super::tables::{SESSION, schema_of};

/// A long model: CTEs, a join, a window, an aggregate, a few conditions.
const MODEL: &str = "
with orders as (select id, a, b, c, coalesce(name, 'none') as name from s.t where b is not null),
newest as (select *, row_number() over (partition by a order by c desc) as n from orders)
select o.a as customer, u.label, date_trunc('day', now()) as loaded, count(*) as orders, sum(o.b * 2) as total,
    max(case when o.c > 10 then o.b else 0 end) as most
from newest o left join s.u as u on u.id = o.id and u.d > 3
where o.n = 1 and o.name like 'a%' and o.id in (select boss from s.e where pay > 10)
group by o.a, u.label
having count(*) > 1";

/// The time that this thread has run: on a busy machine the clock says little. `None` where the system does not tell.
fn time_on_processor() -> Option<Duration> {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    status.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[test]
fn a_model_is_planned_in_about_a_millisecond() {
    analyze(&SESSION, MODEL, &schema_of).unwrap();
    let (started, clock) = (time_on_processor(), Instant::now());
    for _ in 0..1_000 {
        analyze(&SESSION, MODEL, &schema_of).unwrap();
    }
    let took = started.and_then(|started| Some(time_on_processor()? - started)).unwrap_or_else(|| clock.elapsed());
    println!("1,000 models in {took:?} of one processor");
    // Only where the code is optimised, with room for slower machines.
    if !cfg!(debug_assertions) {
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}

/// Each CTE reads the one before twice: written out, the last would be read a million times.
#[test]
fn ctes_that_are_read_twice_do_not_double_the_work_of_lineage() {
    let mut sql = "with c0 as (select id, a from s.t)".to_owned();
    for n in 1..=9 {
        let before = n - 1;
        sql.push_str(&format!(", c{n} as (select l.id, r.a from c{before} l join c{before} r on l.id = r.a)"));
    }
    sql.push_str(" select id, a from c9");
    let started = Instant::now();
    let analysis = analyze(&SESSION, &sql, &schema_of).unwrap();
    println!("nine doublings in {:?}", started.elapsed());
    assert_eq!(analysis.lineage.columns.len(), 2);
}
