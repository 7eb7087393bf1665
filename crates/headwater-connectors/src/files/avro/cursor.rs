//! Values in a block, one after the other.

/// What is wrong with a block, as the end of a sentence about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damage(pub(super) &'static str);

/// The unread bytes of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// At the start of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The next `count` bytes.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Damage("a value ends beyond it"))?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The next bytes, as many as an array holds.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(Damage("a value ends beyond it"))?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// A whole number of 64 bits: seven bits a byte, the lowest first, and zigzag.
    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Damage> {
        let (mut value, mut shift) = (0_u64, 0);
        for (at, &byte) in self.bytes.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                if at == 9 && byte > 1 {
                    break;
                }
                self.bytes = &self.bytes[at + 1..];
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
            shift += 7;
        }
        Err(Damage("a number in it has no end"))
    }

    /// A whole number of 32 bits.
    #[inline]
    pub(super) fn int(&mut self) -> Result<i32, Damage> {
        i32::try_from(self.long()?).map_err(|_| Damage("a number in it has more than 32 bits"))
    }

    /// Bytes with their length before them.
    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let length = usize::try_from(self.long()?).map_err(|_| Damage("a length in it is negative"))?;
        self.take(length)
    }

    /// How many items of an array or a map come next; 0 at its end.
    pub(super) fn items(&mut self) -> Result<usize, Damage> {
        /// Items may take no bytes at all (nulls), so that their number is not bounded by those that are left.
        const EMPTY_ITEMS: usize = 1 << 16;
        let count = self.long()?;
        if count < 0 {
            let _bytes = self.long()?;
        }
        usize::try_from(count.unsigned_abs())
            .ok()
            .filter(|count| *count <= self.left() + EMPTY_ITEMS)
            .ok_or(Damage("a list in it is longer than the block"))
    }
}
