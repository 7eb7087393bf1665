//! The values of CSV fields.

use crate::columns::{Cells, Rows, Value};

/// Unquoted texts that stand for null, beside the empty one.
#[derive(Debug, Clone)]
pub(crate) struct NullTokens {
    tokens: Vec<Box<[u8]>>,
    /// Whether a token begins with this byte: nearly every value is told from a token by that.
    first: [bool; 256],
}

impl NullTokens {
    /// Empty tokens are left out: an empty field is null anyhow.
    pub(crate) fn new(tokens: &[String]) -> Self {
        let tokens: Vec<Box<[u8]>> = tokens.iter().filter(|t| !t.is_empty()).map(|t| t.as_bytes().into()).collect();
        let mut first = [false; 256];
        for token in &tokens {
            first[usize::from(token[0])] = true;
        }
        Self { tokens, first }
    }

    /// Whether an unquoted field is null.
    #[inline]
    pub(crate) fn is_null(&self, text: &[u8]) -> bool {
        match text.first() {
            None => true,
            Some(&byte) => self.first[usize::from(byte)] && self.tokens.iter().any(|token| **token == *text),
        }
    }
}

/// One column of fields.
pub(crate) struct CsvCells<'a> {
    /// The text that was scanned.
    pub(crate) text: &'a [u8],
    /// What was found in it.
    pub(crate) found: &'a Rows,
    /// Fields of a row.
    pub(crate) fields: usize,
    /// The field of this column.
    pub(crate) field: usize,
    /// Texts that stand for null.
    pub(crate) nulls: &'a NullTokens,
    /// The quote, if any.
    pub(crate) quote: Option<u8>,
}

impl CsvCells<'_> {
    #[cold]
    fn unescaped<'a>(&self, text: &[u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        unescape(text, self.quote, scratch)
    }
}

/// Makes one quote of two.
fn unescape<'a>(text: &[u8], quote: Option<u8>, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    scratch.clear();
    let Some(quote) = quote else { return scratch };
    let mut rest = text;
    while let Some(place) = memchr::memchr(quote, rest) {
        scratch.extend_from_slice(&rest[..=place]);
        rest = rest.get(place + 2..).unwrap_or_default();
    }
    scratch.extend_from_slice(rest);
    scratch
}

impl Cells for CsvCells<'_> {
    #[inline]
    fn rows(&self) -> usize {
        self.found.rows.len()
    }

    #[inline]
    fn value<'a>(&'a self, row: usize, scratch: &'a mut Vec<u8>) -> Value<'a> {
        let at = row * self.fields + self.field;
        let end = self.found.ends[at];
        let start =
            if self.field == 0 { self.found.rows[row].start as usize } else { self.found.ends[at - 1].at() + 1 };
        if !end.is_quoted() {
            let text = &self.text[start..end.at()];
            return if self.nulls.is_null(text) { Value::Null } else { Value::Text(text) };
        }
        let text = &self.text[start + 1..end.at() - 1];
        Value::Text(if end.is_escaped() { self.unescaped(text, scratch) } else { text })
    }
}
