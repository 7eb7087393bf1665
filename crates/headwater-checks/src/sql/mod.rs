//! `sql`: a query returns no rows; every row that it returns is a failure. Short: `sql: select …`.
//!
//! The query may name any table of the project; of a table that the run has staged, it sees the staged version. Its
//! rows are kept as the sample of what failed, so select what helps to find the cause.
//!
//! ```yaml
//! sql: select origin from marts.routes where distance <= 0;
//! ```
//! ```json
//! {
//!   "arguments": "select origin from marts.routes where distance <= 0",
//!   "columns": [],
//!   "probe": { "probe": "query", "sql": "select origin from marts.routes where distance <= 0" }
//! }
//! ```
//!
//! Refused:
//!
//! ```yaml
//! sql: ";"                                     # 'query' is empty
//! ```
//! ```yaml
//! sql: delete from marts.routes                # 'query' begins with 'delete' and is no query
//! ```

use arrow_schema::Schema;
use headwater_sdk::check::{Check, Compiled, OptionsError, Probe};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::options::{abridge, wrong, wrong_but};

/// The check type.
pub(crate) enum Sql {}

/// The options of `sql`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// A SQL query.
    query: String,
}

impl Check for Sql {
    const NAME: &'static str = "sql";
    const SHORTHAND: Option<&'static str> = Some("query");
    const CODE: &'static str = codes::SQL;
    type Options = Options;

    fn compile(options: Options, _schema: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let query = options.query.trim_matches(|c: char| c.is_whitespace() || c == ';');
        if query.is_empty() {
            return Err(wrong("query", "'query' is empty"));
        }
        // The engine refuses everything but queries; this catches the plain mistake when the project is loaded.
        let first: String = query.chars().take_while(char::is_ascii_alphabetic).collect();
        if !matches!(first.to_ascii_lowercase().as_str(), "" | "select" | "with" | "values") {
            let message = format!("'query' begins with '{first}' and is no query");
            return Err(wrong_but("query", message, "write a SELECT that returns the rows which are wrong"));
        }
        Ok(Compiled { arguments: abridge(query), columns: Vec::new(), probe: Probe::Query { sql: query.to_owned() } })
    }
}
