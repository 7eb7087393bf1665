//! Hashes of what columns and rows are made from.

use std::hash::{Hash, Hasher};

/// What a column's values, or the rows, are made from: 128 bits of BLAKE3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Print {
    hash: [u8; 16],
    stable: bool,
}

impl Print {
    /// The same, of something that may come out otherwise although nothing has changed.
    pub(super) fn unstable(self) -> Self {
        Self { stable: false, ..self }
    }

    /// Unstable unless `stable`.
    pub(super) fn stable_if(self, stable: bool) -> Self {
        Self { stable: self.stable && stable, ..self }
    }

    pub(super) fn is_stable(self) -> bool {
        self.stable
    }

    /// 16 hexadecimal digits.
    pub(super) fn text(self) -> String {
        self.hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Gathers what a print is made of. What it gathers is told apart by its tag, and by its number and order.
#[derive(Debug)]
pub(super) struct Mix {
    hasher: blake3::Hasher,
    stable: bool,
}

impl Mix {
    pub(super) fn new(tag: &str) -> Self {
        let mix = Self { hasher: blake3::Hasher::new(), stable: true };
        mix.with(tag)
    }

    /// Adds a property. Floats, types, operators, … are what their `Hash` says; no two that differ have to be told apart
    /// by more than that.
    pub(super) fn with(mut self, property: impl Hash) -> Self {
        property.hash(&mut Properties(&mut self.hasher));
        self
    }

    pub(super) fn print(mut self, print: Print) -> Self {
        self.hasher.update(&print.hash);
        self.stable &= print.stable;
        self
    }

    /// Adds how many there are, and each.
    pub(super) fn prints(self, prints: impl IntoIterator<Item = Print>) -> Self {
        let (mut mix, mut count) = (self, 0_usize);
        for print in prints {
            mix = mix.print(print);
            count += 1;
        }
        mix.with(count)
    }

    pub(super) fn finish(self) -> Print {
        let mut hash = [0; 16];
        self.hasher.finalize_xof().fill(&mut hash);
        Print { hash, stable: self.stable }
    }
}

/// Lets what can be hashed be written to BLAKE3.
struct Properties<'a>(&'a mut blake3::Hasher);

impl Hasher for Properties<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks: [`Mix::finish`] gives the hash.
    fn finish(&self) -> u64 {
        0
    }
}
