//! Only what uses something that changes is built, on a graph of a stream, a staging model and three marts:
//! raw.a → staging.a (k, gate, day) → marts.gates (gate), marts.keys (k) → marts.all (select * from marts.keys).

use headwater_sdk::lineage::{ColumnLineage, ColumnRef, Edge, Fingerprint, Fingerprints, Influence, OutputColumn};
use headwater_sdk::store::LineageRecord;

use super::*;

/// A column of a model: its name, its expression, and the columns of `from` that it is made from.
type Made = (&'static str, &'static str, &'static [&'static str]);

fn edge(table_name: &str, column: &str, influence: Influence) -> Edge {
    Edge { from: ColumnRef { table: table(table_name), column: column.into() }, influence, masking: false }
}

fn print(text: &str) -> Fingerprint {
    Fingerprint { hash: text.trim_end_matches('?').into(), stable: !text.ends_with('?') }
}

/// What a query tells. A text that ends in `?` is not stable.
fn computed(from: &str, columns: &[Made], rows: &str, deciding: &[&str]) -> Computed {
    let output = |(name, _, used): &Made| OutputColumn {
        name: (*name).into(),
        edges: used.iter().map(|column| edge(from, column, Influence::Identity)).collect(),
    };
    let lineage = ColumnLineage {
        columns: columns.iter().map(output).collect(),
        dataset: deciding.iter().map(|column| edge(from, column, Influence::Filter)).collect(),
    };
    let fingerprints = Fingerprints {
        columns: columns.iter().map(|(_, expression, _)| print(expression)).collect(),
        rows: print(rows),
    };
    Computed { lineage, fingerprints }
}

/// A lake and its project.
struct World {
    project: Project,
    desired: BTreeMap<TableName, Desired>,
    states: BTreeMap<TableName, AssetState>,
    runs: usize,
}

impl World {
    /// Everything is built.
    fn new() -> Self {
        let mut project = super::project();
        project.assets = vec![
            asset("raw.a", &[], AssetKind::Stream(stream("raw.a", ReadMode::NewFiles))),
            model("staging.a", &["raw.a"], "select 1", Materialize::View),
            model("marts.gates", &["staging.a"], "select 2", Materialize::Table),
            model("marts.keys", &["staging.a"], "select 3", Materialize::Table),
            model("marts.all", &["marts.keys"], "select 4", Materialize::Table),
        ];
        let mut world = Self { project, desired: BTreeMap::new(), states: BTreeMap::new(), runs: 0 };
        world.desired = desired(&world.project);
        world.desired.get_mut(&table("raw.a")).unwrap().columns = texts(&["k", "gate", "day"]);
        world.stage("rows", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "day", &["day"])]);
        world.edit("marts.gates", "staging.a", &[("gate", "upper(gate)", &["gate"])], "groups", &["gate"]);
        world.edit("marts.keys", "staging.a", &[("k", "k", &["k"])], "rows", &[]);
        world.edit("marts.all", "marts.keys", &[("k", "k", &["k"])], "rows", &[]);
        world.run();
        world
    }

    fn stage(&mut self, rows: &str, columns: &[Made]) {
        self.edit("staging.a", "raw.a", columns, rows, &[]);
    }

    /// Gives a model another query.
    fn edit(&mut self, name: &str, from: &str, columns: &[Made], rows: &str, deciding: &[&str]) {
        let computed = computed(from, columns, rows, deciding);
        let asset = self.project.assets.iter_mut().find(|asset| asset.name == table(name)).unwrap();
        if let AssetKind::Model(model) = &mut asset.kind {
            model.sql = format!("select {columns:?} {rows} {deciding:?}");
        }
        let desired = self.desired.get_mut(&table(name)).unwrap();
        desired.definition = definition(asset);
        desired.columns = columns.iter().map(|(name, ..)| ((*name).to_owned(), "string".to_owned())).collect();
        desired.query = Some(Arc::new(computed));
    }

    fn plan(&self) -> Vec<PlannedTask> {
        plan(&self.project, &self.desired, &self.states.values().cloned().collect::<Vec<_>>(), false, None)
    }

    fn task(&self, name: &str) -> PlannedTask {
        self.plan().into_iter().find(|task| task.asset == table(name)).unwrap()
    }

    fn builds(&self) -> Vec<(String, String)> {
        let builds = self.plan().into_iter().filter(|task| task.action == Action::Build);
        builds.map(|task| (task.asset.to_string(), task.reason)).collect()
    }

    fn run(&mut self) {
        self.run_but(&[]);
    }

    /// Builds what is planned, but for assets that fail.
    fn run_but(&mut self, failing: &[&str]) {
        self.runs += 1;
        let run = RunId::from_text(format!("run{}", self.runs));
        for task in self.plan().into_iter().filter(|task| task.action == Action::Build) {
            if failing.iter().any(|name| table(name) == task.asset) {
                continue;
            }
            let asset = self.project.asset(&task.asset).unwrap();
            let (desired, inputs) = (&self.desired[&task.asset], tracked_inputs(&self.project, asset));
            let before = self.states.get(&task.asset).and_then(|state| state.parts.as_ref());
            let state = AssetState {
                asset: task.asset.clone(),
                definition: desired.definition.clone(),
                inputs: inputs.iter().map(|input| (input.clone(), self.states[input].contents.clone())).collect(),
                reads: Vec::new(),
                contents: run.to_string(),
                parts: Some(parts_after(desired, &task.changes, before, &run)),
                read_parts: parts_read(asset, desired, &inputs, |input| self.states.get(input)?.parts.as_ref()),
                source: desired.source.clone(),
                newest: Vec::new(),
                run: run.clone(),
                snapshot: None,
                checks: Vec::new(),
            };
            self.states.insert(task.asset, state);
        }
    }

    fn arrive(&mut self, what: Option<&str>) {
        self.desired.get_mut(&table("raw.a")).unwrap().arrived = what.map(str::to_owned);
    }
}

fn texts(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), "string".to_owned())).collect()
}

#[test]
fn an_edited_column_builds_what_uses_it_and_says_why_the_rest_stays() {
    let mut world = World::new();
    assert_eq!(world.builds(), []);
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "trim(gate)", &["gate"]), ("day", "day", &["day"])]);
    let expected = [("staging.a", "its SQL changed"), ("marts.gates", "column gate of staging.a changes")];
    assert_eq!(world.builds(), pairs(&expected));
    assert_eq!(world.task("staging.a").difference.words(), "gate is computed otherwise");
    let keys = world.task("marts.keys");
    assert_eq!(keys.cause, Cause::Untouched);
    assert_eq!(keys.reason, "staging.a is rebuilt, but only its column gate, which this does not use");
    assert_eq!(world.task("marts.all").reason, "up to date");
    world.run();
    assert_eq!(world.builds(), [], "what was left alone stays up to date");
    world.stage("rows", &[("k", "k + 1", &["k"]), ("gate", "trim(gate)", &["gate"]), ("day", "day", &["day"])]);
    let expected = [
        ("staging.a", "its SQL changed"),
        ("marts.keys", "column k of staging.a changes"),
        ("marts.all", "column k of marts.keys changes"),
    ];
    assert_eq!(world.builds(), pairs(&expected));
}

#[test]
fn other_rows_build_everything() {
    let mut world = World::new();
    world.stage("filtered", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "day", &["day"])]);
    let expected = [
        ("staging.a", "its SQL changed"),
        ("marts.gates", "staging.a is rebuilt"),
        ("marts.keys", "staging.a is rebuilt"),
        ("marts.all", "marts.keys is rebuilt"),
    ];
    assert_eq!(world.builds(), pairs(&expected));
    world = World::new();
    world.arrive(Some("1 file"));
    assert_eq!(world.builds().len(), 5, "new rows reach everything");
    world.run();
    world.arrive(None);
    assert_eq!(world.builds(), []);
}

#[test]
fn a_column_that_decides_rows_downstream_changes_all_of_them() {
    let mut world = World::new();
    world.edit("marts.keys", "staging.a", &[("k", "k", &["k"])], "rows", &["day"]);
    world.run();
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "day + 1", &["day"])]);
    let expected = [
        ("staging.a", "its SQL changed"),
        ("marts.keys", "column day of staging.a changes"),
        ("marts.all", "marts.keys is rebuilt"),
    ];
    assert_eq!(world.builds(), pairs(&expected));
}

#[test]
fn columns_that_come_and_go_are_for_those_who_name_them() {
    let mut world = World::new();
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("hour", "hour", &["day"])]);
    assert_eq!(world.builds(), pairs(&[("staging.a", "its SQL changed")]));
    assert_eq!(world.task("staging.a").difference.words(), "hour is new; day is gone");
    world.run();
    assert_eq!(world.builds(), []);
    // select * sees what comes and what goes.
    world.edit("marts.keys", "staging.a", &[("k", "k", &["k"]), ("hour", "hour", &["hour"])], "rows", &[]);
    let gone = |world: &mut World, columns: &[Made]| {
        let query = computed("marts.keys", columns, "rows", &[]);
        let desired = world.desired.get_mut(&table("marts.all")).unwrap();
        desired.columns = columns.iter().map(|(name, ..)| ((*name).to_owned(), "string".to_owned())).collect();
        desired.query = Some(Arc::new(query));
    };
    gone(&mut world, &[("k", "k", &["k"]), ("hour", "hour", &["hour"])]);
    let expected = [("marts.keys", "its SQL changed"), ("marts.all", "column hour of marts.keys changes")];
    assert_eq!(world.builds(), pairs(&expected));
    world.run();
    world.edit("marts.keys", "staging.a", &[("k", "k", &["k"])], "rows", &[]);
    gone(&mut world, &[("k", "k", &["k"])]);
    let expected = [("marts.keys", "its SQL changed"), ("marts.all", "its inputs have other columns: hour is gone")];
    assert_eq!(world.builds(), pairs(&expected));
}

#[test]
fn what_may_come_out_otherwise_counts_as_changed() {
    let mut world = World::new();
    world.stage("rows", &[("k", "first(k)?", &["k"]), ("gate", "gate", &["gate"]), ("day", "day", &["day"])]);
    world.run();
    world.stage("rows", &[("k", "first(k)?", &["k"]), ("gate", "gate", &["gate"]), ("day", "d", &["day"])]);
    let expected = [
        ("staging.a", "its SQL changed"),
        ("marts.keys", "column k of staging.a changes"),
        ("marts.all", "column k of marts.keys changes"),
    ];
    assert_eq!(world.builds(), pairs(&expected));
    world.stage("limited?", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "day", &["day"])]);
    world.run();
    world.stage("limited?", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "d", &["day"])]);
    assert_eq!(world.builds().len(), 4, "a build may choose other rows");
}

#[test]
fn a_view_that_leaves_a_choice_open_chooses_anew_when_an_input_is_built() {
    let more: &[Made] = &[("k", "k", &["k"]), ("day", "day", &["day"])];
    for (rows, materialize, builds) in
        [("limited?", Materialize::View, 2), ("limited?", Materialize::Table, 1), ("rows", Materialize::View, 1)]
    {
        let mut world = World::new();
        world.edit("marts.all", "marts.keys", &[("k", "k", &["k"])], rows, &[]);
        let all = world.project.assets.iter_mut().find(|asset| asset.name == table("marts.all")).unwrap();
        if let AssetKind::Model(model) = &mut all.kind {
            model.materialize = materialize.clone();
        }
        world.desired.get_mut(&table("marts.all")).unwrap().definition = definition(all);
        world.run();
        world.edit("marts.keys", "staging.a", more, "rows", &[]);
        assert_eq!(world.builds().len(), builds, "{rows} {materialize:?}: {:?}", world.builds());
        world.run();
        assert_eq!(world.builds(), []);
    }
}

#[test]
fn what_failed_is_caught_up_with_and_what_was_left_alone_is_not() {
    let mut world = World::new();
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "trim(gate)", &["gate"]), ("day", "day", &["day"])]);
    world.run_but(&["marts.gates"]);
    let expected = [("marts.gates", "its input staging.a was published since")];
    assert_eq!(world.builds(), pairs(&expected));
    // Meanwhile another column changes.
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "trim(gate)", &["gate"]), ("day", "d", &["day"])]);
    let builds = world.builds();
    assert_eq!(builds.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["staging.a", "marts.gates"]);
}

#[test]
fn states_without_parts_are_built_as_before() {
    let mut world = World::new();
    for state in world.states.values_mut() {
        (state.parts, state.read_parts) = (None, Vec::new());
    }
    assert_eq!(world.builds(), []);
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "trim(gate)", &["gate"]), ("day", "day", &["day"])]);
    assert_eq!(world.builds().len(), 4);
    world.run();
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "day", &["day"])]);
    assert_eq!(world.builds().len(), 2, "from then on they have parts");
}

#[test]
fn checks_count_by_the_columns_that_they_read() {
    let mut world = World::new();
    let keys = world.project.assets.iter_mut().find(|asset| asset.name == table("marts.keys")).unwrap();
    keys.check_inputs.push(Input { table: table("marts.gates"), span: span() });
    let checked = BTreeMap::from([(table("marts.gates"), BTreeSet::from(["gate".to_owned()]))]);
    world.desired.get_mut(&table("marts.keys")).unwrap().checked = checked;
    world.states.clear();
    world.run();
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "trim(gate)", &["gate"]), ("day", "day", &["day"])]);
    let expected = [
        ("staging.a", "its SQL changed"),
        ("marts.gates", "column gate of staging.a changes"),
        ("marts.keys", "marts.gates is rebuilt"),
    ];
    assert_eq!(world.builds(), pairs(&expected));
    let all = world.task("marts.all");
    assert_eq!(all.reason, "marts.keys is rebuilt, but its contents stay the same");
    // A check that sets rows aside decides which there are.
    let staging = world.project.assets.iter_mut().find(|asset| asset.name == table("staging.a")).unwrap();
    staging.checks.push(check("not_null", Severity::Quarantine));
    world.desired.get_mut(&table("staging.a")).unwrap().definition = definition(staging);
    assert_eq!(world.builds().len(), 4);
}

#[test]
fn a_query_that_means_something_else_with_fewer_columns_is_judged_anew() {
    let mut world = World::new();
    let keys = world.project.assets.iter_mut().find(|asset| asset.name == table("marts.keys")).unwrap();
    keys.check_inputs.push(Input { table: table("marts.gates"), span: span() });
    let two: &[Made] = &[("gate", "upper(gate)", &["gate"]), ("day", "day", &["day"])];
    world.edit("marts.gates", "staging.a", two, "groups", &["gate"]);
    let reads = |world: &mut World, columns: &[&str]| {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        let checked = BTreeMap::from([(table("marts.gates"), columns)]);
        world.desired.get_mut(&table("marts.keys")).unwrap().checked = checked;
    };
    reads(&mut world, &["gate", "day"]);
    world.states.clear();
    world.run();
    // A check that joins naturally: with one column in common, where there were two.
    world.edit("marts.gates", "staging.a", &two[..1], "groups", &["gate"]);
    reads(&mut world, &["gate"]);
    let why = "it uses fewer columns of marts.gates, which has others now";
    assert_eq!(world.builds(), pairs(&[("marts.gates", "its SQL changed"), ("marts.keys", why)]));
}

#[test]
fn a_side_table_changes_with_every_build_of_its_owner() {
    let mut world = World::new();
    let keys = world.project.assets.iter_mut().find(|asset| asset.name == table("marts.all")).unwrap();
    keys.inputs.push(Input { table: table("staging.a__quarantine"), span: span() });
    world.states.clear();
    world.run();
    world.stage("rows", &[("k", "k", &["k"]), ("gate", "gate", &["gate"]), ("day", "d", &["day"])]);
    assert_eq!(world.builds(), pairs(&[("staging.a", "its SQL changed"), ("marts.all", "staging.a is rebuilt")]));
}

#[test]
fn checks_and_declared_types_change_nothing_for_readers() {
    let mut world = World::new();
    let staging = world.project.assets.iter_mut().find(|asset| asset.name == table("staging.a")).unwrap();
    staging.checks.push(check("not_null", Severity::Warn));
    world.desired.get_mut(&table("staging.a")).unwrap().definition = definition(staging);
    assert_eq!(world.builds(), pairs(&[("staging.a", "its checks changed")]));
    let staging = world.project.assets.iter_mut().find(|asset| asset.name == table("staging.a")).unwrap();
    if let AssetKind::Model(model) = &mut staging.kind {
        model.materialize = Materialize::Table;
    }
    world.desired.get_mut(&table("staging.a")).unwrap().definition = definition(staging);
    assert_eq!(world.builds().len(), 4, "kept in another way");
}

#[test]
fn renamed_and_retyped_columns_break_their_readers() {
    let mut world = World::new();
    world.stage("rows", &[("key", "k", &["k"]), ("gate", "gate::int", &["gate"])]);
    world.desired.get_mut(&table("staging.a")).unwrap().columns[1].1 = "int".to_owned();
    let tasks = world.plan();
    let record = |name: &str, query: &Computed| LineageRecord {
        asset: table(name),
        columns: query.lineage.columns.iter().map(|column| (column.name.clone(), "string".to_owned())).collect(),
        lineage: query.lineage.clone(),
        origin: None,
    };
    let published = [
        record("marts.gates", &computed("staging.a", &[("gate", "", &["gate"])], "", &["gate"])),
        record("marts.keys", &computed("staging.a", &[("k", "", &["k"])], "", &[])),
        record("marts.all", &computed("marts.keys", &[("k", "", &["k"])], "", &[])),
    ];
    let affected =
        |name: &str, column: Option<&str>| Affected { table: table(name), column: column.map(str::to_owned) };
    let change = |column: &str, loss: Loss, affects: Vec<Affected>| Breaking {
        table: table("staging.a"),
        column: Some(column.to_owned()),
        loss,
        affects,
    };
    let found = breaking(&tasks, &[table("marts.all")], &published);
    assert_eq!(found[0], change("day", Loss::ColumnRemoved, Vec::new()));
    let users = vec![affected("marts.all", Some("k")), affected("marts.keys", Some("k"))];
    assert_eq!(found[1], change("k", Loss::ColumnRenamed { to: "key".into() }, users));
    let users = vec![affected("marts.gates", None), affected("marts.gates", Some("gate"))];
    assert_eq!(found[2], change("gate", Loss::ColumnRetyped { from: "string".into(), to: "int".into() }, users));
    let gone = Breaking { table: table("marts.all"), column: None, loss: Loss::TableRemoved, affects: Vec::new() };
    assert_eq!(found[3..], [gone]);
    let words = "gate (string → int) is retyped; k → key is renamed; day is gone";
    assert_eq!(tasks[1].difference.words(), words);
}
