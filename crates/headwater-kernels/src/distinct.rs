//! The distinct short texts of a column, numbered.
//!
//! Texts of seven bytes or less are numbers of 64 bits ([`Narrow`]). When a longer one comes, all go on as views of 128 bits.

use crate::narrow::{self, Narrow};

/// Bytes of a text that lies in its view (Arrow columnar format, "Variable-size Binary View Layout").
const INLINE: u32 = 12;
/// The number of a null.
const NULL: u32 = 0;
/// Bits of a view that hold the length, of which a short text needs few: in a slot the number has the others.
const LENGTH_BITS: u32 = 32;
/// Bits that a short text's length needs.
const SHORT_BITS: u32 = 4;
/// What a slot holds of a view.
const KEY: u128 = !(((1 << LENGTH_BITS) - 1) & !((1 << SHORT_BITS) - 1));
/// No number is 0: what no slot of a text is.
const FREE: u128 = 0;
/// Texts that are looked up together.
const BLOCK: usize = 32;
/// The most texts that can be numbered.
const MOST: u32 = 1 << (LENGTH_BITS - SHORT_BITS - 1);

/// Numbers the distinct values of a column of Arrow string views, from batch to batch: 0 is null, the others follow in
/// the order in which they were first seen.
///
/// It works while all texts are short (at most 12 bytes) and there are not too many; otherwise it gives up for good.
#[derive(Debug, Clone)]
pub struct Distinct {
    /// While no text is longer.
    narrow: Option<Narrow>,
    /// Open addressing with linear probing: views with their numbers ([`slot`]). A power of two.
    slots: Vec<u128>,
    /// Texts seen.
    count: u32,
    limit: u32,
    given_up: bool,
}

impl Distinct {
    /// Numbers at most `limit` texts.
    pub fn new(limit: u32) -> Self {
        Self { narrow: Some(Narrow::new()), slots: Vec::new(), count: 0, limit: limit.min(MOST), given_up: false }
    }

    /// The texts seen so far; their numbers are 1 to this.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Numbers the texts of a column of views (Arrow's `Utf8View`).
    ///
    /// Writes the number of each value into `numbers` and the rows in which texts were seen for the first time into
    /// `first_rows`, in the order of their numbers. `validity` is the bitmap of an Arrow null buffer (least significant
    /// bit first) and the bit at which it starts.
    ///
    /// False when a text is too long or there are too many: then and ever after nothing is numbered.
    pub fn number_views(
        &mut self,
        views: &[u128],
        validity: Option<(&[u8], usize)>,
        numbers: &mut Vec<u32>,
        first_rows: &mut Vec<u64>,
    ) -> bool {
        first_rows.clear();
        let short = views.iter().map(|view| narrow::key((view >> LENGTH_BITS) as u64, *view as u32 as usize));
        let done = self.number_narrow(short, validity, numbers, first_rows);
        self.number(views[done..].iter().copied(), validity, numbers, first_rows)
    }

    /// As [`Distinct::number_views`], for texts that lie one after the other (Arrow's `Utf8`): text `i` is
    /// `bytes[offsets[i]..offsets[i + 1]]`.
    pub fn number_texts(
        &mut self,
        offsets: &[i32],
        bytes: &[u8],
        validity: Option<(&[u8], usize)>,
        numbers: &mut Vec<u32>,
        first_rows: &mut Vec<u64>,
    ) -> bool {
        first_rows.clear();
        let short = offsets.windows(2).map(|two| {
            let (start, length) = (two[0] as usize, (two[1] - two[0]) as usize);
            let ahead = bytes.get(start..start + 8).and_then(|some| some.try_into().ok());
            let text = ahead.map_or_else(|| last_bytes(bytes, start), u64::from_le_bytes);
            narrow::key(text, length)
        });
        let done = self.number_narrow(short, validity, numbers, first_rows);
        let views = offsets[done..].windows(2).map(|two| view_of(bytes, two[0] as usize, two[1] as usize));
        self.number(views, validity, numbers, first_rows)
    }

    /// Numbers texts by their keys, up to the first that has none. How many were numbered.
    #[inline]
    fn number_narrow(
        &mut self,
        keys: impl ExactSizeIterator<Item = Option<u64>>,
        validity: Option<(&[u8], usize)>,
        numbers: &mut Vec<u32>,
        first_rows: &mut Vec<u64>,
    ) -> usize {
        // Twice, so that columns without nulls are not asked for them row by row.
        let done = match validity {
            None => self.number_keys(keys, |_| false, numbers, first_rows),
            Some((bits, offset)) => {
                let is_null = |row: usize| bits[(row + offset) / 8] & (1 << ((row + offset) % 8)) == 0;
                self.number_keys(keys, is_null, numbers, first_rows)
            }
        };
        numbers.truncate(done);
        done
    }

    #[inline]
    fn number_keys(
        &mut self,
        keys: impl ExactSizeIterator<Item = Option<u64>>,
        is_null: impl Fn(usize) -> bool,
        numbers: &mut Vec<u32>,
        first_rows: &mut Vec<u64>,
    ) -> usize {
        let Some(narrow) = &mut self.narrow else { return 0 };
        // All at once, so that there is no look at the room for each; most of it is there from the last batch.
        numbers.resize(keys.len(), NULL);
        for (row, (key, number)) in keys.zip(numbers.iter_mut()).enumerate() {
            if is_null(row) {
                *number = NULL;
                continue;
            }
            if let Some(known) = key.and_then(|key| narrow.find(key)) {
                *number = known;
                continue;
            }
            let before = narrow.count();
            let Some(found) = key.and_then(|key| narrow.number_of(key, self.limit)) else {
                self.widen();
                return row;
            };
            if found > before {
                self.count = found;
                first_rows.push(row as u64);
            }
            *number = found;
        }
        numbers.len()
    }

    /// Goes on with views.
    #[cold]
    fn widen(&mut self) {
        let Some(narrow) = self.narrow.take() else { return };
        let room = (narrow.count() as usize * 2 + 2).next_power_of_two().max(1024);
        self.slots = vec![FREE; room];
        for (key, number) in narrow.all() {
            let (text, length) = narrow::text(key);
            self.put(slot(u128::from(text) << LENGTH_BITS | length as u128, number));
        }
    }

    /// Numbers the texts that follow those which have numbers already.
    #[inline]
    fn number(
        &mut self,
        views: impl ExactSizeIterator<Item = u128>,
        validity: Option<(&[u8], usize)>,
        numbers: &mut Vec<u32>,
        first_rows: &mut Vec<u64>,
    ) -> bool {
        if self.given_up {
            return false;
        }
        numbers.reserve(views.len());
        let mut rest = views;
        let mut row = numbers.len();
        let mut block = [0; BLOCK];
        let mut found = [FREE; BLOCK];
        while rest.len() > 0 {
            let length = rest.len().min(BLOCK);
            for (view, next) in block.iter_mut().zip(rest.by_ref().take(length)) {
                *view = next;
            }
            // First all the slots, whose memory may be far: they are on their way at the same time.
            let mask = self.slots.len() - 1;
            for (slot, view) in found.iter_mut().zip(&block[..length]) {
                *slot = self.slots[hash(*view) as usize & mask];
            }
            for (view, slot) in block[..length].iter().zip(&found) {
                let bit = row + validity.map_or(0, |(_, offset)| offset);
                if validity.is_some_and(|(bits, _)| bits[bit / 8] & (1 << (bit % 8)) == 0) {
                    numbers.push(NULL);
                } else if slot & KEY == *view && *slot != FREE {
                    numbers.push(number_in(*slot));
                } else {
                    let Some(number) = self.number_of(*view) else {
                        self.given_up = true;
                        return false;
                    };
                    if number > self.count {
                        self.count = number;
                        first_rows.push(row as u64);
                    }
                    numbers.push(number);
                }
                row += 1;
            }
        }
        true
    }

    /// The number of a text; one more than there are for a new one.
    #[inline]
    fn number_of(&mut self, view: u128) -> Option<u32> {
        if view as u32 > INLINE {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut place = hash(view) as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot & KEY == view && slot != FREE {
                return Some(number_in(slot));
            }
            if slot == FREE {
                return self.add(view, place);
            }
            place = (place + 1) & mask;
        }
    }

    #[cold]
    fn add(&mut self, view: u128, place: usize) -> Option<u32> {
        if self.count >= self.limit {
            return None;
        }
        let number = self.count + 1;
        self.slots[place] = slot(view, number);
        // Half full is full.
        if number as usize * 2 >= self.slots.len() {
            let bigger = vec![FREE; self.slots.len() * 2];
            for slot in std::mem::replace(&mut self.slots, bigger) {
                if slot != FREE {
                    self.put(slot);
                }
            }
        }
        Some(number)
    }

    /// Puts a slot where it is found, which is not there yet.
    fn put(&mut self, slot: u128) {
        let mask = self.slots.len() - 1;
        let mut place = hash(slot & KEY) as usize & mask;
        while self.slots[place] != FREE {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
    }
}

/// A view of a short text, with a number in the bits that its length leaves.
#[inline]
fn slot(view: u128, number: u32) -> u128 {
    view | u128::from(number) << SHORT_BITS
}

#[inline]
fn number_in(slot: u128) -> u32 {
    slot as u32 >> SHORT_BITS
}

/// The last bytes of a buffer, of which there are fewer than eight.
#[cold]
fn last_bytes(bytes: &[u8], start: usize) -> u64 {
    bytes.get(start..).unwrap_or_default().iter().take(8).rev().fold(0, |text, byte| text << 8 | u64::from(*byte))
}

/// The view of a text: its length, and its bytes if it is short.
#[inline]
fn view_of(bytes: &[u8], start: usize, end: usize) -> u128 {
    let length = end - start;
    if length > INLINE as usize {
        return length as u128;
    }
    let text = match bytes.get(start..start + 16).and_then(|some| some.try_into().ok()) {
        Some(some) => u128::from_le_bytes(some) & ((1 << (8 * length)) - 1),
        // The end of the buffer is near.
        None => bytes[start..end].iter().rev().fold(0, |text, byte| text << 8 | u128::from(*byte)),
    };
    text << 32 | length as u128
}

/// Folds the product of a view's halves with odd constants (the fractions of the golden ratio and of √2).
#[inline]
fn hash(view: u128) -> u64 {
    let low = (view as u64) ^ 0x9e37_79b9_7f4a_7c15;
    let high = ((view >> 64) as u64) ^ 0x6a09_e667_f3bc_c909;
    let product = u128::from(low).wrapping_mul(u128::from(high | 1));
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// The view of a short text: its length, then its bytes, then zeros.
    fn view(text: &str) -> u128 {
        let mut bytes = [0; 16];
        bytes[0] = text.len() as u8;
        bytes[4..4 + text.len()].copy_from_slice(text.as_bytes());
        u128::from_le_bytes(bytes)
    }

    proptest! {
        /// Equal texts have equal numbers, in the order in which they come, whatever the batches.
        #[test]
        fn texts_are_numbered_as_they_come(
            batches in prop::collection::vec(
                // Many batches have no text of more than seven bytes.
                prop::bool::weighted(0.8).prop_flat_map(|is_narrow| {
                    let texts = if is_narrow { "[a-c]{0,4}|[ab]{6,7}" } else { "[a-c]{0,4}|[ab]{7,9}" };
                    prop::collection::vec(prop::option::weighted(0.8, texts), 0..700)
                }),
                1..8,
            ),
        ) {
            let mut distinct = Distinct::new(100_000);
            let mut known: HashMap<String, u32> = HashMap::new();
            let (mut all, mut all_known) = (Distinct::new(100_000), HashMap::<String, u32>::new());
            for batch in batches {
                let views: Vec<u128> = batch.iter().map(|text| text.as_deref().map_or(0, view)).collect();
                let offset = 3;
                let mut bits = vec![0_u8; (batch.len() + offset).div_ceil(8)];
                for (row, _) in batch.iter().enumerate().filter(|(_, text)| text.is_some()) {
                    bits[(row + offset) / 8] |= 1 << ((row + offset) % 8);
                }
                let (mut numbers, mut first_rows) = (Vec::new(), Vec::new());
                prop_assert!(distinct.number_views(&views, Some((&bits, offset)), &mut numbers, &mut first_rows));
                let as_views = numbers.clone();
                let (mut offsets, mut bytes) = (vec![0], Vec::new());
                for text in &batch {
                    bytes.extend_from_slice(text.as_deref().unwrap_or("").as_bytes());
                    offsets.push(bytes.len() as i32);
                }
                let mut none = Vec::new();
                prop_assert!(distinct.number_texts(&offsets, &bytes, Some((&bits, offset)), &mut numbers, &mut none));
                prop_assert!(none.is_empty());
                prop_assert_eq!(&numbers, &as_views);
                // As if there were no nulls.
                let mut all_numbers = Vec::new();
                prop_assert!(all.number_texts(&offsets, &bytes, None, &mut all_numbers, &mut none));
                for (number, text) in all_numbers.iter().zip(&batch) {
                    let next = all_known.len() as u32 + 1;
                    prop_assert_eq!(number, all_known.entry(text.clone().unwrap_or_default()).or_insert(next));
                }
                let mut first = Vec::new();
                for (row, text) in batch.iter().enumerate() {
                    let expected = match text {
                        None => 0,
                        Some(text) => {
                            let next = known.len() as u32 + 1;
                            *known.entry(text.clone()).or_insert_with(|| { first.push(row as u64); next })
                        }
                    };
                    prop_assert_eq!(numbers[row], expected);
                }
                prop_assert_eq!(first_rows, first);
                prop_assert_eq!(distinct.count() as usize, known.len());
            }
        }
    }

    #[test]
    fn long_texts_and_too_many_texts_end_it() {
        let (mut numbers, mut rows) = (Vec::new(), Vec::new());
        let mut distinct = Distinct::new(2);
        assert!(distinct.number_views(&[view("a"), view("b"), view("a")], None, &mut numbers, &mut rows));
        assert_eq!((numbers.as_slice(), rows.as_slice()), ([1, 2, 1].as_slice(), [0, 1].as_slice()));
        assert!(!distinct.number_views(&[view("c")], None, &mut numbers, &mut rows));
        assert!(!distinct.number_views(&[view("a")], None, &mut numbers, &mut rows));
        assert!(!Distinct::new(9).number_texts(&[0, 13], b"thirteen byte", None, &mut numbers, &mut rows));
        assert!(Distinct::new(9).number_texts(&[0, 12], b"twelve bytes", None, &mut numbers, &mut rows));
        let long = 13_u128;
        assert!(!Distinct::new(9).number_views(&[long], None, &mut numbers, &mut rows));
    }
}
