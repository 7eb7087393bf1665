//! A large file read as several parts, each with some of its row groups.

use parquet::file::metadata::ParquetMetaData;

/// Bytes of a file that make a part: enough to pay for opening the file once more, few enough to keep all lanes busy to
/// the end.
const PART_BYTES: u64 = 8 << 20;
/// A file has no more parts than this.
const MOST_PARTS: u64 = 256;

/// One of the parts of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// Its place, from 0.
    pub(crate) index: u64,
    /// How many there are.
    pub(crate) of: u64,
}

impl Share {
    /// The parts of a file of this many bytes.
    pub(crate) fn all(bytes: u64) -> impl Iterator<Item = Self> {
        let of = bytes.div_ceil(PART_BYTES).clamp(1, MOST_PARTS);
        (0..of).map(move |index| Self { index, of })
    }

    /// Its bytes, of a file of this many.
    pub(crate) fn bytes(self, bytes: u64) -> u64 {
        let end = |index: u64| (u128::from(bytes) * u128::from(index) / u128::from(self.of)) as u64;
        end(self.index + 1) - end(self.index)
    }

    /// Its row groups, and the number of rows before them. A group belongs to the part that its middle lies in, counting
    /// the bytes of the groups one after the other.
    pub(crate) fn row_groups(self, file: &ParquetMetaData) -> (Vec<usize>, u64) {
        let sizes = || file.row_groups().iter().map(|group| u128::from(group.compressed_size().max(1).unsigned_abs()));
        let total: u128 = sizes().sum();
        let (mut groups, mut rows_before, mut bytes_before) = (Vec::new(), 0, 0);
        for (place, (group, size)) in file.row_groups().iter().zip(sizes()).enumerate() {
            let middle = 2 * bytes_before + size;
            let part = middle * u128::from(self.of) / (2 * total).max(1);
            if part == u128::from(self.index) {
                groups.push(place);
            } else if part < u128::from(self.index) {
                rows_before += group.num_rows().unsigned_abs();
            }
            bytes_before += size;
        }
        (groups, rows_before)
    }
}
