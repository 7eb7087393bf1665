//! Projects without mistakes.

use headwater_project::{AssetKind, Materialize, Refresh};
use headwater_sdk::TableName;
use headwater_sdk::check::{Probe, Severity, Threshold};
use headwater_sdk::connector::{Drift, OnBadRow, ReadMode};

use crate::folder::Folder;

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

const SOURCE: &str = r#"
connector: files
location: data
owner: ops
tags: [raw]
streams:
  - table: raw.flights
    path: flights/*.csv.gz
    mode: new_files
    format: { type: csv, null: NA }
    columns:
      time_hour: { type: timestamp, description: Scheduled hour of departure (UTC) }
      carrier:
    on_bad_row: reject
    drift: add
    freshness: { warn_after: 36h, error_after: 3d }
    checks: [ { not_null: [carrier, flight] }, { not_null: carrier }, { not_null: carrier } ]
---
connector: queue
connection: "${DSN:-none}"
streams:
  - { table: raw.orders, topic: orders, tags: [b, a, a] }
"#;

const MODEL: &str = r#"/*---
description: One row per flight.
materialize: table
refresh: full
partition_by: flight_date
owner: ops-data
tags: gold
columns:
  tail_number: { description: Registration of the aircraft, tags: [internal] }
checks:
  - not_null: [flight_key, carrier]
  - range: { column: dep_delay, min: -120, max: 2000, severity: quarantine, threshold: 0.5%, where: dep_delay is not null }
  - row_count: 1
  - relationships: { column: carrier, to: seeds.airlines.carrier, severity: warn, name: known carriers, description: x }
  - sql: select * from marts.flights f join raw.orders o on f.k = o.k
---*/
select * from staging.flights f join seeds.airlines a using (carrier)
"#;

fn flights() -> Folder {
    Folder::empty()
        .with(
            "headwater.yml",
            "name: flights\nenvironments:\n  dev: { default: true, lake: ./lake }\n  prod: { lake: 's3://acme/lake', catalog: '${CATALOG}', storage: { aws_region: eu } }\nvars: { since: 2013-01-01, n: 3, carriers: [AA, UA] }\ndefaults: { owner: everyone, memory: 512MiB }\n",
        )
        .with("sources/flights.yml", SOURCE)
        .with("seeds/airlines.csv", "carrier,name\nAA,American\n")
        .with("seeds/airlines.yml", "description: Airlines.\ncolumns: { carrier: { type: string } }\nchecks: [ { not_null: carrier } ]\n")
        .with("seeds/geo/airports.csv", "faa\nJFK\n")
        .with("macros/time.sql", "{% macro day(column) %}date_trunc('day', {{ column }}){% endmacro %}\n{% macro fence() %}{{ var('since') }}{% endmacro %}")
        .with(
            "models/staging/flights.sql",
            "-- {{ fence() }}\nselect {{ day('time_hour') }} d, '{{ var(\"since\") }}' since\nfrom raw.flights\n{% for c in var('carriers') %}{{ 'where' if loop.first else 'or' }} carrier = '{{ c }}'\n{% endfor %}",
        )
        .with("models/marts/flights.sql", MODEL)
        .with("models/marts/bad.sql", "/*---\nmaterialize: view\n---*/\nselect * from raw.flights__rejected union all select * from marts.flights__quarantine;\n")
}

#[test]
fn a_whole_project_becomes_a_graph() {
    let folder = flights();
    let project = folder.project();
    assert_eq!(project.name, "flights");
    assert_eq!(project.environment.name, "dev");
    assert_eq!(project.environment.lake, folder.path().join("lake").to_str().unwrap());
    assert_eq!(project.environment.memory, 512 << 20);
    let names: Vec<String> = project.assets.iter().map(|a| a.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "geo.airports",
            "raw.flights",
            "raw.orders",
            "seeds.airlines",
            "staging.flights",
            "marts.flights",
            "marts.bad"
        ]
    );
    let inputs = |name: &str| {
        let asset = project.asset(&table(name)).unwrap();
        asset.inputs.iter().map(|i| i.table.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(inputs("staging.flights"), ["raw.flights"]);
    assert_eq!(inputs("marts.flights"), ["staging.flights", "seeds.airlines"]);
    assert_eq!(inputs("marts.bad"), ["raw.flights__rejected", "marts.flights__quarantine"]);
    let checked: Vec<String> =
        project.asset(&table("marts.flights")).unwrap().check_inputs.iter().map(|i| i.table.to_string()).collect();
    assert_eq!(checked, ["raw.orders"], "what the SQL reads already is not listed again");

    let names = |assets: Vec<&headwater_project::Asset>| assets.iter().map(|a| a.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(project.downstream_of(&table("raw.flights"))), ["staging.flights", "marts.flights", "marts.bad"]);
    assert_eq!(
        names(project.upstream_of(&table("marts.flights"))),
        ["raw.flights", "seeds.airlines", "staging.flights"]
    );
    assert_eq!(project.maker_of(&table("marts.flights__quarantine")).unwrap().name, table("marts.flights"));
    assert!(project.asset(&table("marts.flights__quarantine")).is_none());
}

#[test]
fn a_stream_has_its_settings_and_its_freshness_as_checks() {
    let project = flights().project();
    let asset = project.asset(&table("raw.flights")).unwrap();
    assert_eq!((asset.owner.as_deref(), asset.tags.as_slice()), (Some("ops"), &["raw".to_owned()][..]));
    assert_eq!(asset.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["time_hour", "carrier"]);
    let AssetKind::Stream(stream) = &asset.kind else { panic!("no stream") };
    assert_eq!((stream.connector, stream.origin.as_str()), ("files", "files: flights/*.csv.gz"));
    assert_eq!(stream.source, serde_json::json!({ "location": "data" }));
    assert_eq!(stream.stream["format"], serde_json::json!({ "type": "csv", "null": ["NA"] }));
    let settings = &stream.settings;
    assert_eq!(
        (settings.mode, settings.on_bad_row, settings.drift),
        (ReadMode::NewFiles, OnBadRow::Reject, Drift::Add)
    );
    assert_eq!(settings.columns.len(), 2);
    let names: Vec<&str> = asset.checks.iter().map(|c| c.check.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "not_null(carrier, flight)",
            "not_null(carrier)",
            "not_null(carrier) #2",
            "freshness(time_hour, 36h)",
            "freshness(time_hour, 3d)"
        ]
    );
    assert_eq!(asset.checks[4].check.probe, Probe::Freshness { column: "time_hour".into(), max_age_seconds: 259_200 });
    assert_eq!((asset.checks[3].check.severity, asset.checks[4].check.severity), (Severity::Warn, Severity::Error));

    let orders = project.asset(&table("raw.orders")).unwrap();
    let AssetKind::Stream(stream) = &orders.kind else { panic!("no stream") };
    assert_eq!(stream.settings.mode, ReadMode::NewFiles, "the only mode that the connector has");
    assert_eq!(orders.tags, ["a", "b"]);
    assert_eq!(stream.written["source"]["connection"], "${DSN:-none}");
    assert_eq!(stream.source["connection"], "none");
}

#[test]
fn a_seed_is_a_stream_of_the_connector_files() {
    let project = flights().project();
    let asset = project.asset(&table("seeds.airlines")).unwrap();
    let AssetKind::Seed(seed) = &asset.kind else { panic!("no seed") };
    assert_eq!(seed.source, serde_json::json!({ "location": "seeds" }));
    assert_eq!(seed.stream, serde_json::json!({ "path": "airlines.csv" }));
    assert_eq!((seed.settings.mode, seed.settings.on_bad_row), (ReadMode::Full, OnBadRow::Fail));
    assert_eq!(asset.checks.len(), 1);
    let AssetKind::Seed(seed) = &project.asset(&table("geo.airports")).unwrap().kind else { panic!("no seed") };
    assert_eq!(seed.stream["path"], "geo/airports.csv");
}

#[test]
fn a_model_has_its_header_and_its_rendered_sql() {
    let folder = flights();
    let project = folder.project();
    let asset = project.asset(&table("marts.flights")).unwrap();
    let AssetKind::Model(model) = &asset.kind else { panic!("no model") };
    assert_eq!((model.materialize.clone(), model.refresh), (Materialize::Table, Refresh::Full));
    assert_eq!(model.partition_by, ["flight_date"]);
    assert_eq!(asset.owner.as_deref(), Some("ops-data"));
    assert_eq!(asset.columns[0].tags, ["internal"]);
    let range = &asset.checks[1].check;
    assert_eq!((range.severity, range.threshold), (Severity::Quarantine, Threshold::Percent(0.5)));
    assert_eq!(range.filter.as_deref(), Some("dep_delay is not null"));
    assert_eq!(asset.checks[3].check.name, "known carriers");
    let text = std::fs::read_to_string(folder.path().join("models/marts/flights.sql")).unwrap();
    assert_eq!(&text[asset.checks[1].column_span("dep_delay").range()], "dep_delay");
    assert_eq!(&text[asset.inputs[1].span.range()], "seeds.airlines");

    let staging = project.asset(&table("staging.flights")).unwrap();
    let AssetKind::Model(model) = &staging.kind else { panic!("no model") };
    insta::assert_snapshot!(model.sql, @r"
    -- 2013-01-01
    select date_trunc('day', time_hour) d, '2013-01-01' since
    from raw.flights
    where carrier = 'AA'
    or carrier = 'UA'
    ");
    let text = std::fs::read_to_string(folder.path().join("models/staging/flights.sql")).unwrap();
    let at = |part: &str| {
        let start = model.sql.find(part).unwrap();
        &text[model.span_of(start..start + part.len()).range()]
    };
    assert_eq!(at("raw.flights"), "raw.flights");
    assert_eq!(at("date_trunc"), "day('time_hour')");
    assert_eq!(at("carrier = 'UA"), "carrier = '{{ c");
}

#[test]
fn variables_keep_their_types_when_overridden() {
    let folder = flights().var("since", "2020").var("n", "4").var("carriers", "[\"B6\"]");
    let project = folder.project();
    let AssetKind::Model(model) = &project.asset(&table("staging.flights")).unwrap().kind else { panic!("no model") };
    assert!(model.sql.contains("'2020' since") && model.sql.contains("'B6'") && !model.sql.contains("AA"));
}

#[test]
fn an_environment_is_chosen_and_only_its_secrets_are_needed() {
    let folder = flights().environment("prod").env("CATALOG", "postgres://me:hunter2@db");
    let project = folder.project();
    assert_eq!(project.environment.lake, "s3://acme/lake");
    assert_eq!(project.environment.catalog.as_deref(), Some("postgres://me:hunter2@db"));
    assert_eq!(project.secrets, ["postgres://me:hunter2@db"]);
    let project = Folder::new().project();
    assert_eq!((project.environment.name.as_str(), project.environment.memory), ("dev", 1 << 30));
    assert!(Folder::new().environment("dev").load().project.is_some());
}

#[test]
fn loading_twice_gives_the_same() {
    let folder = flights();
    assert_eq!(format!("{:?}", folder.project()), format!("{:?}", folder.project()));
}
