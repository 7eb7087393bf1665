//! `headwater diff`: what it tells against an answer that is computed here, row by row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::program::{json as ask, ok, rows};
use crate::project::{Project, assert_told};

/// A row: its key, and its values.
type Rows = BTreeMap<i64, (Option<String>, Option<i64>)>;

/// Pseudo-random, the same every time (Numerical Recipes' generator).
fn chance(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 16
}

fn project() -> Project {
    Project::empty().with(
        "sources/items.yml",
        "connector: files\nlocation: data\nstreams:\n  - table: raw.items\n    path: '*.csv'\n    mode: full\n    columns: { id: { type: bigint }, name: { type: string }, price: { type: bigint } }\n    checks: [ { unique: id } ]\n",
    )
}

fn write(project: &Project, items: &Rows) {
    let mut text = "id,name,price\n".to_owned();
    for (id, (name, price)) in items {
        let price = price.map(|price| price.to_string()).unwrap_or_default();
        let _ = writeln!(text, "{id},{},{price}", name.as_deref().unwrap_or_default());
    }
    project.write("data/items.csv", text);
}

fn items(state: &mut u32) -> Rows {
    let mut items = Rows::new();
    for id in 0..400 {
        let name = (!chance(state).is_multiple_of(9)).then(|| format!("item {}", chance(state) % 50));
        items.insert(id, (name, (!chance(state).is_multiple_of(7)).then(|| i64::from(chance(state) % 1000))));
    }
    items
}

/// Some rows go, some come, some change in one column or in both, to and from nulls.
fn edited(items: &Rows, state: &mut u32) -> Rows {
    let mut edited = items.clone();
    for id in 0..400 {
        match chance(state) % 12 {
            0 => drop(edited.remove(&id)),
            1 => edited.get_mut(&id).unwrap().0 = Some("another".into()),
            2 => edited.get_mut(&id).unwrap().1 = None,
            3 => drop(edited.insert(id, (None, Some(7)))),
            4 => drop(edited.insert(1000 + id, (Some("new".into()), Some(id)))),
            _ => {}
        }
    }
    edited
}

#[test]
fn rows_are_told_apart_by_their_key() {
    let (project, mut state) = (project(), 7);
    let first = items(&mut state);
    write(&project, &first);
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    let second = edited(&first, &mut state);
    write(&project, &second);
    project.say(&["run", "--branch", "next"]).exits(0);

    let added = second.keys().filter(|id| !first.contains_key(id)).count();
    let removed = first.keys().filter(|id| !second.contains_key(id)).count();
    let both: Vec<_> = first.iter().filter_map(|(id, old)| Some((id, old, second.get(id)?))).collect();
    let changed: BTreeMap<_, _> =
        both.iter().filter(|(_, old, new)| old != new).map(|(id, o, n)| (**id, (*o, *n))).collect();
    let names = changed.values().filter(|(old, new)| old.0 != new.0).count();
    let prices = changed.values().filter(|(old, new)| old.1 != new.1).count();
    assert!(added > 10 && removed > 10 && names > 10 && prices > 10);

    let told = ask(project.path(), &["diff", "main..next", "raw.items", "--limit", "1000"]);
    assert_eq!(told["key"], json!(["id"]), "the column of the unique check");
    let rows = &told["rows"];
    assert_eq!(rows["rows"], json!([first.len(), second.len()]));
    assert_eq!(
        (&rows["added"], &rows["removed"], &rows["changed"]),
        (&json!(added), &json!(removed), &json!(changed.len()))
    );
    assert_eq!(rows["columns"], json!([{ "name": "name", "changed": names }, { "name": "price", "changed": prices }]));
    let ids = |what: &str| -> Vec<i64> {
        rows["samples"][what].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("added"), second.keys().copied().filter(|id| !first.contains_key(id)).collect::<Vec<_>>());
    assert_eq!(ids("removed"), first.keys().copied().filter(|id| !second.contains_key(id)).collect::<Vec<_>>());
    let samples = rows["samples"]["changed"].as_array().unwrap();
    assert_eq!(samples.len(), changed.len());
    for (sample, (id, (old, new))) in samples.iter().zip(&changed) {
        assert_eq!(sample["key"]["id"], *id);
        let mut columns = Vec::new();
        if old.0 != new.0 {
            columns.push(json!(["name", old.0, new.0]));
        }
        if old.1 != new.1 {
            columns.push(json!(["price", old.1, new.1]));
        }
        assert_eq!(sample["columns"], Value::Array(columns), "{id}");
    }
    // The other way round.
    let back = ask(project.path(), &["diff", "next..main", "raw.items"]);
    assert_eq!((&back["rows"]["added"], &back["rows"]["removed"]), (&json!(removed), &json!(added)));
    assert_eq!(back["rows"]["columns"], rows["columns"]);
    // Whole rows: a row that changed is one that went and one that came.
    let whole = ask(project.path(), &["diff", "main..next", "raw.items", "--rows"]);
    let counts = (&whole["rows"]["added"], &whole["rows"]["removed"]);
    assert_eq!(counts, (&json!(added + changed.len()), &json!(removed + changed.len())));
    let same = ask(project.path(), &["diff", "2..2", "raw.items"]);
    assert_eq!((&same["rows"]["added"], &same["rows"]["changed"]), (&json!(0), &json!(0)));
    let text = ok(project.path(), &["diff", "next", "raw.items"]);
    assert!(text.contains(&format!("{added} added, {removed} removed, {} changed", changed.len())), "{text}");
}

#[test]
fn whole_rows_count_as_often_as_they_are_there() {
    let project = Project::empty()
        .with("sources/bag.yml", "connector: files\nlocation: data\nstreams:\n  - { table: raw.bag, path: '*.csv', mode: full, columns: { word: { type: string }, n: { type: int } } }\n")
        .with("data/bag.csv", "word,n\na,1\na,1\nb,\nb,\nc,3\n");
    project.run();
    project.write("data/bag.csv", "word,n\na,1\nb,\nb,\nb,\nd,3\n");
    project.run();
    let told = ask(project.path(), &["diff", "1..2", "raw.bag"]);
    assert_eq!((&told["key"], &told["rows"]["added"], &told["rows"]["removed"]), (&json!([]), &json!(2), &json!(2)));
    assert_eq!(told["rows"]["samples"]["added"], json!([{ "word": "b", "n": null }, { "word": "d", "n": 3 }]));
    assert_eq!(told["rows"]["samples"]["removed"], json!([{ "word": "a", "n": 1 }, { "word": "c", "n": 3 }]));
    let said = project.say(&["diff", "1..2", "raw.bag", "--key", "word"]).exits(1);
    assert_told(&said, "HW0637", &["word", "more than once"]);
    assert_told(&project.say(&["diff", "1..2", "raw.bag", "--key", "wrod"]).exits(2), "HW0636", &["wrod"]);
}

#[test]
fn tables_and_columns_that_differ_are_listed() {
    let project = super::orders();
    project.run();
    project.say(&["branch", "create", "next"]).exits(0);
    assert!(ok(project.path(), &["diff", "main..next"]).contains("nothing differs"));
    super::edit(&project);
    super::arrives(&project, 2);
    std::fs::remove_file(project.path().join("models/marts/facts.sql")).unwrap();
    project.write(
        "models/marts/totals.sql",
        "select region, count(*) as orders, sum(cents) / 1.0 as cents from staging.orders group by region\n",
    );
    project.say(&["run", "--branch", "next"]).exits(0);
    let told = ask(project.path(), &["diff", "main..next"]);
    assert_eq!((&told["before"]["snapshot"], &told["after"]["snapshot"]), (&json!(1), &json!(2)));
    let of = |table: &str| told["tables"].as_array().unwrap().iter().find(|t| t["table"] == table).unwrap();
    assert_eq!(of("marts.facts")["change"], "removed");
    assert_eq!((&of("marts.names")["change"], &of("marts.names")["rows_after"]), (&json!("added"), &json!(3)));
    assert_eq!((&of("raw.orders")["rows_before"], &of("raw.orders")["rows_after"]), (&json!(9), &json!(18)));
    let columns = &of("marts.totals")["columns"];
    assert_eq!((&columns["added"][0][0], &columns["removed"][0][0]), (&json!("region"), &json!("name")), "{columns}");
    assert_eq!(columns["retyped"][0][0], "cents", "{columns}");
    assert!(!told["tables"].as_array().unwrap().iter().any(|t| t["table"] == "raw.regions"));
    // A column of another type is compared by its values.
    project.write("models/marts/names.sql", "select region, cast(length(name) as bigint) as n from raw.regions\n");
    project.say(&["run", "--branch", "next"]).exits(0);
    project.write(
        "models/marts/names.sql",
        "select region, case when region = 's' then 1.5 else length(name) end as n from raw.regions\n",
    );
    project.say(&["run", "--branch", "next"]).exits(0);
    let retyped = ask(project.path(), &["diff", "3..4", "marts.names", "--key", "region"]);
    assert_eq!(retyped["columns"]["retyped"][0][0], "n", "{retyped}");
    assert_eq!(retyped["rows"]["columns"], json!([{ "name": "n", "changed": 1 }]), "{retyped}");
    // Rows of columns that both have can still be compared; of a view, too.
    let totals = ask(project.path(), &["diff", "main..next", "marts.totals"]);
    assert_eq!((&totals["key"], &totals["rows"]["rows"]), (&json!([]), &json!([3, 3])));
    let view = ask(project.path(), &["diff", "main..next", "staging.orders", "--key", "id"]);
    assert_eq!((&view["rows"]["added"], &view["rows"]["changed"]), (&json!(9), &json!(0)));
    assert_eq!(rows(project.path(), "select count(*) as n from staging.orders")[0]["n"], 9);
    assert_told(
        &project.say(&["diff", "main..next", "marts.facts"]).exits(2),
        "HW0934",
        &["next has no table marts.facts"],
    );
    assert_told(&project.say(&["diff", "main..nxet"]).exits(2), "HW0712", &["did you mean next?"]);
    assert_told(&project.say(&["diff", "main..99"]).exits(2), "HW0916", &["99"]);
    assert_told(&project.say(&["diff", "a..b..c"]).exits(2), "HW0935", &["before..after"]);
}
