//! The types of checks that a project can use, one folder each.
//!
//! A check type turns its options into a [`Probe`](headwater_sdk::check::Probe), which the engine evaluates. The doc
//! comment of each folder is its manual: an example in YAML followed by what it compiles to, and examples of options
//! that are refused, with the message. A test reads these comments and holds the code to them.
//!
//! In YAML every check also takes `severity`, `where`, `threshold`, `name` and `description`.
//!
//! To add a type: a folder with its [`Check`](headwater_sdk::check::Check), a line in [`all`], a code in [`CODES`].
//!
//! Invariant: this crate writes SQL and never runs it; it knows neither DataFusion nor any data.

mod accepted_values;
mod codes;
mod expression;
mod freshness;
mod length;
mod not_null;
mod options;
mod quoting;
mod range;
mod regex;
mod relationships;
mod row_count;
mod sql;
mod unique;

pub use codes::CODES;
use headwater_sdk::check::{CheckType, erased};
pub use headwater_sdk::name::quote_identifier;
pub use quoting::quote_text;

/// Every check type, in alphabetical order.
pub fn all() -> Vec<Box<dyn CheckType>> {
    vec![
        erased::<accepted_values::AcceptedValues>(),
        erased::<expression::Expression>(),
        erased::<freshness::Freshness>(),
        erased::<length::Length>(),
        erased::<not_null::NotNull>(),
        erased::<range::Range>(),
        erased::<regex::Regex>(),
        erased::<relationships::Relationships>(),
        erased::<row_count::RowCount>(),
        erased::<sql::Sql>(),
        erased::<unique::Unique>(),
    ]
}
