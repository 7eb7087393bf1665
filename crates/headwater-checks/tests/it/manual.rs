//! Holds every check type to the examples in its doc comment.

use std::path::Path;

use headwater_sdk::check::{CheckType, Compiled, OptionsError, Probe};
use serde_json::{Map, Value, json};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::yaml;

/// What a folder's doc comment shows.
#[derive(Default)]
struct Manual {
    /// Checks and what they compile to.
    compiled: Vec<(String, Value)>,
    /// Checks and the message with which they are refused.
    refused: Vec<(String, String)>,
}

fn read_manual(kind: &str) -> Manual {
    let path = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("src").join(kind).join("mod.rs");
    let source = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let doc = source.lines().map_while(|l| l.strip_prefix("//!")).map(|l| l.strip_prefix(' ').unwrap_or(l));
    let mut manual = Manual::default();
    let (mut block, mut example, mut in_block) = (String::new(), None, false);
    for line in doc {
        match line {
            "```yaml" | "```json" => (block, in_block) = (String::new(), true),
            "```" => {
                in_block = false;
                match (example.take(), serde_json::from_str(&block)) {
                    (Some(yaml), Ok(json)) => manual.compiled.push((yaml, json)),
                    (Some(yaml), Err(_)) => panic!("{kind}: what becomes of this example? {yaml}"),
                    (None, _) => match block.rsplit_once(" # ") {
                        Some((yaml, message)) => {
                            manual.refused.push((yaml.trim().to_owned(), message.trim().to_owned()));
                        }
                        None => example = Some(block.clone()),
                    },
                }
            }
            line if in_block => block.push_str(&format!("{line}\n")),
            _ => {}
        }
    }
    assert!(example.is_none(), "{kind}: the last example has no result");
    manual
}

/// Compiles a check as the project's loader does: a bare value stands for the option that the type names.
fn compile(check: &dyn CheckType, yaml: &str) -> Result<Compiled, OptionsError> {
    let parsed = yaml::parse(yaml);
    let options = parsed.get(check.name()).unwrap_or_else(|| panic!("{yaml} is no {}", check.name())).clone();
    let options = match (options, check.shorthand()) {
        (options @ Value::Object(_), _) => options,
        (bare, Some(key)) => Value::Object(Map::from_iter([(key.to_owned(), bare)])),
        (bare, None) => panic!("{} has no short form for {bare}", check.name()),
    };
    check.compiler()(options, None)
}

#[test]
fn every_example_compiles_to_what_its_manual_says() {
    for check in headwater_checks::all() {
        let manual = read_manual(check.name());
        assert!(!manual.compiled.is_empty(), "{} has no example", check.name());
        for (yaml, expected) in manual.compiled {
            let compiled = compile(&*check, &yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
            let shown = json!({
                "arguments": compiled.arguments, "columns": compiled.columns, "probe": compiled.probe,
            });
            assert_eq!(shown, expected, "{yaml}");
            assert_sql_parses(&compiled.probe);
        }
    }
}

#[test]
fn every_nonsense_is_refused_with_its_message() {
    for check in headwater_checks::all() {
        let manual = read_manual(check.name());
        assert!(!manual.refused.is_empty(), "{} refuses nothing", check.name());
        for (yaml, message) in manual.refused {
            let error = compile(&*check, &yaml).expect_err(&yaml);
            assert_eq!(error.message, message, "{yaml}");
            let key = error.key.unwrap_or_else(|| panic!("{yaml}: no option is blamed"));
            assert!(check.options_schema()["properties"].get(key).is_some(), "{} has no option {key}", check.name());
        }
    }
}

fn assert_sql_parses(probe: &Probe) {
    let sql = match probe {
        Probe::Row { fails_when } => format!("SELECT 1 FROM t WHERE {fails_when}"),
        Probe::Query { sql } => sql.clone(),
        _ => return,
    };
    let statements = Parser::parse_sql(&GenericDialect {}, &sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert_eq!(statements.len(), 1, "{sql}");
}

#[test]
fn every_type_is_listed_once_in_order_with_a_code_of_its_own() {
    let listed: Vec<_> = headwater_checks::all().iter().map(|c| c.name().to_owned()).collect();
    assert!(listed.is_sorted_by(|a, b| a < b), "{listed:?}");
    let source = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("src");
    let mut folders: Vec<_> = std::fs::read_dir(source)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(listed, folders, "a folder is a check type and is listed in lib.rs");
    let used: Vec<_> = headwater_checks::all().iter().map(|c| c.code()).collect();
    let documented: Vec<_> = headwater_checks::CODES.iter().map(|c| c.code).collect();
    assert_eq!(used, documented);
}
