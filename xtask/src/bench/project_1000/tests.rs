//! The made-up project is what the scenario says.

use std::collections::BTreeSet;

use super::models::{Model, all, render, seeds};

fn tables_of(model: &Model) -> Vec<String> {
    let tables = std::cell::RefCell::new(Vec::new());
    render(&model.body, |schema, name| {
        tables.borrow_mut().push(format!("{schema}.{name}"));
        String::new()
    });
    tables.into_inner()
}

#[test]
fn models_are_as_many_as_asked_for_and_read_what_is_there() {
    for count in [30, 1000] {
        let models = all(count);
        assert_eq!(models.len(), count);
        let mut known: BTreeSet<String> = seeds().iter().map(|(name, _)| format!("seeds.{name}")).collect();
        for model in &models {
            let read = tables_of(model);
            assert!(!read.is_empty() && read.iter().all(|table| known.contains(table)), "{}: {read:?}", model.name);
            assert!(known.insert(format!("{}.{}", model.schema, model.name)), "{} is there twice", model.name);
        }
    }
}

#[test]
fn models_are_of_a_realistic_size() {
    let models = all(1000);
    let lines: usize = models.iter().map(|model| model.body.lines().count()).sum();
    assert!((15_000..30_000).contains(&lines), "{lines}");
    let of = |schema: &str| models.iter().filter(|model| model.schema == schema).count();
    assert_eq!(["staging", "joined", "monthly", "ranking"].map(of), [100, 300, 400, 200]);
}

#[test]
fn the_same_project_is_made_every_time() {
    let bodies = || all(100).into_iter().map(|model| model.body).collect::<Vec<_>>();
    assert_eq!(bodies(), bodies());
    assert_eq!(seeds(), seeds());
}

#[test]
fn tables_are_written_in_each_dialect() {
    assert_eq!(
        render("from [a.b] join [c.d] on x", |schema, name| format!("{schema}:{name}")),
        "from a:b join c:d on x"
    );
}
