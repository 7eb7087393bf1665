//! `expression`: a SQL predicate over the row's columns is true, or null. Short: `expression: arr_time > dep_time`.
//!
//! A row fails when the predicate is false. To let null fail as well, add `and x is not null`. Told during the write.
//!
//! ```yaml
//! expression: dep_time is not null or arr_time is null
//! ```
//! ```json
//! {
//!   "arguments": "dep_time is not null or arr_time is null",
//!   "columns": [],
//!   "probe": { "probe": "row", "fails_when": "NOT (dep_time is not null or arr_time is null)" }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! expression: "  "                      # 'predicate' is empty
//! ```
//! ```yaml
//! expression: "a > 1) or (true"         # a quote or parenthesis of 'predicate' has no partner
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{abridge, wrong};

/// The check type.
pub(crate) enum Expression {}

/// The options of `expression`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// A SQL boolean expression over the table's columns.
    predicate: String,
}

impl Check for Expression {
    const NAME: &'static str = "expression";
    const SHORTHAND: Option<&'static str> = Some("predicate");
    const CODE: &'static str = codes::EXPRESSION;
    type Options = Options;

    fn compile(options: Options, _schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let predicate = options.predicate.trim();
        let Some(shape) = scan(predicate) else {
            return Err(wrong("predicate", "a quote or parenthesis of 'predicate' has no partner"));
        };
        if !shape.says_something {
            return Err(wrong("predicate", "'predicate' is empty"));
        }
        // The closing parenthesis must not become part of a comment.
        let end = if shape.ends_in_comment { "\n" } else { "" };
        Ok(Compiled {
            arguments: abridge(predicate),
            columns: Vec::new(),
            probe: Probe::Row { fails_when: format!("NOT ({predicate}{end})") },
        })
    }
}

/// What there is in a piece of SQL.
#[derive(Default)]
struct Shape {
    /// Whether there is anything but blanks and comments.
    says_something: bool,
    /// Whether it ends in a `--` comment.
    ends_in_comment: bool,
}

/// Looks through a piece of SQL; `None` when its quotes, comments and parentheses do not match, so that it would not
/// stay inside a pair put around it.
fn scan(sql: &str) -> Option<Shape> {
    let mut shape = Shape::default();
    let mut depth = 0_usize;
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let (says, taken) = match c {
            '\'' | '"' => (true, 1 + rest[1..].find(c)? + 1),
            '-' if rest.starts_with("--") => match rest.find('\n') {
                Some(end) => (false, end + 1),
                None => {
                    shape.ends_in_comment = true;
                    break;
                }
            },
            '/' if rest.starts_with("/*") => (false, 2 + rest[2..].find("*/")? + 2),
            '(' => {
                depth += 1;
                (true, 1)
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                (true, 1)
            }
            other => (!other.is_whitespace(), other.len_utf8()),
        };
        shape.says_something |= says;
        rest = &rest[taken..];
    }
    (depth == 0).then_some(shape)
}
