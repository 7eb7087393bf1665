//! What destinations promise, and how each is tried.

mod bench;
mod kits;
mod promises;

/// Makes tests of promises, which are functions of a module in `promises` over a kit.
macro_rules! tests_of {
    ($kit:ty; $group:ident: $($promise:ident)+) => {
        $(#[test]
        fn $promise() {
            $crate::conformance::outlets::promises::$group::$promise::<$kit>();
        })+
    };
}
use tests_of;

/// Makes a module of tests for each kit, of the groups of promises that it takes part in, and the list of all of them.
macro_rules! destinations {
    ($($name:ident: $kit:ident, $($group:ident)+;)+) => {
        $(mod $name {
            use crate::conformance::outlets::kits::$name::$kit;
            $(crate::conformance::outlets::promises::$group! { $kit })+
        })+

        /// Every kit, by its connector's name, with its groups.
        pub(super) const DESTINATIONS: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($group)),+])),+];
    };
}

destinations! {
    adbc: Adbc, any upsert append replace refused verified;
    delta: Delta, any upsert append replace verified;
    duckdb: DuckDb, any upsert append replace refused verified;
    files: Files, any append replace verified;
    mysql: MySql, any upsert append replace refused verified;
    postgres: Postgres, any upsert append replace refused verified;
    webhook: Webhook, any upsert append refused not_verified;
}

/// The modes that a kit has promises of.
fn modes_of(connector: &str) -> Vec<&'static str> {
    let (_, groups) = DESTINATIONS.iter().find(|(name, _)| *name == connector).unwrap();
    ["upsert", "append", "replace"].into_iter().filter(|mode| groups.contains(mode)).collect()
}
