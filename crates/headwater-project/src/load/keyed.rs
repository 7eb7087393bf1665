//! `key` and `lookback` of streams.

use headwater_diagnostics::Diagnostic;
use headwater_sdk::connector::{Lookback, ReadMode};

use super::implied::{Implied, written};
use crate::asset::{CheckSpec, Written};
use crate::codes;
use crate::spec::LookbackOption;
use crate::yaml::Node;

/// The key of a stream, and how far back it reads. What a load rests on is checked, unless a database sees to it.
pub(super) fn read(
    key: Vec<String>,
    lookback: Option<&LookbackOption>,
    mode: ReadMode,
    node: &Node,
    checks: &mut Vec<CheckSpec>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<String>, Option<Lookback>) {
    let mut refuse = |name: &str, message: &str, help: &str| {
        if let Some(entry) = node.as_map().and_then(|map| map.entry(name)) {
            diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(entry.key_span, "").help(help));
        }
    };
    if !key.is_empty() && mode == ReadMode::Full {
        refuse(
            "key",
            "rows take the place of others in the modes incremental, new_files and cdc only",
            "leave `key` out, or write another `mode`; that no key comes twice, the check `unique` says",
        );
    }
    if let Some(again) = (1..key.len()).find(|at| key[..*at].contains(&key[*at])) {
        refuse("key", &format!("column '{}' is in the key twice", key[again]), "name it once");
    }
    if lookback.is_some() && (mode != ReadMode::Incremental || key.is_empty()) {
        refuse(
            "lookback",
            "what is read once more would be added once more",
            "`lookback` goes with `mode: incremental` and a `key`",
        );
    }
    if matches!(mode, ReadMode::Incremental | ReadMode::NewFiles) && !key.is_empty() {
        let columns: Vec<Written> = key.iter().map(|column| written(node, "key", column)).collect();
        let at = node.get("key").map_or(node.span, |key| key.span);
        let mut implied = Implied::strictly_beside(checks);
        implied.not_null(&columns, at);
        implied.unique(&columns, None, None, at);
        let implied = implied.checks;
        checks.extend(implied);
    }
    let lookback = lookback.map(|lookback| match lookback {
        LookbackOption::Steps(steps) => Lookback::Steps(*steps),
        LookbackOption::Time(duration) => Lookback::Seconds(duration.0),
    });
    (key, lookback)
}
