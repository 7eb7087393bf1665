//! Projects: from a folder of files to a graph of assets, with a diagnostic for every mistake.
//!
//! [`load`] reads `headwater.yml`, sources, seeds, models, scripts, destinations, macros and unit tests, and finds what depends on what from the SQL itself.
//! All mistakes of a project are reported together. [`json_schemas`] describes the YAML files for editors.
//!
//! Invariant: this crate is synchronous and does nothing but read the project's files. It knows connectors and checks
//! only through the traits of `headwater-sdk`.

mod asset;
mod delivery;
mod graph;
mod load;
mod project;
mod schemas;
mod secrets;
mod spec;
mod sql;
mod template;
mod unit_test;
mod validate;
mod yaml;

pub mod codes;
pub mod plan;
pub mod select;

pub use asset::{
    Additive, Arrival, Asset, AssetKind, Bridge, CheckSpec, ColumnSpec, Dimension, Fact, Freshness, Input, Materialize,
    Measure, MemberValue, ModelAsset, Reference, Refresh, ScriptAsset, ScriptInput, ScriptRefresh, SeedAsset,
    SpecialKind, SpecialMember, Star, StreamAsset, Written, WrittenCheck,
};
pub use delivery::Delivery;
pub use load::{LoadOptions, Loaded, Reach, load};
pub use project::{DEFAULT_MEMORY, Environment, Project};
pub use schemas::json_schemas;
pub use secrets::{SecretSources, Unread};
pub use sql::statements;
pub use unit_test::{
    CellValue, Expectation, ExpectedCheck, GivenRows, Stand, TestCell, TestRow, TestRows, TestText, UnitTest, Variant,
};
pub use yaml::{Unfilled, document, expand};
