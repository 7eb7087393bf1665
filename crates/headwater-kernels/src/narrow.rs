//! The distinct texts of at most seven bytes, numbered: each is a number of 64 bits.

/// Bytes of a text that fits a key beside its length.
pub(crate) const WIDEST: usize = 7;
/// The bytes of a text in its key, by its length.
const BYTES: [u64; WIDEST + 1] = {
    let mut masks = [0; WIDEST + 1];
    let mut length = 0;
    while length <= WIDEST {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};
/// No key is 0: each has this bit beside its length.
const TAKEN: u64 = 0x80;
const FREE: u64 = 0;
/// The fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The key of a text of eight bytes or less; of more bytes than its length, those behind it are passed over. `None` for a longer text.
#[inline]
pub(crate) fn key(bytes: u64, length: usize) -> Option<u64> {
    let mask = BYTES.get(length)?;
    Some(bytes & mask | (length as u64 | TAKEN) << (8 * WIDEST))
}

/// The bytes of a key's text, those behind it being zeros, and its length.
pub(crate) fn text(key: u64) -> (u64, usize) {
    let length = (key >> (8 * WIDEST)) & !TAKEN;
    (key & BYTES[WIDEST], length as usize)
}

/// Numbers of keys, from 1 on. Open addressing with linear probing.
#[derive(Debug, Clone)]
pub(crate) struct Narrow {
    /// Keys with their numbers: side by side, as both are looked at.
    slots: Vec<(u64, u32)>,
    /// 64 less the bits of a place.
    shift: u32,
    count: u32,
}

impl Narrow {
    pub(crate) fn new() -> Self {
        Self::sized(10)
    }

    fn sized(bits: u32) -> Self {
        Self { slots: vec![(FREE, 0); 1 << bits], shift: 64 - bits, count: 0 }
    }

    /// How many keys there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    #[inline]
    fn place(&self, key: u64) -> usize {
        (key.wrapping_mul(FACTOR) >> self.shift) as usize
    }

    /// The number of a key where the first two looks find it.
    #[inline]
    pub(crate) fn find(&self, key: u64) -> Option<u32> {
        let place = self.place(key);
        let (first, number) = self.slots[place];
        if first == key {
            return Some(number);
        }
        let (second, number) = self.slots[(place + 1) & (self.slots.len() - 1)];
        (second == key).then_some(number)
    }

    /// The number of a key, which is a new one where there was none; `None` when there are `limit` already.
    #[cold]
    pub(crate) fn number_of(&mut self, key: u64, limit: u32) -> Option<u32> {
        let mut place = self.free_or(key);
        if self.slots[place].0 == key {
            return Some(self.slots[place].1);
        }
        if self.count >= limit {
            return None;
        }
        // A quarter full is full: the first look is to find nearly all.
        if (self.count as usize + 1) * 4 > self.slots.len() {
            let mut bigger = Self::sized(64 - self.shift + 1);
            for (key, number) in self.all() {
                bigger.put(key, number);
            }
            *self = Self { count: self.count, ..bigger };
            place = self.free_or(key);
        }
        self.count += 1;
        self.slots[place] = (key, self.count);
        Some(self.count)
    }

    /// The keys with their numbers, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, u32)> {
        self.slots.iter().copied().filter(|(key, _)| *key != FREE)
    }

    /// The place that a key has, or would have.
    fn free_or(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = self.place(key);
        while self.slots[place].0 != key && self.slots[place].0 != FREE {
            place = (place + 1) & mask;
        }
        place
    }

    fn put(&mut self, key: u64, number: u32) {
        let place = self.free_or(key);
        self.slots[place] = (key, number);
    }
}
