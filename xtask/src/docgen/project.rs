//! The page of the project's files, from the structs that they are read into.

use std::path::Path;

use super::{keys, manual, read};

const INTRODUCTION: &str = "\
# A project's files

A project is a folder of plain files. `headwater init` makes one, `headwater check` finds what is wrong with it, and
`headwater schema` prints the JSON Schemas of all that is YAML here, for editors.

";

/// The chapters: a title, and the file of `headwater-project` that its text and keys are from.
const CHAPTERS: [(&str, &str); 7] = [
    ("headwater.yml", "project.rs"),
    ("Sources", "source.rs"),
    ("Models and seeds", "model.rs"),
    ("Star schemas", "star.rs"),
    ("Scripts", "script.rs"),
    ("Destinations", "destination.rs"),
    ("Unit tests", "unit_test.rs"),
];

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let folder = root.join("crates/headwater-project/src/spec");
    let mut text = INTRODUCTION.to_owned();
    for (title, file) in CHAPTERS {
        let source = read(&folder.join(file))?;
        text += &format!("## {title}\n\n{}\n\n", manual::of_module(&source)?);
        text += &lists(&source);
    }
    text += "## Values of `mode`, `on_bad_row` and `drift`\n\n";
    let connector = read(&root.join("crates/headwater-sdk/src/connector/settings.rs"))?;
    text += &lists_of(&keys::of_source(&connector));
    text += "## Values of `mode` and `on_delete` of deliveries\n\n";
    text += &lists(&read(&root.join("crates/headwater-sdk/src/destination/settings.rs"))?);
    text += "## Values of `input_format` and `output_format`\n\n";
    text += &lists(&read(&root.join("crates/headwater-sdk/src/script/format.rs"))?);
    text += "## Columns\n\n";
    text += &lists(&read(&folder.join("columns.rs"))?);
    text += "## Keys of every check\n\n";
    text += &lists(&read(&folder.join("checks.rs"))?);
    Ok(text)
}

fn lists(source: &str) -> String {
    lists_of(&keys::of_source(source))
}

fn lists_of(found: &[keys::Keys]) -> String {
    found.iter().map(|keys| format!("**{}**\n\n{}\n", keys.text, keys::list(&keys.keys))).collect()
}
