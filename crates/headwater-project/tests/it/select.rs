//! Selections of a small project: what they choose, and what is said where they choose nothing.

use std::collections::{BTreeMap, BTreeSet};

use headwater_diagnostics::{SourceMap, render_terminal};
use headwater_project::plan::{Action, Cause, Changes, Difference, PlannedTask};
use headwater_project::select::{Selection, Standing, unbuilt_inputs, unchecked_views};
use headwater_project::{Asset, Project};
use headwater_sdk::TableName;
use proptest::prelude::*;

use crate::diagnostics::golden;
use crate::folder::Folder;

/// Two streams of the source `shop`, a seed; staging on raw, marts on staging; `marts.fct` is checked against `marts.dim`.
fn folder() -> Folder {
    Folder::new()
        .with(
            "sources/shop.yml",
            "connector: files\nlocation: data\ntags: [nightly]\nowner: ops\nstreams:\n  - { table: raw.orders, path: o.csv }\n  - { table: raw.customers, path: c.csv, tags: [pii] }\n",
        )
        .with("seeds/countries.csv", "code,name\n")
        .with("models/staging/orders.sql", "/*---\nmaterialize: view\n---*/\nselect * from raw.orders\n")
        .with("models/staging/customers.sql", "/*---\ntags: [pii]\n---*/\nselect * from raw.customers\n")
        .with("models/marts/dim.sql", "select * from staging.customers join seeds.countries on true\n")
        .with(
            "models/marts/fct.sql",
            "/*---\nowner: Data Team\ntags: [nightly]\nchecks: [ { relationships: { column: a, to: marts.dim.a } } ]\n---*/\nselect * from staging.orders\n",
        )
        .with("models/marts/top.sql", "select * from marts.fct join raw.orders__rejected on true\n")
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `raw.orders` is new, `marts.fct` was edited.
fn standing(asset: &Asset) -> Standing {
    match asset.name.to_string().as_str() {
        "raw.orders" => Standing::New,
        "marts.fct" => Standing::Modified,
        _ => Standing::Unmodified,
    }
}

fn chosen(project: &Project, select: &[String], exclude: &[String]) -> BTreeSet<TableName> {
    let mut files = SourceMap::default();
    let selection = Selection::read(select, exclude, project, &mut files)
        .unwrap_or_else(|wrong| panic!("{select:?} {exclude:?}: {}", render_terminal(&wrong, &files, false)));
    selection.map_or_else(
        || project.assets.iter().map(|asset| asset.name.clone()).collect(),
        |selection| selection.assets(project, &standing),
    )
}

fn names(project: &Project, select: &str, exclude: &str) -> String {
    chosen(project, &words(select), &words(exclude)).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn methods_choose_by_what_assets_are() {
    let project = folder().project();
    for (select, expected) in [
        ("marts.fct", "marts.fct"),
        ("orders", "raw.orders staging.orders"),
        ("staging", "staging.customers staging.orders"),
        ("staging.*", "staging.customers staging.orders"),
        ("*o?d*", "raw.orders staging.orders"),
        ("tag:nightly", "marts.fct raw.customers raw.orders"),
        ("tag:*i*", "marts.fct raw.customers raw.orders staging.customers"),
        ("source:shop", "raw.customers raw.orders"),
        ("source:shop.yml", "raw.customers raw.orders"),
        ("source:raw.orders", "raw.orders"),
        ("source:orders", "raw.orders"),
        ("path:models/staging", "staging.customers staging.orders"),
        ("models/*/orders.sql", "staging.orders"),
        ("path:seeds", "seeds.countries"),
        ("path:sources/shop.yml", "raw.customers raw.orders"),
        ("owner:ops", "raw.customers raw.orders"),
        ("type:view", "staging.orders"),
        ("resource_type:model", "marts.dim marts.fct marts.top staging.customers staging.orders"),
        ("type:stream type:seed", "raw.customers raw.orders seeds.countries"),
        ("state:new", "raw.orders"),
        ("state:modified", "marts.fct raw.orders"),
        ("state:unmodified,type:table", "marts.dim marts.top staging.customers"),
        ("tag:nightly,source:shop", "raw.customers raw.orders"),
        ("tag:nightly,type:seed", ""),
    ] {
        assert_eq!(names(&project, select, ""), expected, "{select}");
    }
    let quoted = chosen(&project, &["owner:'Data Team'".to_owned()], &[]);
    assert_eq!(quoted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["marts.fct"]);
}

#[test]
fn operators_walk_the_graph() {
    let project = folder().project();
    for (select, expected) in [
        ("+staging.orders", "raw.orders staging.orders"),
        ("staging.orders+", "marts.fct marts.top staging.orders"),
        ("raw.orders+1", "marts.top raw.orders staging.orders"),
        ("1+marts.fct", "marts.dim marts.fct staging.orders"),
        ("0+marts.fct", "marts.fct"),
        ("marts.dim+", "marts.dim marts.fct marts.top"),
        ("1+marts.fct+1", "marts.dim marts.fct marts.top staging.orders"),
        (
            "@seeds.countries",
            "marts.dim marts.fct marts.top raw.customers raw.orders seeds.countries staging.customers staging.orders",
        ),
        (
            "@marts.top",
            "marts.dim marts.fct marts.top raw.customers raw.orders seeds.countries staging.customers staging.orders",
        ),
        ("+marts.dim,+marts.fct", "marts.dim raw.customers seeds.countries staging.customers"),
    ] {
        assert_eq!(names(&project, select, ""), expected, "{select}");
    }
    assert_eq!(names(&project, "marts.*", "marts.fct+"), "marts.dim");
    assert_eq!(names(&project, "", "staging+ raw.*"), "seeds.countries");
    assert_eq!(names(&project, "marts.fct", "marts"), "", "nothing is left, and that is no error");
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let project = folder().project();
    let mut files = SourceMap::default();
    let mut out = String::new();
    for (select, exclude) in [
        ("+marts.fcts+ tag:nigthly", "owner:op"),
        ("marts.fct,,staging.orders tags:nightly state:changed type:sources", ""),
        ("raw.orders__rejected nightly dim.sql nonsense path:model/marts source:shops path:/tmp/elsewhere", ""),
        ("+ @ tag: @marts.fct+ marts.fct++ 99999999999+marts.fct !marts.fct", ""),
        ("owner:'Data", "marts|staging fct'x'"),
        (",marts.fct", "marts.fct, config.materialized:view"),
        ("", " "),
    ] {
        let exclude: Vec<String> = if exclude.is_empty() { Vec::new() } else { vec![exclude.to_owned()] };
        let select: Vec<String> = if select.is_empty() { Vec::new() } else { vec![select.to_owned()] };
        let wrong = Selection::read(&select, &exclude, &project, &mut files).unwrap_err();
        out.push_str(&render_terminal(&wrong, &files, false));
        out.push_str("\n----\n\n");
    }
    golden("select", &out);
}

#[test]
fn inputs_that_are_not_there_and_views_that_nothing_checks_are_refused() {
    let folder = folder();
    let loaded = folder.load();
    let project = loaded.project.unwrap();
    let table = |name: &str| name.parse::<TableName>().unwrap();
    let selected = BTreeSet::from([table("marts.fct"), table("marts.top")]);
    let unbuilt = unbuilt_inputs(&project, &selected, &|name| *name == table("staging.customers"));
    let task = PlannedTask {
        asset: table("raw.orders"),
        action: Action::Build,
        reason: "new".into(),
        reload: true,
        checks_changed: false,
        pending: None,
        cause: Cause::New,
        changed_parts: Vec::new(),
        difference: Difference::default(),
        changes: Changes::default(),
    };
    let (view, gone, reads) = (table("staging.orders"), table("old.orders"), [table("raw.orders")]);
    let views = BTreeMap::from([(&view, reads.as_slice()), (&gone, reads.as_slice())]);
    let unchecked = unchecked_views(&project, &[task], &views);
    golden("unselected", &render_terminal(&[unbuilt, unchecked].concat(), &loaded.files, false));
}

#[test]
fn a_selection_prints_as_the_options_to_type() {
    let project = folder().project();
    let (select, exclude) = (words("staging.* tag:nightly,+marts.fct"), vec!["owner:\"Data Team\"".to_owned()]);
    let selection = Selection::read(&select, &exclude, &project, &mut SourceMap::default()).unwrap().unwrap();
    let options = "--select 'staging.*' tag:nightly,+marts.fct --exclude 'owner:\"Data Team\"'";
    assert_eq!(selection.to_string(), options);
    assert!(!selection.asks_for_state());
    let none = Selection::read(&[], &[], &project, &mut SourceMap::default()).unwrap();
    assert!(none.is_none(), "all of the project");
    let state = Selection::read(&[], &words("+state:new"), &project, &mut SourceMap::default()).unwrap().unwrap();
    assert!(state.asks_for_state());
}

/// A term that the project has, without operators.
fn term() -> impl Strategy<Value = String> {
    let terms = [
        "marts.fct",
        "marts.dim",
        "orders",
        "staging",
        "raw.*",
        "tag:nightly",
        "tag:pii",
        "source:shop",
        "type:view",
        "state:modified",
        "path:models/marts",
        "owner:ops",
        "seeds.countries",
        "marts.top",
    ];
    prop::sample::select(terms.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn operators_add_up_and_exclusions_take_away(one in term(), other in term(), steps in 0_u32..4) {
        thread_local!(static PROJECT: Project = folder().project());
        PROJECT.with(|project| {
            let of = |text: &str| chosen(project, &[text.to_owned()], &[]);
            prop_assert_eq!(of(&format!("+{one}+")), &of(&format!("+{one}")) | &of(&format!("{one}+")));
            prop_assert_eq!(of(&format!("{one} {other}")), &of(&one) | &of(&other));
            prop_assert_eq!(of(&format!("{one},{other}")), &of(&one) & &of(&other));
            prop_assert_eq!(chosen(project, std::slice::from_ref(&one), std::slice::from_ref(&other)), &of(&one) - &of(&other));
            // Seven steps lead anywhere in a project of eight assets.
            prop_assert_eq!(of(&format!("{one}+7")), of(&format!("{one}+")));
            let (near, far) = (of(&format!("{steps}+{one}")), of(&format!("{}+{one}", steps + 1)));
            prop_assert!(near.is_subset(&far));
            let (chain, whole) = (of(&format!("+{one}+")), of(&format!("@{one}")));
            prop_assert!(chain.is_subset(&whole));
            let printed = Selection::read(&[format!("{steps}+{one},{other}+")], &[], project, &mut SourceMap::default());
            let printed = printed.unwrap().unwrap();
            let again = printed.to_string().replacen("--select ", "", 1);
            prop_assert_eq!(of(again.trim_matches('\'')), printed.assets(project, &standing));
            Ok(())
        })?;
    }
}
