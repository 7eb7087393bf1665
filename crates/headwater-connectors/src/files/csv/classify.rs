//! Where in 64 bytes the characters stand that structure a file.

/// Bytes looked at in one step: one bit each.
pub(super) const STEP: usize = 64;

/// The characters looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    /// Between fields.
    pub(super) delimiter: u8,
    /// Between rows.
    pub(super) terminator: u8,
    /// Around fields; equal to the terminator when nothing quotes.
    pub(super) quote: u8,
}

/// One bit per byte, the lowest for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) delimiters: u64,
    pub(super) terminators: u64,
    pub(super) quotes: u64,
}

/// Looks at up to 64 bytes at the start of `bytes`; bits past their end are 0.
#[inline]
pub(super) fn classify(bytes: &[u8], marks: Marks) -> Found {
    match bytes.first_chunk::<STEP>() {
        Some(chunk) => classify_step(chunk, marks),
        None => {
            let mut chunk = [0; STEP];
            chunk[..bytes.len()].copy_from_slice(bytes);
            let found = classify_step(&chunk, marks);
            let valid = !(u64::MAX << bytes.len());
            Found {
                delimiters: found.delimiters & valid,
                terminators: found.terminators & valid,
                quotes: found.quotes & valid,
            }
        }
    }
}

/// Sixteen bytes at a time.
#[cfg(target_arch = "x86_64")]
#[inline]
#[expect(unsafe_code, reason = "one instruction for sixteen bytes, at the place where every byte passes")]
fn classify_step(chunk: &[u8; STEP], marks: Marks) -> Found {
    // SAFETY: the function needs SSE2 and nothing else; every x86-64 processor has it.
    unsafe { classify_sse2(chunk, marks) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn classify_sse2(chunk: &[u8; STEP], marks: Marks) -> Found {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let (delimiter, terminator, quote) =
        (_mm_set1_epi8(marks.delimiter as i8), _mm_set1_epi8(marks.terminator as i8), _mm_set1_epi8(marks.quote as i8));
    let mut found = Found { delimiters: 0, terminators: 0, quotes: 0 };
    let (lanes, _none_left) = chunk.as_chunks::<16>();
    for (at, lane) in lanes.iter().enumerate() {
        let whole = u128::from_le_bytes(*lane);
        let lane = _mm_set_epi64x((whole >> 64) as i64, whole as i64);
        let at = at * 16;
        found.delimiters |= u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(lane, delimiter)) as u32) << at;
        found.terminators |= u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(lane, terminator)) as u32) << at;
        found.quotes |= u64::from(_mm_movemask_epi8(_mm_cmpeq_epi8(lane, quote)) as u32) << at;
    }
    found
}

/// Eight bytes at a time, in ordinary registers.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn classify_step(chunk: &[u8; STEP], marks: Marks) -> Found {
    swar(chunk, marks)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn swar(chunk: &[u8; STEP], marks: Marks) -> Found {
    /// A bit for each of eight bytes that equals `mark`.
    fn bits(word: u64, mark: u8) -> u64 {
        const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        let difference = word ^ (u64::from(mark) * 0x0101_0101_0101_0101);
        // The high bit of each byte is set where the byte is zero; no carry crosses bytes.
        let zeros = !(((difference & LOW) + LOW) | difference | LOW);
        // Gathers the eight high bits in the top byte.
        (zeros >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }
    let mut found = Found { delimiters: 0, terminators: 0, quotes: 0 };
    let (words, _none_left) = chunk.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        found.delimiters |= bits(word, marks.delimiter) << (at * 8);
        found.terminators |= bits(word, marks.terminator) << (at * 8);
        found.quotes |= bits(word, marks.quote) << (at * 8);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_way_finds_the_same(bytes in proptest::collection::vec(prop_oneof![
            Just(b','), Just(b'\n'), Just(b'"'), Just(b'-'), Just(0), Just(0xAC), any::<u8>()
        ], 0..70)) {
            let marks = Marks { delimiter: b',', terminator: b'\n', quote: b'"' };
            let expected = |mark: u8| {
                let hits = bytes.iter().take(STEP).enumerate().filter(|(_, byte)| **byte == mark);
                hits.fold(0_u64, |bits, (at, _)| bits | 1 << at)
            };
            let all = Found { delimiters: expected(b','), terminators: expected(b'\n'), quotes: expected(b'"') };
            prop_assert_eq!(classify(&bytes, marks), all);
            if let Some(chunk) = bytes.first_chunk::<STEP>() {
                prop_assert_eq!(swar(chunk, marks), all);
            }
        }
    }
}
