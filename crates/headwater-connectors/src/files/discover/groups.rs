//! Which files are of one table: those whose paths differ in numbers, dates and identifiers alone.

use std::collections::BTreeMap;

use globset::GlobBuilder;

/// Files of one table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// What reads them: a path, a glob, or several paths where no glob is theirs alone.
    pub(super) paths: Vec<String>,
    /// A name for the table.
    pub(super) table: String,
    /// The files' places in the list that was looked at.
    pub(super) files: Vec<usize>,
}

/// The shortest identifier of hexadecimal digits that is taken for one.
const IDENTIFIER: usize = 8;

/// The most digits at the end of a word that belong to it.
const SHORT: usize = 2;

/// What stands for something that differs between the files of a table.
const HOLE: char = '\u{0}';

/// Puts files together. `fallback` names the table of files whose names say nothing.
pub(super) fn group(paths: &[&str], fallback: &str) -> Vec<Group> {
    let mut shapes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, path) in paths.iter().enumerate() {
        shapes.entry(shape(path, Digits::Holes)).or_default().push(at);
    }
    let group = |(common, files): (String, Vec<usize>)| {
        let table = match files[..] {
            // What a file alone is called: `q1`, and `sales` of 2024.
            [only] => table_name(&shape(paths[only], Digits::OfNames), fallback),
            _ => table_name(&common, fallback),
        };
        let globs = [glob(&common, "*"), glob(&common, "[0-9]*")];
        let own = |glob: &&String| {
            let built = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
            built.is_ok_and(|glob| {
                let matcher = glob.compile_matcher();
                let found = paths.iter().enumerate().filter(|(_, path)| matcher.is_match(path)).map(|(at, _)| at);
                found.eq(files.iter().copied())
            })
        };
        let alone = |at: &usize| glob(paths[*at], "");
        let paths = match &files[..] {
            [only] => vec![alone(only)],
            several => match globs.iter().find(own) {
                Some(glob) => vec![glob.clone()],
                None => several.iter().map(alone).collect(),
            },
        };
        Group { paths, table, files }
    };
    shapes.into_iter().map(group).collect()
}

/// What becomes of digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Digits {
    /// They are holes.
    Holes,
    /// They are, but for a few at the end of a word: `q1`.
    OfNames,
}

/// A path with a hole for each number, date or identifier in it.
fn shape(path: &str, digits: Digits) -> String {
    let with_holes = |text: &str| with_holes(text, digits);
    let (folders, name) = path.rsplit_once('/').map_or(("", path), |(folders, name)| (folders, name));
    // What follows the first dot tells the format.
    let (stem, end) = name.split_once('.').map_or((name, ""), |(stem, end)| (stem, end));
    let mut parts: Vec<String> = folders.split('/').filter(|part| !part.is_empty()).map(with_holes).collect();
    parts.push(if end.is_empty() {
        with_holes(stem)
    } else {
        format!("{}.{}", with_holes(stem), with_holes_in_end(end))
    });
    parts.join("/")
}

/// Numbers among what follows a name (`2024.01.csv.gz`), but not those of formats (`.bz2`, `.7z`).
fn with_holes_in_end(end: &str) -> String {
    let parts = end.split('.').map(|part| {
        if part.bytes().all(|b| b.is_ascii_digit()) { with_holes(part, Digits::Holes) } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join(".")
}

fn with_holes(text: &str, digits: Digits) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !first.is_ascii_alphanumeric() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        let is_hex = word.len() >= IDENTIFIER && word.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hex && word.bytes().any(|b| b.is_ascii_digit()) {
            out.push(HOLE);
            continue;
        }
        let before = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_name = before.len() + SHORT >= word.len() && before.bytes().all(|b| b.is_ascii_alphabetic());
        if digits == Digits::OfNames && is_name && !before.is_empty() {
            out.push_str(word);
            continue;
        }
        let mut in_number = false;
        for c in word.chars() {
            if !c.is_ascii_digit() {
                out.push(c);
            } else if !in_number {
                out.push(HOLE);
            }
            in_number = c.is_ascii_digit();
        }
    }
    // `2013_01` and `2013-01-31T00` are one thing.
    loop {
        let merged = ["-", "_", ".", " ", "", "T", "-Q", "_Q"]
            .iter()
            .fold(out.clone(), |text, between| text.replace(&format!("{HOLE}{between}{HOLE}"), &HOLE.to_string()));
        if merged == out {
            return out;
        }
        out = merged;
    }
}

/// A name from what is the same in all of a group's paths: that of the files, or else of the nearest folder that has one.
fn table_name(shape: &str, fallback: &str) -> String {
    let parts: Vec<&str> = shape.split('/').collect();
    let stems = parts
        .iter()
        .rev()
        .enumerate()
        .map(|(at, part)| if at == 0 { part.split('.').next().unwrap_or(part) } else { part });
    let words = |text: &str| {
        let text = text.split('=').next().unwrap_or(text);
        text.replace(HOLE, " ").trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
    };
    // A folder of partitions (`year=2024`) names a column, and the name of a part (`part-0001`) nothing.
    let says_nothing = |name: &str| name.is_empty() || name.eq_ignore_ascii_case("part");
    let named = stems.filter(|part| !part.contains('=')).map(words).find(|name| !says_nothing(name));
    named.unwrap_or_else(|| fallback.to_owned())
}

/// A glob for paths of a shape, with something for each hole. What a name holds of the characters of globs stands for itself.
pub(super) fn glob(shape: &str, hole: &str) -> String {
    let mut out = String::new();
    for c in shape.chars() {
        match c {
            HOLE => out += hole,
            c => {
                out.extend("*?[]{}\\".contains(c).then_some('\\'));
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(paths: &[&str]) -> Vec<(String, String, usize)> {
        let groups = group(paths, "files");
        groups.into_iter().map(|group| (group.table, group.paths.join(" "), group.files.len())).collect()
    }

    fn one(table: &str, path: &str, files: usize) -> (String, String, usize) {
        (table.to_owned(), path.to_owned(), files)
    }

    #[test]
    fn files_that_differ_in_numbers_are_of_one_table() {
        for (paths, found) in [
            (&["flights_2013_01.csv", "flights_2013_02.csv"][..], vec![one("flights", "flights_*.csv", 2)]),
            (&["orders/2026-01.csv.gz", "orders/2026-02.csv.gz"], vec![one("orders", "orders/*.csv.gz", 2)]),
            (&["a/2024/01/x.csv", "a/2024/02/x.csv"], vec![one("x", "a/*/*/x.csv", 2)]),
            (
                &["e/year=2024/part-0-3f2a8c01-aa11bb22.parquet", "e/year=2025/part-1-9f2a8c01-ca11bb22.parquet"],
                vec![one("e", "e/year=*/part-*.parquet", 2)],
            ),
            (&["2024.csv", "2025.csv"], vec![one("files", "*.csv", 2)]),
            (&["sales2024.csv", "sales2025.csv"], vec![one("sales", "sales*.csv", 2)]),
            (&["planes.csv", "airports.csv"], vec![one("airports", "airports.csv", 1), one("planes", "planes.csv", 1)]),
            (&["q1.csv", "sales2024.csv"], vec![one("q1", "q1.csv", 1), one("sales", "sales2024.csv", 1)]),
            (&["x_1.csv", "x_2.json"], vec![one("x", "x_1.csv", 1), one("x", "x_2.json", 1)]),
        ] {
            assert_eq!(groups(paths), found, "{paths:?}");
        }
    }

    #[test]
    fn a_glob_finds_its_own_files_alone() {
        assert_eq!(
            groups(&["flights_2013.csv", "flights_2014.csv", "flights_late.csv"]),
            [one("flights", "flights_[0-9]*.csv", 2), one("flights_late", "flights_late.csv", 1)]
        );
        assert_eq!(
            groups(&["a_1.csv", "a_2.csv", "a_1_b.csv"]),
            [one("a", "a_1.csv a_2.csv", 2), one("a_ _b", "a_1_b.csv", 1)]
        );
        assert_eq!(groups(&["odd [1].csv"]), [one("odd", "odd \\[1\\].csv", 1)]);
    }
}
