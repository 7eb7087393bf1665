//! Text whose columns begin at the same place in every line.

mod layout;
mod open;
mod values;

use std::sync::Arc;

pub(crate) use layout::FixedLayout;
pub(crate) use open::open;
pub(crate) use values::{FixedValues, sample_lines};

use super::csv::NullTokens;

/// The options of such files, checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct FixedOptions {
    /// Where the columns stand.
    pub(crate) layout: FixedLayout,
    /// Whether the first line holds the columns' names, each in its column's place.
    pub(crate) header: bool,
    /// Lines to leave out at the top.
    pub(crate) skip: u32,
    /// Whether blanks around a value are no part of it.
    pub(crate) trim: bool,
    /// Whether a line may end before its last column does.
    pub(crate) pad: bool,
    /// Texts that stand for null.
    pub(crate) nulls: Option<Arc<NullTokens>>,
}
