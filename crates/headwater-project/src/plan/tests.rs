//! Reasons, on a graph with a stream, a seed, a view and two tables.

mod pruning;
mod unselected;

use std::path::PathBuf;
use std::sync::Arc;

use headwater_diagnostics::{SourceMap, Span};
use headwater_sdk::RunId;
use headwater_sdk::check::{CompiledCheck, Probe, Severity, Threshold};
use headwater_sdk::connector::{Drift, OnBadRow, ReadMode, StreamSettings};
use serde_json::json;

use super::*;
use crate::{CheckSpec, Environment, Input, Materialize, ModelAsset, StreamAsset};

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

fn span() -> Span {
    Span { file: SourceMap::default().add("a.sql".into(), String::new()), start: 0, end: 0 }
}

fn asset(name: &str, inputs: &[&str], kind: AssetKind) -> Asset {
    Asset {
        name: table(name),
        span: span(),
        path: String::new(),
        description: None,
        owner: None,
        tags: Vec::new(),
        columns: Vec::new(),
        checks: Vec::new(),
        inputs: inputs.iter().map(|input| Input { table: table(input), span: span() }).collect(),
        check_inputs: Vec::new(),
        kind,
    }
}

fn stream(name: &str, mode: ReadMode) -> StreamAsset {
    StreamAsset {
        connector: "files",
        source: json!({ "location": "secret" }),
        stream: json!({ "path": "*.csv" }),
        written: json!({ "source": { "location": "${PLACE}" }, "stream": { "path": "*.csv" } }),
        settings: StreamSettings {
            table: table(name),
            mode,
            on_bad_row: OnBadRow::Reject,
            drift: Drift::Fail,
            columns: Vec::new(),
            key: Vec::new(),
            lookback: None,
        },
        origin: "files: *.csv".into(),
        freshness: None,
        most_bad_rows: None,
    }
}

fn model(name: &str, inputs: &[&str], sql: &str, materialize: Materialize) -> Asset {
    let mut model = ModelAsset::new(sql.into(), span());
    model.materialize = materialize;
    asset(name, inputs, AssetKind::Model(model))
}

fn check(kind: &str, severity: Severity) -> CheckSpec {
    let check = CompiledCheck {
        kind: kind.into(),
        name: format!("{kind}(a)"),
        description: Some("why".into()),
        columns: vec!["a".into()],
        severity,
        threshold: Threshold::default(),
        filter: None,
        probe: Probe::NotNull { columns: vec!["a".into()] },
    };
    CheckSpec { check, span: span(), column_spans: Vec::new(), filter_span: None, written: None }
}

/// raw.a (new files), seeds.b → staging.a (view) → marts.a, marts.z; marts.z checks against seeds.b.
fn project() -> Project {
    let mut last = model("marts.z", &["staging.a", "raw.a__rejected"], "select 1", Materialize::Table);
    last.check_inputs.push(Input { table: table("seeds.b"), span: span() });
    Project {
        dir: PathBuf::new(),
        name: "p".into(),
        environment: Environment {
            name: "dev".into(),
            lake: String::new(),
            catalog: None,
            storage: BTreeMap::new(),
            memory: 0,
        },
        assets: vec![
            asset("raw.a", &[], AssetKind::Stream(stream("raw.a", ReadMode::NewFiles))),
            asset("seeds.b", &[], AssetKind::Seed(stream("seeds.b", ReadMode::Full))),
            model("staging.a", &["raw.a"], "select a from raw.a", Materialize::View),
            model("marts.a", &["staging.a", "seeds.b"], "select b", Materialize::Table),
            last,
        ],
        tests: Vec::new(),
        deliveries: Vec::new(),
        record_queries: true,
        secrets: Vec::new(),
        secret_sources: Arc::default(),
    }
}

fn desired(project: &Project) -> BTreeMap<TableName, Desired> {
    let entry = |asset: &Asset| {
        let source = (!matches!(asset.kind, AssetKind::Model(_))).then(|| "listing".to_owned());
        (asset.name.clone(), Desired { definition: definition(asset), source, ..Desired::default() })
    };
    project.assets.iter().map(entry).collect()
}

/// States as a run that built everything would leave them.
fn states(project: &Project) -> Vec<AssetState> {
    let desired = desired(project);
    let state = |asset: &Asset| AssetState {
        asset: asset.name.clone(),
        definition: desired[&asset.name].definition.clone(),
        inputs: tracked_inputs(project, asset).into_iter().map(|input| (input, "run1".to_owned())).collect(),
        reads: Vec::new(),
        contents: "run1".into(),
        parts: None,
        read_parts: Vec::new(),
        source: desired[&asset.name].source.clone(),
        newest: Vec::new(),
        run: RunId::from_text("run1"),
        snapshot: None,
        checks: Vec::new(),
        clustering: Default::default(),
    };
    project.assets.iter().map(state).collect()
}

fn reasons(project: &Project, desired: &BTreeMap<TableName, Desired>, states: &[AssetState]) -> Vec<(String, String)> {
    let tasks = plan(project, desired, states, false, None);
    let builds = tasks.into_iter().filter(|task| task.action == Action::Build);
    builds.map(|task| (task.asset.to_string(), task.reason)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, reason)| ((*name).to_owned(), (*reason).to_owned())).collect()
}

#[test]
fn a_new_lake_builds_everything_and_the_same_project_nothing() {
    let project = project();
    let first = plan(&project, &desired(&project), &[], false, None);
    assert!(first.iter().all(|task| task.action == Action::Build && task.reason == "new" && task.reload));
    let again = plan(&project, &desired(&project), &states(&project), false, None);
    assert!(again.iter().all(|task| task.action == Action::Skip && task.reason == "up to date" && !task.reload));
    let forced = plan(&project, &desired(&project), &states(&project), true, None);
    assert!(forced.iter().all(|task| task.reason == "--full-refresh" && task.reload));
}

#[test]
fn new_files_flow_to_everything_that_reads_them() {
    let project = project();
    let mut desired = desired(&project);
    desired.get_mut(&table("raw.a")).unwrap().arrived = Some("3 files, 1.2 MB".into());
    let expected = [
        ("raw.a", "3 files, 1.2 MB to load"),
        ("staging.a", "raw.a is rebuilt"),
        ("marts.a", "staging.a is rebuilt"),
        ("marts.z", "raw.a and staging.a are rebuilt"),
    ];
    assert_eq!(reasons(&project, &desired, &states(&project)), pairs(&expected));
}

#[test]
fn a_changed_seed_reaches_readers_and_checkers() {
    let project = project();
    let mut desired = desired(&project);
    let seed = desired.get_mut(&table("seeds.b")).unwrap();
    (seed.source, seed.arrived) = (Some("other".into()), Some("1 file".into()));
    let expected = [
        ("seeds.b", "its source changed: 1 file"),
        ("marts.a", "seeds.b is rebuilt"),
        ("marts.z", "seeds.b is rebuilt"),
    ];
    assert_eq!(reasons(&project, &desired, &states(&project)), pairs(&expected));
}

#[test]
fn an_input_that_was_published_since_is_caught_up_with() {
    let project = project();
    let mut states = states(&project);
    states[2].contents = "run2".into();
    let found = reasons(&project, &desired(&project), &states);
    let why = "its input staging.a was published since";
    assert_eq!(found, pairs(&[("marts.a", why), ("marts.z", why)]));
}

#[test]
fn a_source_that_cannot_be_asked_is_tried_again_by_its_task() {
    let project = project();
    let mut desired = desired(&project);
    let stream = desired.get_mut(&table("raw.a")).unwrap();
    (stream.source, stream.trouble) = (None, Some("no route to host".into()));
    assert_eq!(
        reasons(&project, &desired, &states(&project))[0],
        ("raw.a".to_owned(), "its source cannot be read: no route to host".to_owned())
    );
}

#[test]
fn volatile_sql_is_never_up_to_date() {
    let project = project();
    let mut desired = desired(&project);
    desired.get_mut(&table("marts.z")).unwrap().volatile = vec!["now".into(), "random".into()];
    let expected = [("marts.z", "uses now() and random(), so it is rebuilt every run")];
    assert_eq!(reasons(&project, &desired, &states(&project)), pairs(&expected));
}

#[test]
fn a_check_on_what_reads_the_asset_does_not_make_it_stale_for_ever() {
    let mut project = project();
    project.assets[3].check_inputs.push(Input { table: table("marts.z"), span: span() });
    let names: Vec<String> = tracked_inputs(&project, &project.assets[3]).iter().map(ToString::to_string).collect();
    assert_eq!(names, ["seeds.b", "staging.a"]);
    let mut states = states(&project);
    states[4].contents = "run2".into();
    assert_eq!(reasons(&project, &desired(&project), &states), []);
}

#[test]
fn a_changed_definition_says_what_changed() {
    let project = project();
    let before = states(&project);
    let reason = |change: &dyn Fn(&mut Asset)| {
        let mut changed = project.clone();
        change(&mut changed.assets[3]);
        let desired = desired(&changed);
        reasons(&changed, &desired, &before).into_iter().next().map(|(_, reason)| reason)
    };
    let edit = |asset: &mut Asset, edit: &dyn Fn(&mut ModelAsset)| {
        if let AssetKind::Model(model) = &mut asset.kind {
            edit(model);
        }
    };
    assert_eq!(reason(&|a| edit(a, &|m| m.sql = "SELECT  b -- same".into())), None);
    assert_eq!(reason(&|a| a.description = Some("new words".into())), None);
    let changed = |text: &str| Some(text.to_owned());
    assert_eq!(reason(&|a| edit(a, &|m| m.sql = "select c".into())), changed("its SQL changed"));
    assert_eq!(reason(&|a| a.checks.push(check("not_null", Severity::Warn))), changed("its checks changed"));
    assert_eq!(reason(&|a| edit(a, &|m| m.materialize = Materialize::View)), changed("its materialization changed"));
    let two = |a: &mut Asset| {
        edit(a, &|m| m.partition_by = vec!["b".into()]);
        a.checks.push(check("not_null", Severity::Warn));
    };
    assert_eq!(reason(&two), changed("its checks and its partitioning changed"));
}

#[test]
fn a_definition_holds_neither_secrets_nor_descriptions() {
    let base = asset("raw.a", &[], AssetKind::Stream(stream("raw.a", ReadMode::Full)));
    let mut rotated = base.clone();
    let mut moved = base.clone();
    if let (AssetKind::Stream(rotated), AssetKind::Stream(moved)) = (&mut rotated.kind, &mut moved.kind) {
        rotated.source = json!({ "location": "another secret" });
        moved.written = json!({ "source": { "location": "elsewhere" } });
    }
    assert_eq!(definition(&base), definition(&rotated));
    assert_ne!(definition(&base), definition(&moved));
    let (mut one, mut other) = (base.clone(), base);
    one.checks.push(check("not_null", Severity::Warn));
    let mut silent = check("not_null", Severity::Warn);
    silent.check.description = None;
    other.checks.push(silent);
    assert_eq!(definition(&one), definition(&other));
}

#[test]
fn what_becomes_of_bad_rows_is_no_reason_to_load_again() {
    let project = project();
    let state = &states(&project)[0];
    let changed = |change: &dyn Fn(&mut StreamAsset)| {
        let mut asset = project.assets[0].clone();
        if let AssetKind::Stream(stream) = &mut asset.kind {
            change(stream);
        }
        definition(&asset)
    };
    let stricter = changed(&|stream| stream.settings.on_bad_row = OnBadRow::Fail);
    assert_ne!(stricter, state.definition, "what comes from now on is judged by it");
    assert!(!needs_reload(&stricter, Some(state), false));
    assert!(needs_reload(&changed(&|stream| stream.settings.key.push("id".into())), Some(state), false));
}
