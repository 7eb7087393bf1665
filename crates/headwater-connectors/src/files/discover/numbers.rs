//! What tells how numbers are written, where more than one way makes numbers of them.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::Cut;

/// What may stand between groups of digits.
const GROUPINGS: [char; 4] = ['.', ',', ' ', '\''];

/// What the columns of a text tell, by their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Those in which a character stands between groups of digits for sure: there are fractions, too, or numbers of fewer groups. Where all
    /// values have as many, they may be addresses, telephone numbers, codes.
    grouped: BTreeMap<char, BTreeSet<usize>>,
    /// Those of which all values may be thousands with a point, or fractions of three digits.
    pub(super) thousands: BTreeSet<usize>,
}

impl Numbers {
    /// Looks at so many columns from a row on.
    pub(super) fn find(cut: &Cut<'_>, from: usize, columns: usize) -> Self {
        let mut found = Self::default();
        for column in 0..columns {
            // A column that begins with a text is one.
            let Some(first) = cut.column(column, from).next() else { continue };
            if !is_figure(first) {
                continue;
            }
            let values: Vec<&str> = cut.column(column, from).collect();
            for grouping in GROUPINGS.into_iter().filter(|grouping| is_grouped(&values, *grouping)) {
                found.grouped.entry(grouping).or_default().insert(column);
            }
            if values.iter().any(|text| text.contains('.')) && values.iter().all(|text| may_be_thousands(text)) {
                found.thousands.insert(column);
            }
        }
        found
    }

    /// Whether a column tells that this stands between groups of its digits.
    pub(super) fn is_grouped(&self, grouping: &str, column: usize) -> bool {
        grouping.chars().any(|grouping| self.grouped.get(&grouping).is_some_and(|columns| columns.contains(&column)))
    }
}

fn is_figure(text: &str) -> bool {
    text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit())
}

fn is_grouped(values: &[&str], grouping: char) -> bool {
    let groups = |text: &&str| text.matches(grouping).count();
    let first = values.first().map_or(0, groups);
    let has_fraction = |text: &&str| {
        let (_, rest) = text.rsplit_once(grouping).unwrap_or_default();
        rest.contains(['.', ','])
    };
    values.iter().any(|text| groups(text) != first) || values.iter().any(has_fraction)
}

/// Whether a number has up to three digits, or thousands behind a point that are its fraction otherwise.
fn may_be_thousands(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (before, after) = text.split_once('.').map_or((text, None), |(before, after)| (before, Some(after)));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let begins = before.len() <= 3 && before.starts_with(|c: char| matches!(c, '1'..='9')) && is_digits(before);
    begins && after.is_none_or(|after| after.len() == 3 && is_digits(after)) || text == "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_from_addresses() {
        for (values, grouping, is) in [
            (&["1.234,50", "99,00"][..], '.', true),
            (&["1 234", "999"], ' ', true),
            (&["1,234,567.5", "2,345,678.25"], ',', true),
            (&["192.168.100.200", "10.0.100.200"], '.', false),
            (&["612 345 678", "613 345 678"], ' ', false),
            (&["1.234", "2.345"], '.', false),
        ] {
            assert_eq!(is_grouped(values, grouping), is, "{values:?}");
        }
    }

    #[test]
    fn thousands_may_be_fractions() {
        for text in ["1.000", "-12.500", "999", "0"] {
            assert!(may_be_thousands(text), "{text}");
        }
        for text in ["0.125", "1.5", "1.0000", "1000", "a", "01.000"] {
            assert!(!may_be_thousands(text), "{text}");
        }
    }
}
