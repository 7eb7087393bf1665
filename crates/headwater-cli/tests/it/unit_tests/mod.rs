//! `headwater test`: unit tests of models.

mod diffs;
mod meaning;
mod mistakes;
mod passing;

use crate::program::Said;

/// What was said, with times masked.
fn masked(said: &Said) -> String {
    let mut out = String::new();
    for line in said.out.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [before @ .., number, "ms"] if number.parse::<u64>().is_ok() => {
                out.push_str(&format!("{} # ms", before.join(" ").trim_end()));
            }
            [before @ .., "in", number, "s"] if number.parse::<f64>().is_ok() => {
                out.push_str(&format!("{} in # s", before.join(" ")));
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    // How wide the column of times is, is left to chance: its title stands where it stands.
    out.lines().map(|line| format!("{}\n", line.strip_suffix("time").map_or(line, str::trim_end))).collect()
}

/// Compares with a golden text.
macro_rules! golden {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}
use golden;
