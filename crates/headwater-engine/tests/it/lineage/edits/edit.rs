//! Small edits of a query's text: what a person would change.

use crate::generated::tape::Tape;

/// Texts that can stand in each other's place.
const CHOICES: [&[&str]; 14] = [
    &["sum(", "min(", "max(", "count("],
    &[" + ", " - ", " * "],
    &[" > ", " < ", " = "],
    &[" union all ", " union ", " intersect ", " except "],
    &[" left join ", " join ", " full join "],
    &[" left semi join ", " left anti join "],
    &[" and ", " or "],
    &["coalesce(", "nullif("],
    &[".c0", ".c1"],
    &["(a", "(b"],
    &["rank()", "dense_rank()", "row_number()"],
    &["select ", "select distinct "],
    &["is null", "is not null"],
    &[" desc", ""],
];

/// The query with one place changed; the same when there is nothing to change.
pub(super) fn edited(sql: &str, tape: &mut Tape<'_>) -> String {
    let mut places: Vec<(usize, &str, &'static [&'static str])> = Vec::new();
    for choices in CHOICES {
        for text in choices.iter().filter(|text| !text.is_empty()) {
            places.extend(sql.match_indices(text).map(|(at, found)| (at, found, choices)));
        }
    }
    // Numbers: limits, constants, list subscripts.
    let digit = |(at, c): (usize, char)| {
        let alone = at > 0 && matches!(sql.as_bytes()[at - 1], b' ' | b'(' | b'[');
        (c.is_ascii_digit() && alone).then(|| (at, &sql[at..=at], &["0", "1", "2", "3"][..]))
    };
    places.extend(sql.char_indices().filter_map(digit));
    places.sort_unstable();
    if places.is_empty() {
        return sql.to_owned();
    }
    let (at, text, choices) = places[tape.pick(places.len())];
    let other = tape.of(choices);
    format!("{}{other}{}", &sql[..at], &sql[at + text.len()..])
}
