//! Values from text, as more than one connector reads them.

pub(crate) mod number;
pub(crate) mod time;
