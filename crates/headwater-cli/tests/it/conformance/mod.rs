//! One suite for all connectors: what each of them promises, tried through the built program on systems that are really there.
//!
//! A kit (`kits/<name>.rs`) says how a connector is tried: how its system comes to hold a little table, how things happen to it, how a
//! source of it is written. Promises (`promises/<group>.rs`) are tried on every kit that takes part in their group, each as a test of its own:
//! `conformance::postgres::a_full_load_takes_up_all_rows_as_they_are`. Deliveries have kits and promises of their own (`outlets`).
//!
//! A connector without a kit fails `every_connector_has_a_kit`. The modes of which a kit has no promises are refused by the program, with
//! those that it has: `modes_that_it_has_not_are_refused_with_those_that_it_has`. Who cannot discover, says so: `no_discovery`.

mod bench;
mod kits;
mod outlets;
mod promises;
mod python;
mod sql;
mod table;

/// All modes, in the order in which the program names them.
const MODES: [&str; 4] = ["full", "new_files", "incremental", "cdc"];

/// Makes tests of promises, which are functions of a module in `promises` over a kit.
macro_rules! tests_of {
    ($kit:ty; $group:ident: $($promise:ident)+) => {
        $(#[test]
        fn $promise() {
            $crate::conformance::promises::$group::$promise::<$kit>();
        })+
    };
}
use tests_of;

/// Makes a module of tests for each kit, of the groups of promises that it takes part in, and the list of all of them.
macro_rules! sources {
    ($($name:ident: $kit:ident, $($group:ident)+;)+) => {
        $(mod $name {
            use crate::conformance::kits::$name::$kit;
            $(crate::conformance::promises::$group! { $kit })+
        })+

        /// Every kit, by its connector's name, with its groups.
        const SOURCES: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($group)),+])),+];
    };
}

sources! {
    adbc: Adbc, loads excluding conditions incremental bad_rows bad_increments drift mistakes missing reach secrets looking discovery;
    airbyte: Airbyte, loads excluding incremental bad_rows bad_increments drift mistakes missing secrets looking discovery;
    delta: Delta, loads new_files following drift mistakes missing looking no_discovery;
    duckdb: DuckDb, loads excluding conditions incremental bad_rows bad_increments drift mistakes missing reach looking discovery;
    files: Files, loads new_files bad_rows drift mistakes missing reach looking discovery;
    iceberg: Iceberg, loads new_files following drift mistakes missing looking no_discovery;
    mysql: MySql, loads excluding conditions incremental following bad_rows bad_increments bad_changes drift mistakes missing reach secrets looking discovery;
    postgres: Postgres, loads excluding conditions incremental following bad_rows bad_increments bad_changes drift mistakes missing reach secrets looking discovery;
    program: Program, loads incremental bad_rows bad_increments mistakes secrets looking no_discovery;
    rest: Rest, loads incremental bad_rows bad_increments drift leaves_out_nulls mistakes missing reach secrets looking no_discovery;
    singer: Singer, loads excluding incremental bad_rows bad_increments drift mistakes missing secrets looking discovery;
    sqlite: Sqlite, loads excluding conditions incremental bad_rows bad_increments drift mistakes missing reach looking discovery;
}

/// The modes that a kit has promises of.
fn modes_of(connector: &str) -> Vec<&'static str> {
    let (_, groups) = SOURCES.iter().find(|(name, _)| *name == connector).unwrap();
    let has =
        |mode: &&str| *mode == "full" || groups.contains(mode) || (*mode == "cdc" && groups.contains(&"following"));
    MODES.into_iter().filter(has).collect()
}

/// What the program says that it can name under `connector:`.
fn connectors(kind: &str) -> Vec<String> {
    let schema = crate::program::json(std::path::Path::new("/"), &["schema", kind]);
    let name =
        |alternative: &serde_json::Value| alternative["properties"]["connector"]["const"].as_str().unwrap().to_owned();
    schema["oneOf"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn every_connector_has_a_kit() {
    let kits: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        connectors("source"),
        kits,
        "each connector has a kit in conformance/kits, and a line in conformance/mod.rs"
    );
    // Each says what it can discover, or that it cannot; and only what loads texts or moves on can do without the rest.
    for (name, groups) in SOURCES {
        assert_ne!(groups.contains(&"discovery"), groups.contains(&"no_discovery"), "{name}");
        for group in ["loads", "mistakes", "looking"] {
            assert!(groups.contains(&group), "{name}: {group}");
        }
    }
}

#[test]
fn every_destination_has_a_kit() {
    let kits: Vec<&str> = outlets::DESTINATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(connectors("destination"), kits, "each has a kit in conformance/outlets, and a line in its mod.rs");
}
