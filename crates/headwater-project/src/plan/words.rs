//! Reasons in words.

use headwater_sdk::TableName;

use super::changes::Changes;
use crate::{Asset, AssetKind, Materialize};

/// What a build keeps of what there is, to be put behind its reason.
pub(super) fn kept(asset: &Asset) -> &'static str {
    match &asset.kind {
        AssetKind::Model(model) => match model.materialize {
            Materialize::Scd2(_) => "; rows that changed get new versions",
            Materialize::Snapshot(_) => "; a snapshot is added, or replaced by a newer one of the same period",
            Materialize::View | Materialize::Table | Materialize::Incremental(_) => "",
        },
        AssetKind::Stream(_) | AssetKind::Seed(_) | AssetKind::Script(_) => "",
    }
}

/// `a is rebuilt`, `a and b are rebuilt`, `a and 2 other inputs are rebuilt`.
pub(super) fn rebuilt(inputs: &[&TableName]) -> String {
    match inputs {
        [] => "its inputs are rebuilt".to_owned(),
        [one] => format!("{one} is rebuilt"),
        [one, other] => format!("{one} and {other} are rebuilt"),
        [one, rest @ ..] => format!("{one} and {} other inputs are rebuilt", rest.len()),
    }
}

/// `column gate of staging.flights changes`.
pub(super) fn columns_change(inputs: &[(&TableName, Vec<&str>)]) -> String {
    let parts: Vec<String> = inputs.iter().map(|(input, names)| format!("{} of {input}", columns(names))).collect();
    let one = matches!(inputs, [(_, names)] if names.len() == 1);
    format!("{} {}", listed(&parts, 3), if one { "changes" } else { "change" })
}

/// Why an input that is built changes nothing for what reads it.
pub(super) fn untouched(input: &TableName, changes: &Changes, others: usize) -> String {
    let names: Vec<&str> = changes.columns.iter().map(String::as_str).collect();
    let what = match names.as_slice() {
        [] => "its contents stay the same".to_owned(),
        [_] => format!("only its {}, which this does not use", columns(&names)),
        _ => format!("only its {}, none of which this uses", columns(&names)),
    };
    match others {
        0 => format!("{input} is rebuilt, but {what}"),
        1 => format!("{input} is rebuilt, but {what}; it is the same with one other input"),
        more => format!("{input} is rebuilt, but {what}; it is the same with {more} other inputs"),
    }
}

/// `column a`, `columns a and b`.
pub(super) fn columns<T: AsRef<str>>(names: &[T]) -> String {
    format!("column{} {}", if names.len() == 1 { "" } else { "s" }, listed(names, 4))
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`: at most `most` of them.
pub(super) fn listed<T: AsRef<str>>(items: &[T], most: usize) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        many if many.len() <= most => {
            let (last, first) = (many[many.len() - 1], &many[..many.len() - 1]);
            format!("{} and {last}", first.join(", "))
        }
        many => format!("{} and {} more", many[..most - 1].join(", "), many.len() + 1 - most),
    }
}
