//! Whatever is in the files, loading ends with a project or with diagnostics.

use headwater_diagnostics::{render_json, render_terminal};
use proptest::prelude::*;

use crate::folder::Folder;

const FILES: &[(&str, &str)] = &[
    (
        "headwater.yml",
        "name: shop\nenvironments:\n  dev: { default: true, lake: ./lake, storage: { a: '${B:-c}' } }\nvars: { since: 2013-01-01, list: [a, b] }\ndefaults: { owner: ops, memory: 1GiB }\n",
    ),
    (
        "sources/shop.yml",
        "connector: files\nlocation: &l data\ntags: [x]\nstreams:\n  - table: raw.orders\n    path: o/*.csv\n    format: { type: csv, null: [NA, 'größe'] }\n    columns: { t: { type: timestamp, tags: [*l] } }\n    freshness: { warn_after: 36h }\n    checks: [ { not_null: [a, b] }, { range: { column: a, min: 1, threshold: 0.5% } } ]\n---\nconnector: queue\nconnection: |\n  several\n  lines\nstreams: [ { table: raw.events, topic: t } ]\n",
    ),
    ("seeds/colours.csv", "a,b\n1,2\n"),
    ("seeds/colours.yml", "description: >\n  folded\n  text\ncolumns:\n  a:\n"),
    ("macros/m.sql", "{% macro day(x) %}date_trunc('day', {{ x }}){% endmacro %}\n"),
    (
        "models/marts/m.sql",
        "/*---\ndescription: Ünïcode – text\nmaterialize: table\npartition_by: [d]\nchecks:\n  - not_null: a\n  - expression: a > 1 and b like 'x%'\n  - sql: select * from marts.m where a < 0\n---*/\nwith recursive t as (select 1 n union all select n + 1 from t where n < {{ var('list') | length }})\nselect {{ day('o.t') }} d, (select max(x) from raw.events) \"Größe\", case when a then 'ü' else \"b\" end\nfrom raw.orders o, lateral (select * from seeds.colours c where c.a = o.a) /* marts.x */ -- marts.y\n{% for x in var('list') %} join t as t{{ x }} on true {% endfor %}\nwhere a in (1, 2, 3) or b is not null\n",
    ),
    ("models/marts/v.sql", "/*--- materialize: view ---*/ select * from raw.orders__rejected;"),
    (
        "tests/t.yml",
        "name: a\nmodel: marts.m\nvars: { list: [x] }\nnow: 2026-01-31\ngiven:\n  raw.orders:\n    csv: |\n      a, \"b\"\n      ä, 1\n  seeds.colours: { file: rows/c.csv }\nexpect:\n  - { d: 007, Größe: [1, { c: ü }] }\nexpect_checks: { not_null(a): failed }\n---\n- { name: b, model: marts.v, ordered: true, expect: { error: 'ü' } }\n",
    ),
    ("tests/rows/c.csv", "a,b\n\"ö\n\",\"\"\"\"\n,\n"),
];

/// What breaks parsers.
const PIECES: &[&str] = &[
    "",
    "\0",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "'",
    "\"",
    "`",
    "$$",
    "/*",
    "*/",
    "---*/",
    "/*---",
    "--",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ": ",
    "- ",
    "? ",
    "&a ",
    "*a",
    "!x ",
    "|\n",
    ">\n",
    "<<: ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "#",
    "${",
    "${A}",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "é",
    "😀",
    "\u{301}",
    "0x",
    "1e999",
    "-",
    "..",
    "\\",
    "\\u{110000}",
    "~",
    "null",
    "select",
    "with",
    "union all",
    "from",
    "e'\\'",
    "u&'\\d800'",
    "interval",
    "case",
    "::",
    "||",
    "->",
    "99999999999999999999999999",
];

#[derive(Debug, Clone)]
enum Mutation {
    Insert(usize, usize, usize),
    Delete(usize, usize, usize),
    Repeat(usize, usize, usize, usize),
    Byte(usize, usize, u8),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let (file, place) = (0..FILES.len(), 0..2000usize);
    prop_oneof![
        4 => (file.clone(), place.clone(), 0..PIECES.len()).prop_map(|(f, p, i)| Mutation::Insert(f, p, i)),
        3 => (file.clone(), place.clone(), 1..30usize).prop_map(|(f, p, n)| Mutation::Delete(f, p, n)),
        2 => (file.clone(), place.clone(), 1..20usize, 2..200usize).prop_map(|(f, p, n, times)| Mutation::Repeat(f, p, n, times)),
        1 => (file, place, any::<u8>()).prop_map(|(f, p, b)| Mutation::Byte(f, p, b)),
    ]
}

fn apply(files: &mut [Vec<u8>], mutation: &Mutation) {
    let boundary = |bytes: &[u8], place: usize| {
        let place = place % (bytes.len() + 1);
        std::str::from_utf8(bytes).map_or(place, |text| text.floor_char_boundary(place))
    };
    match *mutation {
        Mutation::Insert(file, place, piece) => {
            let at = boundary(&files[file], place);
            files[file].splice(at..at, PIECES[piece].bytes());
        }
        Mutation::Delete(file, place, length) => {
            let at = boundary(&files[file], place);
            let end = boundary(&files[file], at + length).max(at);
            files[file].drain(at..end);
        }
        Mutation::Repeat(file, place, length, times) => {
            let at = boundary(&files[file], place);
            let end = boundary(&files[file], at + length).max(at);
            let piece = files[file][at..end].repeat(times);
            files[file].splice(at..at, piece);
        }
        Mutation::Byte(file, place, byte) => {
            let length = files[file].len();
            if length > 0 {
                files[file][place % length] = byte;
            }
        }
    }
}

/// Few enough for every day; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn loading_never_panics(mutations in prop::collection::vec(mutation(), 1..6)) {
        let mut files: Vec<Vec<u8>> = FILES.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
        mutations.iter().for_each(|m| apply(&mut files, m));
        let folder = FILES.iter().zip(&files).fold(Folder::empty(), |folder, ((path, _), bytes)| folder.with_bytes(path, bytes));
        let loaded = folder.load();
        prop_assert!(loaded.diagnostics.iter().all(|d| d.code != "HW0199"));
        for diagnostic in &loaded.diagnostics {
            for label in &diagnostic.labels {
                let text = loaded.files.text(label.span.file);
                prop_assert!(text.get(label.span.range()).is_some(), "{diagnostic:?}");
            }
        }
        render_terminal(&loaded.diagnostics, &loaded.files, true);
        render_json(&loaded.diagnostics, &loaded.files);
    }
}

#[test]
fn the_files_are_fine_before_they_are_mutated() {
    let folder = FILES.iter().fold(Folder::empty(), |folder, (path, text)| folder.with(path, text));
    assert_eq!(folder.project().assets.len(), 5);
}
