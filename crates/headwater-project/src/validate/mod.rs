//! Validation: YAML nodes against the JSON Schema of the struct that they are to become. Every mistake is reported with
//! its place, all at once. What passes is JSON that the struct can be read from.

mod alternatives;
mod describe;
mod object;
mod reader;
mod schema;
#[cfg(test)]
mod tests;

pub(crate) use reader::read;
pub(crate) use schema::{Schema, lists_take_single_values, merge};
