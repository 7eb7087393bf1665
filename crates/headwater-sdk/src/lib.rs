//! What an extension author sees: names, streams, errors and the traits that Headwater is built from.
//!
//! - [`connector::Connector`] brings data in from a system,
//! - [`destination::Destination`] takes up what is published,
//! - [`check::Check`] turns an assertion on a table into a probe that the engine evaluates,
//! - [`script::ProgramRunner`] runs programs that read tables and yield one (implemented by `headwater-connectors`),
//! - [`engine::Engine`] plans, writes and reads tables (implemented once, by `headwater-engine`),
//! - [`store::Store`] keeps the catalogue's records (implemented by `headwater-catalog`).
//!
//! Invariant: this crate knows Arrow and serde, and neither DataFusion, Delta, SQLite nor any file format.

pub mod check;
pub mod connector;
pub mod destination;
pub mod duration;
pub mod engine;
pub mod error;
pub mod failpoint;
pub mod id;
pub mod lineage;
pub mod method;
pub mod name;
pub mod parallel;
pub mod progress;
pub mod relation;
pub mod script;
pub mod secrets;
pub mod side_table;
pub mod store;
pub mod stream;
pub mod types;

pub use error::{Blame, Code, Error, Result};
pub use id::RunId;
pub use name::TableName;
pub use relation::{Below, Relation, Relations};
pub use stream::BatchStream;
