//! `length`: a text column has so many characters, or is null.
//!
//! Counted in characters, not bytes. Both bounds are allowed values; one of them may be left out. Told during the
//! write.
//!
//! ```yaml
//! length: { column: faa, min: 3, max: 4 }
//! ```
//! ```json
//! {
//!   "arguments": "faa, 3 to 4",
//!   "columns": ["faa"],
//!   "probe": { "probe": "row", "fails_when": "character_length(\"faa\") < 3 OR character_length(\"faa\") > 4" }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! length: { column: faa }                    # neither 'min' nor 'max' is given
//! ```
//! ```yaml
//! length: { column: faa, min: 4, max: 3 }    # 'min' is 4, above 'max', which is 3
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use headwater_sdk::name::quote_identifier;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{describe_bounds, refuse_crossed, require_text, take_column};

/// The check type.
pub(crate) enum Length {}

/// The options of `length`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The column, which holds text.
    column: String,
    /// Fewest characters.
    min: Option<u32>,
    /// Most characters.
    max: Option<u32>,
}

impl Check for Length {
    const NAME: &'static str = "length";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = codes::LENGTH;
    type Options = Options;

    fn compile(options: Options, schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let Options { column, min, max } = options;
        take_column("column", &column)?;
        require_text(schema, &column)?;
        refuse_crossed(min.as_ref(), max.as_ref())?;
        let length = format!("character_length({})", quote_identifier(&column));
        let below = min.map(|min| format!("{length} < {min}"));
        let above = max.map(|max| format!("{length} > {max}"));
        Ok(Compiled {
            arguments: format!("{column}, {}", describe_bounds(min.as_ref(), max.as_ref())),
            columns: vec![column],
            probe: Probe::Row { fails_when: below.into_iter().chain(above).collect::<Vec<_>>().join(" OR ") },
        })
    }
}
