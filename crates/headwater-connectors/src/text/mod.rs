//! Values from text, and as text, as more than one connector has them.

pub(crate) mod number;
pub(crate) mod time;
mod uuid;

pub(crate) use uuid::uuid;
