//! Order and dependencies.

use headwater_sdk::TableName;

use crate::folder::Folder;

fn order(folder: &Folder) -> String {
    folder.project().assets.iter().map(|a| a.name.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn assets_come_after_what_they_read_and_ties_by_name() {
    let folder = Folder::shop()
        .with("models/z/first.sql", "select 1 a")
        .with("models/a/last.sql", "select * from m.c join z.first on true")
        .with("models/m/a.sql", "select * from raw.orders")
        .with("models/m/b.sql", "select * from raw.customers")
        .with("models/m/c.sql", "select * from m.a union all select * from m.b");
    assert_eq!(order(&folder), "raw.customers m.b raw.orders m.a m.c z.first a.last");
}

#[test]
fn checks_order_assets_unless_that_makes_a_cycle() {
    let check = |to: &str| format!("/*---\nchecks: [ {{ relationships: {{ column: a, to: {to}.a }} }} ]\n---*/\n");
    // `a.fact` is checked against `z.dim`, which comes first for that.
    let folder = Folder::shop()
        .with("models/a/fact.sql", &format!("{}select * from raw.orders", check("z.dim")))
        .with("models/z/dim.sql", "select * from raw.customers");
    assert_eq!(order(&folder), "raw.customers raw.orders z.dim a.fact");
    // `a.fact` is checked against a table that is made from it: the check then looks at the version before.
    let folder = Folder::shop()
        .with("models/a/fact.sql", &format!("{}select * from raw.orders", check("z.dim")))
        .with("models/z/dim.sql", "select * from a.fact");
    assert_eq!(order(&folder), "raw.customers raw.orders a.fact z.dim");
    // Against itself.
    let folder = Folder::shop().with("models/a/tree.sql", &format!("{}select * from raw.orders", check("a.tree")));
    assert_eq!(order(&folder), "raw.customers raw.orders a.tree");
    let project = folder.project();
    assert!(project.asset(&"a.tree".parse::<TableName>().unwrap()).unwrap().check_inputs.is_empty());
}

#[test]
fn a_long_chain_does_not_overflow_the_stack() {
    let mut folder = Folder::new().with("models/a/m0.sql", "select 1 a");
    for i in 1..3000 {
        folder = folder.with(&format!("models/a/m{i}.sql"), &format!("select * from a.m{}", i - 1));
    }
    assert_eq!(folder.project().assets.len(), 3000);
    let folder = folder.with("models/a/m0.sql", "select * from a.m2999");
    let loaded = folder.load();
    assert_eq!(loaded.diagnostics.len(), 1);
    assert_eq!(loaded.diagnostics[0].code, "HW0208");
}

#[test]
fn the_order_of_files_on_disk_does_not_matter() {
    let names = ["b", "a", "d", "c"];
    let build = |names: &[&str]| {
        names.iter().fold(Folder::new(), |folder, name| {
            folder.with(&format!("models/x/{name}.sql"), "select * from raw.nothing")
        })
    };
    let mut reversed = names;
    reversed.reverse();
    assert_eq!(build(&names).mistakes(), build(&reversed).mistakes());
}
