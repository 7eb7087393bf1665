//! Small sources, and the workspace's own.

use std::path::Path;

use super::errors::{Entry, entries};
use super::keys::{self, Key};
use super::manual::{listed, of_module, without_paths};
use super::tokens::{Token, tokens};

fn entry(code: &str, title: &str, explanation: &str) -> Entry {
    Entry { code: code.to_owned(), title: title.to_owned(), explanation: explanation.to_owned() }
}

#[test]
fn codes_are_read_in_every_way_of_writing_them() {
    let call = r#"pub const CODES: &[Code] = &[Code::new("HW0001", "a title", "An explanation.",)];"#;
    let structure = "const A: &str = \"HW0001\";\n&[Code { code: A, title: \"a title\", explanation: \"An \\\n      explanation.\" }]";
    let macro_input = r#"codes! { A = "HW0001", "a title", "An explanation."; }"#;
    for source in [call, structure, macro_input] {
        assert_eq!(entries(source).unwrap(), [entry("HW0001", "a title", "An explanation.")], "{source}");
    }
}

#[test]
fn codes_without_an_explanation_are_refused_and_tests_are_passed_over() {
    assert!(entries(r#"const A: &str = "HW0001";"#).unwrap_err().contains("HW0001"));
    let source = "Code::new(\"HW0001\", \"t\", \"E.\")\n#[cfg(test)]\nmod tests { const B: &str = \"HW0002\"; }";
    assert_eq!(entries(source).unwrap().len(), 1);
    assert_eq!(entries("// \"HW0001\"").unwrap(), []);
}

#[test]
fn texts_are_read_with_their_escapes() {
    let read = |source: &str| tokens(source).unwrap();
    assert_eq!(read(r#""a \"b\" \\ \n""#), [Token::Text("a \"b\" \\ \n".to_owned())]);
    assert_eq!(read("\"a \\\n   b \\\n c\" d"), [Token::Text("a b c".to_owned()), Token::Word("d".to_owned())]);
    assert_eq!(read("r#\"a \"b\\\"#"), [Token::Text("a \"b\\".to_owned())]);
    assert_eq!(read("'\"' '\\'' 'a /* \" */"), [Token::Mark('\''), Token::Word("a".to_owned())]);
    assert!(tokens("\"a").is_err());
}

#[test]
fn keys_are_read_from_what_parses_them() {
    let source = "\
/// Keys of a thing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Where
    /// it is.
    pub place: String,
    #[serde(rename = \"type\")]
    /// Which.
    pub(crate) kind: Option<Kind>,
    /// Whether.
    #[serde(default)]
    loud: bool,
}

/// Not a key in sight.
#[derive(Debug)]
struct Other {
    a: u8,
}

#[derive(JsonSchema)]
#[serde(rename_all = \"snake_case\")]
enum Kind {
    /// Big.
    VeryBig,
}
";
    let found = keys::of_source(source);
    let key = |name: &str, text: &str, required| Key { name: name.to_owned(), text: text.to_owned(), required };
    let expected = [key("place", "Where it is.", true), key("type", "Which.", false), key("loud", "Whether.", false)];
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].text.as_str(), &found[0].keys[..]), ("Keys of a thing.", &expected[..]));
    assert_eq!(found[1].keys, [key("very_big", "Big.", false)]);
    assert_eq!(keys::list(&found[0].keys[..1]), "- `place` (required): Where it is.\n");
}

#[test]
fn doc_comments_become_markdown() {
    assert_eq!(of_module("//! A.\n//!\n//!   b\n\nuse x;\n//! no").unwrap(), "A.\n\n  b");
    assert!(of_module("use x;").is_err());
    let text = "see [`A`](b::A), [`B`] and [`c`](c.md), [`d";
    assert_eq!(without_paths(text), "see `A`, `B` and [`c`](c.md), [`d");
    assert_eq!(listed(&tokens("vec![erased::<a::A>(), erased::<b::B>()]").unwrap()), ["a", "b"]);
}

#[test]
fn the_pages_of_the_workspace_hold_what_there_is() {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    let root = Path::new(&here).parent().unwrap();
    let [checks, connectors, destinations, errors, project, selection] =
        super::PAGES.map(|(_, page)| super::make(root, page).unwrap());
    for name in ["accepted_values", "unique", "sql"] {
        assert!(checks.contains(&format!("\n## {name}\n")), "{name}");
    }
    assert!(connectors.contains("\n## files\n") && connectors.contains("- `location`"));
    for chapter in [
        "\n## delta\n",
        "\n## files\n",
        "\n## mysql\n",
        "\n## postgres\n",
        "\n## webhook\n",
        "- `per_second`: ",
        "- `partition_by`: ",
        "**Exactly once.**",
    ] {
        assert!(destinations.contains(chapter), "{chapter}");
    }
    assert!(!connectors.contains("DestinationOptions") && !connectors.contains("delivery to"));
    for words in ["## headwater.yml", "- `partition_by`: ", "- `on_bad_row`: ", "- `severity`: "] {
        assert!(project.contains(&format!("\n{words}")), "{words}");
    }
    for words in ["# Selecting assets", "| `state:modified` | ", "| `2+x`, `x+3` | "] {
        assert!(selection.contains(&format!("\n{words}")), "{words}");
    }
    for code in ["HW0101", "HW0301", "HW0411", "HW0501", "HW0601", "HW0701", "HW0911"] {
        assert!(errors.contains(&format!("\n### {code}: ")), "{code}");
    }
}
