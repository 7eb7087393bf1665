//! Values from text, and as text, as more than one connector has them.

pub(crate) mod number;
mod number_format;
mod percent;
pub(crate) mod time;
mod uuid;

pub(crate) use number_format::NumberFormat;
pub(crate) use percent::{LOOSE_SIGN, has_loose_sign, percent_decoded};
pub(crate) use uuid::uuid;
