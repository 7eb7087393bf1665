//! The page of `--select` and `--exclude`, from the manual of the module that reads them.

use std::path::Path;

use super::{manual, read};

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let source = read(&root.join("crates/headwater-project/src/select/mod.rs"))?;
    Ok(format!("# Selecting assets\n\n{}\n", manual::of_module(&source)?))
}
