//! Plans about a selection.

use super::*;

/// Every task of a plan about some assets with why it would have been built, and what is told of its inputs.
fn told(desired: &BTreeMap<TableName, Desired>, selected: &[&str]) -> (Vec<String>, Vec<String>) {
    let project = project();
    let selected = selected.iter().map(|name| table(name)).collect();
    let tasks = plan(&project, desired, &states(&project), false, Some(&selected));
    let shown = |task: &PlannedTask| {
        let pending = task.pending.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{} {:?}: {}{pending}", task.asset, task.action, task.reason)
    };
    (tasks.iter().map(shown).collect(), passed_over(&project, &tasks))
}

/// What assets should be when `raw.a` has a file to load.
fn with_a_file() -> BTreeMap<TableName, Desired> {
    let mut desired = desired(&project());
    desired.get_mut(&table("raw.a")).unwrap().arrived = Some("1 file".into());
    desired
}

fn change_sql(desired: &mut BTreeMap<TableName, Desired>, name: &str) {
    let definition = &mut desired.get_mut(&table(name)).unwrap().definition;
    let start = definition.find("SQL=").unwrap();
    definition.replace_range(start..start + "SQL=".len() + 16, "SQL=0123456789abcdef");
}

#[test]
fn what_is_not_selected_stays_and_says_why_it_would_have_been_built() {
    let mut desired = with_a_file();
    change_sql(&mut desired, "staging.a");
    let (tasks, notes) = told(&desired, &["marts.z"]);
    let expected = [
        "raw.a NotSelected: not selected (1 file to load)",
        "seeds.b NotSelected: not selected",
        "staging.a NotSelected: not selected (its SQL changed)",
        "marts.a NotSelected: not selected",
        "marts.z Skip: up to date",
    ];
    assert_eq!(tasks, expected);
    let expected = [
        "raw.a has changes that were not selected: 1 file to load",
        "staging.a has changes that were not selected: its SQL changed",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn a_view_follows_what_it_shows_unless_it_was_changed() {
    let (tasks, notes) = told(&with_a_file(), &["raw.a", "marts.z"]);
    let expected = [
        "raw.a Build: 1 file to load",
        "seeds.b NotSelected: not selected",
        "staging.a Build: not selected, but it shows raw.a, which is rebuilt",
        "marts.a NotSelected: not selected (staging.a is rebuilt)",
        "marts.z Build: raw.a and staging.a are rebuilt",
    ];
    assert_eq!(tasks, expected);
    assert_eq!(notes, [] as [&str; 0], "nothing selected reads marts.a");
    let mut changed = with_a_file();
    change_sql(&mut changed, "staging.a");
    assert_eq!(told(&changed, &["raw.a"]).0[2], "staging.a NotSelected: not selected (its SQL changed)");
}
