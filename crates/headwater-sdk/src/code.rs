//! Error codes and what they mean.

/// What one error code means, for people who look it up (`headwater explain HW0123`). A code never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `HW` and four digits.
    pub code: &'static str,
    /// What it is called: lower case, no full stop.
    pub title: &'static str,
    /// What has happened, and what to do about it: sentences.
    pub explanation: &'static str,
}

impl Code {
    /// A code's entry.
    pub const fn new(code: &'static str, title: &'static str, explanation: &'static str) -> Self {
        Self { code, title, explanation }
    }
}
