//! Loading is linear in the size of the project.

use std::time::Instant;

use crate::folder::Folder;

/// A model of about 20 lines with a header, reading two others.
fn model(i: usize) -> String {
    format!(
        "/*---\ndescription: One row per order, number {i}.\nmaterialize: table\nowner: ops\ntags: [gold]\ncolumns:\n  id: {{ description: Its number. }}\nchecks:\n  - not_null: [id, customer]\n  - range: {{ column: amount, min: 0, severity: warn }}\n---*/\nwith recent as (\n  select id, customer, amount from s{}.m{}\n  where placed_at > '2013-01-01' and status in ('paid', 'sent')\n)\nselect r.id, r.customer, sum(r.amount) as amount, count(*) filter (where c.active) as n\nfrom recent r left join raw.customers c on c.id = r.customer\ngroup by r.id, r.customer\norder by r.id\n",
        (i - 1) % 10,
        i - 1
    )
}

fn project(models: usize) -> Folder {
    let mut folder = Folder::shop().with("models/s0/m0.sql", "select * from raw.orders");
    for i in 1..models {
        folder = folder.with(&format!("models/s{}/m{i}.sql", i % 10), &model(i));
    }
    folder
}

#[test]
fn a_thousand_models_load_at_once() {
    let folder = project(1000);
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(folder.load().project.unwrap().assets.len(), 1002);
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("1,000 models: {:.1} ms", best * 1e3);
    // Optimised it has to be well below 300 ms; without optimisation this only guards against quadratic work.
    let limit = if cfg!(debug_assertions) { 10.0 } else { 0.3 };
    assert!(best < limit, "{best} s");
}
