//! Rows of text files: where they stand, and what is wrong with those that are set aside.

/// The end of a CSV field: its offset, and whether the field stands in quotes and has doubled quotes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End(u32);

impl End {
    /// Flag of a field in quotes.
    pub(crate) const QUOTED: u32 = 1 << 31;
    /// Flag of a field with doubled quotes.
    pub(crate) const ESCAPED: u32 = 1 << 30;

    /// The end at an offset below 2³⁰, with flags.
    #[inline]
    pub(crate) fn new(at: usize, flags: u32) -> Self {
        Self(at as u32 | flags)
    }

    /// The offset of the byte after the field, its closing quote included.
    #[inline]
    pub(crate) fn at(self) -> usize {
        (self.0 & !(Self::QUOTED | Self::ESCAPED)) as usize
    }

    #[inline]
    pub(crate) fn is_quoted(self) -> bool {
        self.0 & Self::QUOTED != 0
    }

    #[inline]
    pub(crate) fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }
}

/// A row in a run of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Offset of its first byte.
    pub(crate) start: u32,
    /// Offset of the byte after its last.
    pub(crate) end: u32,
    /// Physical lines before it in the text.
    pub(crate) line: u32,
}

impl Row {
    /// The row's bytes in its text.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What is wrong with a row that is set aside unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has this many fields.
    Fields(usize),
    /// It is longer than allowed.
    TooLong,
    /// A field's quote is not closed before the end of the file or within the longest row.
    Unclosed,
    /// Something else than a delimiter follows a closing quote.
    AfterQuote,
}

/// What was found in a run of text.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The rows to be read.
    pub(crate) rows: Vec<Row>,
    /// CSV: the ends of their fields, row by row.
    pub(crate) ends: Vec<End>,
    /// The rows that are set aside, and why.
    pub(crate) broken: Vec<(Row, Why)>,
    /// Physical lines passed.
    pub(crate) lines: u32,
    /// Whether the text ends in a row that is too long already and whose line has no end yet: it has been set aside,
    /// and what follows up to the next row end belongs to it.
    pub(crate) skip: bool,
}

impl Rows {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.ends.clear();
        self.broken.clear();
        self.lines = 0;
        self.skip = false;
    }
}
