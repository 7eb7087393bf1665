//! How each destination is tried: on a system that is really there, as the tests of that destination start it.

pub(super) mod adbc;
pub(super) mod delta;
pub(super) mod duckdb;
pub(super) mod files;
pub(super) mod mysql;
pub(super) mod postgres;
pub(super) mod webhook;

use super::bench::line;

/// What a query answers, as lines with `,` between an id, a name and a balance, in the one form of [`line`]. The name may hold commas.
fn customers(answer: &str) -> String {
    let one = |text: &str| {
        let (id, rest) = text.split_once(',').unwrap_or_else(|| panic!("no line: {text}"));
        let (name, balance) = rest.rsplit_once(',').unwrap_or_else(|| panic!("no line: {text}"));
        line(id, name, balance)
    };
    answer.lines().map(one).collect::<Vec<_>>().join("\n")
}

/// The query.
const THERE: &str = "select id, coalesce(name, '-'), balance from customers order by id";
