//! The least and the greatest of a column's integers, in one pass.

/// Values that are looked at together: as many as a word of validity has bits.
const BLOCK: usize = 64;
/// Comparisons that do not wait for one another.
const LANES: usize = 4;

/// The least and the greatest of the values that are not null; `None` when there is none.
///
/// `validity` is the bitmap of an Arrow null buffer (least significant bit first) and the bit at which it starts; without one, no value is null.
pub fn extremes<T: Copy + Ord>(values: &[T], validity: Option<(&[u8], usize)>) -> Option<(T, T)> {
    let is_valid =
        |row: usize| validity.is_none_or(|(bits, offset)| bits[(offset + row) / 8] & (1 << ((offset + row) % 8)) != 0);
    let first = values[(0..values.len()).find(|row| is_valid(*row))?];
    let (mut least, mut greatest) = ([first; LANES], [first; LANES]);
    // Blocks and lanes of fixed lengths, so that no length is asked for within: that takes a tenth of the time.
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    for (at, block) in blocks.iter().enumerate() {
        let mut valid = validity.map_or(u64::MAX, |(bits, offset)| word(bits, offset + at * BLOCK));
        if valid == u64::MAX {
            for some in block.as_chunks::<LANES>().0 {
                for lane in 0..LANES {
                    least[lane] = least[lane].min(some[lane]);
                    greatest[lane] = greatest[lane].max(some[lane]);
                }
            }
            continue;
        }
        for some in block.as_chunks::<LANES>().0 {
            for lane in 0..LANES {
                let value = if valid >> lane & 1 == 1 { some[lane] } else { first };
                least[lane] = least[lane].min(value);
                greatest[lane] = greatest[lane].max(value);
            }
            valid >>= LANES;
        }
    }
    let begin = values.len() - rest.len();
    for (_, value) in rest.iter().enumerate().filter(|(row, _)| is_valid(begin + row)) {
        least[0] = least[0].min(*value);
        greatest[0] = greatest[0].max(*value);
    }
    let all = |lanes: [T; LANES], better: fn(T, T) -> T| lanes.into_iter().reduce(better);
    all(least, Ord::min).zip(all(greatest, Ord::max))
}

/// The bits from one on; zeros behind the end.
fn word(bits: &[u8], from: usize) -> u64 {
    let (byte, shift) = (from / 8, from % 8);
    let mut low = [0; 8];
    let there = bits.get(byte..).unwrap_or_default();
    let count = there.len().min(8);
    low[..count].copy_from_slice(&there[..count]);
    let low = u64::from_le_bytes(low) >> shift;
    match there.get(8) {
        Some(next) if shift > 0 => low | u64::from(*next) << (64 - shift),
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_least_and_the_greatest_are_found(
            values in prop::collection::vec(prop::option::weighted(0.9, any::<i32>()), 0..300),
            offset in 0_usize..17,
        ) {
            let valid: Vec<i32> = values.iter().copied().flatten().collect();
            let expected = valid.iter().min().copied().zip(valid.iter().max().copied());
            let mut bits = vec![0_u8; (values.len() + offset).div_ceil(8)];
            for (row, _) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
                bits[(row + offset) / 8] |= 1 << ((row + offset) % 8);
            }
            // What lies under a null may be anything.
            let under: Vec<i32> = values.iter().map(|value| value.unwrap_or(i32::MIN)).collect();
            prop_assert_eq!(extremes(&under, Some((&bits, offset))), expected);
            let all = under.iter().min().copied().zip(under.iter().max().copied());
            prop_assert_eq!(extremes(&under, None), all);
        }
    }
}
