//! What a model's header says of the rows that it takes up.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::method::{Grain, Incremental, Late, Strategy, TimeColumn};

use crate::asset::{CheckSpec, Written};
use crate::codes;
use crate::load::implied::{Implied, written};
use crate::spec::{GrainOption, LateOption, MaterializeOption, ModelHeader, RefreshOption, StrategyOption};
use crate::yaml::Node;

/// Keys that only incremental models have.
const OWN_KEYS: [&str; 5] = ["strategy", "time_column", "grain", "lookback", "late"];

/// Reads the choices of an incremental model, and adds the checks that they rest on; `None` for another model, and when they
/// make no sense.
pub(super) fn read(
    header: &ModelHeader,
    node: &Node,
    checks: &mut Vec<CheckSpec>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Incremental> {
    if header.materialize != MaterializeOption::Incremental {
        for entry in node.as_map().into_iter().flat_map(|map| &map.entries) {
            if OWN_KEYS.contains(&entry.key.as_str()) {
                let message =
                    format!("'{}' says how new rows are taken up, and this model computes all rows", entry.key);
                let diagnostic = Diagnostic::error(codes::CONTRADICTION, message).at(entry.key_span, "");
                diagnostics.push(diagnostic.help("write `materialize: incremental`, or leave it out"));
            }
        }
        return None;
    }
    let before = diagnostics.len();
    let place = |key: &str| node.get(key).map_or(node.span, |value| value.span);
    let Some(option) = header.strategy else {
        let message = "an incremental model does not say what becomes of the rows that it has";
        diagnostics.push(
            Diagnostic::error(codes::MISSING_KEY, message)
                .at(place("materialize"), "")
                .help("add `strategy: append`, `merge`, `replace_partitions` or `window`"),
        );
        return None;
    };
    if header.refresh == RefreshOption::Full {
        let diagnostic = Diagnostic::error(codes::CONTRADICTION, "an incremental model does not compute all rows");
        diagnostics.push(
            diagnostic
                .at(place("refresh"), "")
                .help("leave `refresh` out; `headwater run --full-refresh` makes it anew once"),
        );
    }
    let word = name(option);
    let mut need = |key: &str, help: &str| {
        if node.get(key).is_none_or(|value| value.items().is_empty() && value.as_text().is_none()) {
            let diagnostic = Diagnostic::error(codes::MISSING_KEY, format!("the strategy {word} needs '{key}'"));
            diagnostics.push(diagnostic.at(place("strategy"), "").help(help));
        }
    };
    match option {
        StrategyOption::Append => {}
        StrategyOption::Merge => need("key", "name the columns by which rows replace each other: `key: [order_id]`"),
        StrategyOption::ReplacePartitions => need("partition_by", "name the columns that partition the table"),
        StrategyOption::Window => need("time_column", "name the date or timestamp column by which rows are replaced"),
    }
    let mut refuse = |key: &str, message: String, help: &str| {
        if let Some(entry) = node.as_map().and_then(|map| map.entry(key)) {
            diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(entry.key_span, "").help(help));
        }
    };
    if option != StrategyOption::Merge {
        refuse("key", format!("the strategy {word} looks at no key"), "leave `key` out, or use the strategy merge");
    }
    let idle: &[&str] = match (&header.time_column, option) {
        (None, _) => &["grain", "lookback", "late"],
        (Some(_), StrategyOption::Append) => &["grain", "lookback", "late"],
        (Some(_), _) => &[],
    };
    for key in idle {
        let message = match header.time_column {
            None => format!("'{key}' says nothing without a time_column"),
            Some(_) => format!("the strategy {word} takes up no step of time again, so that '{key}' says nothing"),
        };
        refuse(key, message, "leave it out");
    }
    if diagnostics.len() > before {
        return None;
    }
    let mut implied = Implied::strictly_beside(checks);
    if let Some(column) = &header.time_column {
        implied.not_null([&written(node, "time_column", column)], place("time_column"));
    }
    if option == StrategyOption::Merge {
        let key: Vec<Written> = header.key.iter().map(|column| written(node, "key", column)).collect();
        implied.not_null(&key, place("key"));
        implied.unique(&key, None, None, place("key"));
    }
    checks.extend(implied.checks);
    Some(choices(header, option))
}

/// The columns that the choices name, and where.
pub(super) fn named_columns(header: &ModelHeader, node: &Node) -> Vec<(String, Span)> {
    let time = header.time_column.iter().map(|column| written(node, "time_column", column));
    let key = header.key.iter().map(|column| written(node, "key", column));
    time.chain(key).map(|column| (column.name, column.span)).collect()
}

fn choices(header: &ModelHeader, option: StrategyOption) -> Incremental {
    let grain = match header.grain {
        GrainOption::Hour => Grain::Hour,
        GrainOption::Day => Grain::Day,
        GrainOption::Week => Grain::Week,
        GrainOption::Month => Grain::Month,
        GrainOption::Year => Grain::Year,
    };
    let lookback = header.lookback;
    Incremental {
        strategy: match option {
            StrategyOption::Append => Strategy::Append,
            StrategyOption::Merge => Strategy::Merge { key: header.key.clone() },
            StrategyOption::ReplacePartitions => Strategy::ReplacePartitions,
            StrategyOption::Window => Strategy::Window,
        },
        time: header.time_column.clone().map(|column| TimeColumn { column, grain, lookback }),
        late: match header.late {
            LateOption::Recompute => Late::Recompute,
            LateOption::Ignore => Late::Ignore,
        },
    }
}

fn name(option: StrategyOption) -> &'static str {
    match option {
        StrategyOption::Append => "append",
        StrategyOption::Merge => "merge",
        StrategyOption::ReplacePartitions => "replace_partitions",
        StrategyOption::Window => "window",
    }
}
