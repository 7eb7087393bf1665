//! The page of checks, from the folders of `headwater-checks`.

use std::path::Path;

use super::tokens::tokens;
use super::{keys, manual, modules, read};

const INTRODUCTION: &str = "\
# Checks

What a stream, a seed or a model can assert of its table, one chapter for each type. Beside its own keys every check
takes:

- `severity`: `warn` (the run says so), `quarantine` (failing rows are set aside in `<table>__quarantine`) or `error`
  (nothing of the table is published; this is the default).
- `where`: a SQL predicate; the check looks only at rows for which it is true.
- `threshold`: how many rows may fail before the severity applies, as a number of rows or a share such as `1%`; none
  unless it is said. With `quarantine` failing rows are always set aside, and more than the threshold, where there is
  one, is an error.
- `name`, `description`: what it is called in reports, and why it is there.

The JSON after an example is what the check becomes. `arguments` names it in reports, `columns` are what it looks at, and
the probe is what is evaluated. Examples under *Refused* are errors, with the message beside them.

";

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let folder = root.join("crates/headwater-checks/src");
    let listed = manual::listed(&tokens(&read(&folder.join("lib.rs"))?)?);
    let mut text = INTRODUCTION.to_owned();
    for module in modules(&folder)? {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Folders beside the types hold what these share.
        if !listed.contains(&name) {
            continue;
        }
        let path = module.join("mod.rs");
        let source = read(&path)?;
        let manual = manual::of_module(&source).map_err(|e| format!("{}: {e}", path.display()))?;
        text += &format!("## {name}\n\n{manual}\n\n");
        if let Some(options) = keys::of_source(&source).iter().find(|keys| keys.name == "Options") {
            text += &format!("Keys:\n\n{}\n", keys::list(&options.keys));
        }
    }
    Ok(text)
}
