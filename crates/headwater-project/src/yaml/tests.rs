use headwater_diagnostics::{Diagnostic, SourceMap};

use super::*;

fn parsed(text: &str) -> (Vec<Node>, Vec<Diagnostic>, SourceMap) {
    let mut files = SourceMap::default();
    let file = files.add("a.yml".into(), text.into());
    let mut diagnostics = Vec::new();
    let nodes = parse(text, 0..text.len(), file, &mut diagnostics);
    (nodes, diagnostics, files)
}

fn at<'a>(text: &'a str, node: &Node) -> &'a str {
    &text[node.span.range()]
}

#[test]
fn spans_are_bytes_even_behind_wide_characters() {
    let text = "größe: 'Müller – ½'\nmap: { a: [1, zwei], b: \"x\" }\nlast:\n  - eins\n  - k: v\n    l: |\n      häh\n      zwei\nend: 1\n";
    let (nodes, diagnostics, _) = parsed(text);
    assert!(diagnostics.is_empty());
    let root = &nodes[0];
    assert_eq!(at(text, root.get("größe").unwrap()), "'Müller – ½'");
    assert_eq!(root.get("größe").unwrap().as_text(), Some("Müller – ½"));
    assert_eq!(at(text, root.get("map").unwrap()), "{ a: [1, zwei], b: \"x\" }");
    assert_eq!(at(text, root.get("map").unwrap().get("a").unwrap()), "[1, zwei]");
    assert_eq!(at(text, &root.get("map").unwrap().get("a").unwrap().items()[1]), "zwei");
    let last = root.get("last").unwrap();
    assert_eq!(at(text, last), "- eins\n  - k: v\n    l: |\n      häh\n      zwei");
    assert_eq!(at(text, &last.items()[1]), "k: v\n    l: |\n      häh\n      zwei");
    assert_eq!(&text[root.as_map().unwrap().entry("map").unwrap().key_span.range()], "map");
}

#[test]
fn spans_hold_with_windows_line_ends() {
    let text = "a: eins\r\nb:\r\n  - zwei\r\n  - drei\r\n";
    let (nodes, _, _) = parsed(text);
    assert_eq!(at(text, nodes[0].get("a").unwrap()), "eins");
    assert_eq!(at(text, &nodes[0].get("b").unwrap().items()[1]), "drei");
}

#[test]
fn scalars_follow_the_core_schema() {
    let (nodes, _, _) = parsed(
        "[~, null, '', true, False, yes, on, 12, -3, +7, 0x1F, 0o17, 1.5, 1e3, .5, 1., 2013-01-01, 1.2.3, .inf, '12', 18446744073709551615, 010, 36h, +, 1e999]",
    );
    let json = nodes[0].written_json();
    let expected = serde_json::json!([
        null,
        null,
        "",
        true,
        false,
        "yes",
        "on",
        12,
        -3,
        7,
        31,
        15,
        1.5,
        1000.0,
        0.5,
        1.0,
        "2013-01-01",
        "1.2.3",
        ".inf",
        "12",
        18446744073709551615u64,
        10,
        "36h",
        "+",
        "1e999"
    ]);
    assert_eq!(json, expected);
}

#[test]
fn a_key_without_value_points_at_its_key() {
    let text = "a:\nb: 1\n";
    let (nodes, _, _) = parsed(text);
    let a = nodes[0].get("a").unwrap();
    assert!(a.is_null());
    assert_eq!(at(text, a), "a");
}

#[test]
fn documents_are_separate_and_empty_ones_left_out() {
    let (nodes, diagnostics, _) = parsed("---\na: &x 1\n---\n---\nb: 2\n...\n");
    assert!(diagnostics.is_empty());
    assert_eq!(nodes.len(), 2);
}

#[test]
fn duplicate_keys_are_errors_at_any_depth() {
    let (nodes, diagnostics, files) = parsed("a: 1\nb: { c: 1, c: 2 }\na: 3\n");
    let places: Vec<_> =
        diagnostics.iter().map(|d| files.position(d.span().unwrap().file, d.span().unwrap().start)).collect();
    assert_eq!(places.iter().map(|p| (p.line, p.column)).collect::<Vec<_>>(), [(2, 12), (3, 1)]);
    assert!(diagnostics.iter().all(|d| d.code == "HW0107" && d.labels.len() == 2));
    assert_eq!(nodes[0].get("a").unwrap().written_json(), 1);
}

#[test]
fn aliases_are_copies_with_the_place_of_the_alias() {
    let text = "a: &x { k: v }\nb: *x\n";
    let (nodes, diagnostics, _) = parsed(text);
    assert!(diagnostics.is_empty());
    assert_eq!(at(text, nodes[0].get("b").unwrap()), "*x");
    assert_eq!(nodes[0].get("b").unwrap().get("k").unwrap().as_text(), Some("v"));
}

#[test]
fn bombs_do_not_explode() {
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..20 {
        let refs = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
    }
    let long = format!("a: &x {}\nb: [{}]\n", "y".repeat(100_000), vec!["*x"; 1000].join(","));
    let wide = format!("[{}]", "1,".repeat(MAX_NODES_TEST));
    for (text, code) in [
        (laughs, "HW0108"),
        (long, "HW0108"),
        (wide, "HW0108"),
        ("[".repeat(100_000), "HW0108"),
        ("- ".repeat(100_000), "HW0108"),
        ("a: &x [*x]".to_owned(), "HW0109"),
        ("a: *x".to_owned(), "HW0106"),
    ] {
        let (_, diagnostics, _) = parsed(&text);
        assert!(diagnostics.iter().any(|d| d.code == code), "{text:.40}… gave {diagnostics:?}");
    }
}

const MAX_NODES_TEST: usize = super::builder::MAX_NODES + 1;

#[test]
fn unsupported_features_are_named() {
    for text in ["a: !mine 1", "<<: { a: 1 }", "{ [a]: 1 }", "? { a: 1 }\n: 2\n", "a: !!binary xx"] {
        let (_, diagnostics, _) = parsed(text);
        assert!(diagnostics.iter().any(|d| d.code == "HW0109"), "{text}: {diagnostics:?}");
    }
    let (nodes, diagnostics, _) = parsed("a: !!str 12");
    assert!(diagnostics.is_empty());
    assert_eq!(nodes[0].get("a").unwrap().as_text(), Some("12"));
}

#[test]
fn secrets_are_put_in_but_not_shown() {
    let env = |name: &str| (name == "TOKEN").then(|| "hunter2".to_owned());
    let mut secrets = Secrets::new(&env);
    let (mut nodes, mut diagnostics, _) = parsed(
        "a: 'pre ${TOKEN} post'\nb: [\"${NOPE:-x y}\"]\nc: $${TOKEN}\nd: ${NOPE}\ne: ${no pe}\nf: 'a$${b}${TOKEN}'\n",
    );
    secrets.expand(&mut nodes[0], &mut diagnostics);
    let node = &nodes[0];
    assert_eq!(node.get("a").unwrap().as_text(), Some("pre hunter2 post"));
    assert_eq!(node.get("b").unwrap().items()[0].as_text(), Some("x y"));
    assert_eq!(node.get("c").unwrap().as_text(), Some("${TOKEN}"));
    assert_eq!(node.get("f").unwrap().as_text(), Some("a${b}hunter2"));
    assert_eq!(diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["HW0117", "HW0117"]);
    assert_eq!(node.written_json()["a"], "pre ${TOKEN} post");
    assert!(!format!("{node:?}").contains("hunter2"));
    assert_eq!(secrets.redact("cannot open x?p=hunter2"), "cannot open x?p=${TOKEN}");
    assert_eq!(secrets.values(), ["hunter2"]);
}
