//! Lines of JSON that are made of records of another form of text.

/// Lines that were made, until they are read. Each record stands in the line where it begins in its file, as long as no line has several:
/// blank lines are passed over by who reads them.
#[derive(Default)]
pub(crate) struct Written {
    ready: Vec<u8>,
    taken: usize,
    /// Lines that were written.
    lines: u64,
}

impl Written {
    /// Adds a record that begins behind so many lines of its file; `None` for one that is larger than `most` bytes.
    pub(crate) fn record(&mut self, began: u64, json: Option<&[u8]>, most: usize) {
        let blank = began.saturating_sub(self.lines);
        self.ready.extend(std::iter::repeat_n(b'\n', blank as usize));
        match json {
            Some(json) => self.ready.extend_from_slice(json),
            // Longer than a line may be, so that it is set aside as such.
            None => self.ready.extend(std::iter::repeat_n(b'x', most + 1)),
        }
        self.ready.push(b'\n');
        self.lines += blank + 1;
    }

    /// Whether all was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.ready.len()
    }

    /// Makes room for more, when all was read.
    pub(crate) fn clear(&mut self) {
        self.ready.clear();
        self.taken = 0;
    }

    /// Reads some of it.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let rest = &self.ready[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        count
    }
}
