//! A tape of bytes that a generator reads its choices from.
//!
//! The generator is then a plain function, and proptest shrinks the tape: a shorter one and smaller bytes give a simpler
//! query, because the first alternative of every choice is the simplest and an empty tape always gives the first.

use std::fmt;

use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

/// What is written on a tape; shown in hexadecimal.
#[derive(Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Bytes {
    /// So many random ones.
    pub(crate) fn random(rng: &mut TestRng, count: usize) -> Self {
        let mut bytes = vec![0; count];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A tape and how far it has been read.
#[derive(Debug)]
pub(crate) struct Tape<'a> {
    bytes: &'a [u8],
    next: usize,
}

impl<'a> Tape<'a> {
    pub(crate) fn new(bytes: &'a Bytes) -> Self {
        Self { bytes: &bytes.0, next: 0 }
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        byte
    }

    /// A number below `count`.
    pub(crate) fn pick(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        // The high bytes are the rare ones, so that shrinking turns chances off.
        usize::from(self.byte()) * 100 >= (100 - percent) * 256
    }

    /// One of several.
    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.pick(choices.len())]
    }
}
