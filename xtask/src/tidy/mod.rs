//! `cargo xtask tidy`: what a compiler does not see.
//!
//! A check is one file here with a function from the [`Tree`] to findings, and a line in [`CHECKS`].

mod blanks;
mod codes;
mod leftovers;
mod links;
mod names;
mod sizes;
#[cfg(test)]
mod tests;
mod tree;

use std::path::Path;

use self::tree::Tree;
use crate::report::Finding;

type Check = fn(&Tree) -> Vec<Finding>;

/// Every check.
const CHECKS: &[Check] = &[blanks::check, codes::check, leftovers::check, links::check, names::check, sizes::check];

/// Looks at every file that git knows or would add.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>, String> {
    Ok(check_tree(&Tree::read(root)?))
}

fn check_tree(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(tree)).collect();
    findings.sort();
    findings
}
