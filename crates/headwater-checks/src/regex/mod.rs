//! `regex`: a text column matches a pattern, or is null.
//!
//! The pattern is searched for anywhere in the text: write `^…$` to match all of it. The syntax is that of the `regex`
//! crate (close to Perl's, without look-around and back-references). Told during the write.
//!
//! ```yaml
//! regex: { column: tailnum, pattern: '^N[1-9]\d*$' }
//! ```
//! ```json
//! {
//!   "arguments": "tailnum",
//!   "columns": ["tailnum"],
//!   "probe": { "probe": "row", "fails_when": "NOT regexp_like(\"tailnum\", '^N[1-9]\\d*$')" }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! regex: { column: tailnum, pattern: '^N[1-9' }    # the pattern is not valid: unclosed character class
//! ```
//! ```yaml
//! regex: { column: tailnum, pattern: '' }          # 'pattern' is empty
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use headwater_sdk::name::quote_identifier;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{require_text, take_column, wrong, wrong_but};
use crate::quoting::quote_text;

/// The check type.
pub(crate) enum Regex {}

/// The options of `regex`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The column, which holds text.
    column: String,
    /// What must be found in the text.
    pattern: String,
}

impl Check for Regex {
    const NAME: &'static str = "regex";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::REGEX;
    type Options = Options;

    fn compile(options: Options, schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let column = take_column("column", &options.column)?;
        require_text(schema, column)?;
        if options.pattern.is_empty() {
            return Err(wrong("pattern", "'pattern' is empty"));
        }
        if let Err(error) = regex::Regex::new(&options.pattern) {
            let message = format!("the pattern is not valid: {}", last_line(&error.to_string()));
            return Err(wrong_but("pattern", message, "look-around and back-references are not supported"));
        }
        let fails_when = format!("NOT regexp_like({}, {})", quote_identifier(column), quote_text(&options.pattern));
        Ok(Compiled {
            arguments: column.to_owned(),
            columns: vec![column.to_owned()],
            probe: Probe::Row { fails_when },
        })
    }
}

/// The reason in the last line of the crate's message, whose other lines draw the place.
fn last_line(message: &str) -> &str {
    let line = message.lines().last().unwrap_or(message);
    line.strip_prefix("error: ").unwrap_or(line)
}
