//! Workbooks of Excel 97 to 2003, looked through before they are unpacked.
//!
//! Nothing in them has a checksum, and their reader makes room for as many cells as they say: a damaged one could ask for more
//! memory than there is, which ends the program. So the records are walked first ([MS-XLS] 2.1.4, in the stream `Workbook` of a
//! compound file, [MS-CFB]), and cells that no such workbook has are found.

/// The most cells of a sheet of this format.
const MOST_CELLS: u64 = 65_536 * 256;

/// Bytes that a cell of a sheet's rectangle takes, unpacked: once as it is read, and once as it is handed on.
const CELL: u64 = 64;

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// The bytes that the cells of a workbook take when it is unpacked; `None` when it is damaged.
pub(super) fn unpacked_size(file: &[u8]) -> Option<u64> {
    let stream = workbook_stream(file)?;
    let mut sheets = Vec::new();
    for (kind, data) in records(&stream, 0) {
        match kind {
            // BoundSheet8: where a sheet begins.
            0x0085 => sheets.push(u32_at(data, 0)? as usize),
            // Dimensions
            0x0200 => {
                let (first, last, columns) = match data.len() {
                    10 => (u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?), u16_at(data, 6)?),
                    _ => (u32_at(data, 0)?, u32_at(data, 4)?, u16_at(data, 10)?),
                };
                if last > 0 && columns > 0 {
                    let rows = last.checked_sub(first).filter(|rows| *rows > 0)?;
                    (u64::from(rows) * u64::from(columns) <= MOST_CELLS).then_some(())?;
                }
            }
            _ => {
                if let Some((_, columns)) = cells_of(kind, data) {
                    (columns <= 256).then_some(())?;
                }
            }
        }
    }
    let mut size = 0;
    for sheet in sheets {
        let (mut rows, mut columns, mut depth) = (0, 0, 0);
        for (kind, data) in records(&stream, sheet) {
            match kind {
                // A substream begins, and ends.
                0x0809 => depth += 1,
                0x000A if depth <= 1 => break,
                0x000A => depth -= 1,
                _ => {
                    if let Some((to_row, to_column)) = cells_of(kind, data) {
                        (to_column <= 256).then_some(())?;
                        (rows, columns) = (rows.max(to_row), columns.max(to_column));
                    }
                }
            }
        }
        size += u64::from(rows) * u64::from(columns) * CELL;
    }
    Some(size)
}

/// The records of a stream, from one of them on.
fn records(stream: &[u8], from: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut at = from;
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(stream, at)?, usize::from(u16_at(stream, at + 2)?));
        let data = stream.get(at + 4..at + 4 + length)?;
        at += 4 + length;
        Some((kind, data))
    })
}

/// How many rows and columns a record of cells reaches.
fn cells_of(kind: u16, data: &[u8]) -> Option<(u32, u32)> {
    let (row, column) = (u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?));
    match kind {
        // Formula, Number, Label, BoolErr, RString, LabelSst, RK
        0x0006 | 0x0203 | 0x0204 | 0x0205 | 0x00D6 | 0x00FD | 0x027E => Some((row + 1, column + 1)),
        // MulRk: its last column stands at its end.
        0x00BD => Some((row + 1, u32::from(u16_at(data, data.len().checked_sub(2)?)?).max(column) + 1)),
        _ => None,
    }
}

/// The stream of a compound file that the workbook stands in.
fn workbook_stream(file: &[u8]) -> Option<Vec<u8>> {
    let (shift, small_shift) = (u16_at(file, 30)?, u16_at(file, 32)?);
    if !matches!(shift, 9 | 12) || !(4..=9).contains(&small_shift) {
        return None;
    }
    let size = 1_usize << shift;
    // The last sector may be cut off.
    let sector = |at: u32| {
        let start = (at as usize).checked_add(1)?.checked_mul(size)?;
        file.get(start..file.len().min(start + size)).filter(|sector| !sector.is_empty())
    };
    let numbers = |bytes: &[u8]| bytes.chunks_exact(4).filter_map(|four| u32_at(four, 0)).collect::<Vec<u32>>();
    // Which sectors hold the table of sectors: the first 109 in the header, others in sectors of their own.
    let mut tables = numbers(file.get(76..512)?);
    let (mut next, mut left) = (u32_at(file, 68)?, file.len() / size + 1);
    while next < 0xFFFF_FFFA {
        left = left.checked_sub(1)?;
        let mut more = numbers(sector(next)?);
        next = more.pop()?;
        tables.extend(more);
    }
    let most = file.len() / size + 1;
    let mut table = Vec::new();
    (tables.len() <= most + 109).then_some(())?;
    for at in tables.into_iter().filter(|at| *at < 0xFFFF_FFFA) {
        table.extend(numbers(sector(at)?));
    }
    // A chain that goes round has no end.
    let chain = |table: &[u32], most: usize, mut at: u32, piece: &dyn Fn(u32) -> Option<Vec<u8>>| {
        let mut whole = Vec::new();
        let mut left = most;
        while at < 0xFFFF_FFFA {
            left = left.checked_sub(1)?;
            whole.extend(piece(at)?);
            at = *table.get(at as usize)?;
        }
        Some(whole)
    };
    let large = |at: u32| sector(at).map(<[u8]>::to_vec);
    let folder = chain(&table, most, u32_at(file, 48)?, &large)?;
    let named = |entry: &&[u8], name: &str| {
        let length = usize::from(u16_at(entry, 64).unwrap_or(0)).clamp(2, 64) - 2;
        let found = entry[..length].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
        found.eq(name.encode_utf16())
    };
    let mut entries = folder.chunks_exact(128);
    let root = entries.clone().next()?;
    let entry = ["Workbook", "Book"].iter().find_map(|name| entries.clone().find(|entry| named(entry, name)));
    let entry = entry.or_else(|| entries.find(|entry| named(entry, "WORKBOOK")))?;
    let (start, length) = (u32_at(entry, 116)?, u32_at(entry, 120)? as usize);
    let mut stream = if length < u32_at(file, 56)? as usize {
        // Small streams stand together in one.
        let small = chain(&table, most, u32_at(root, 116)?, &large)?;
        let small_table = numbers(&chain(&table, most, u32_at(file, 60)?, &large)?);
        let small_size = 1_usize << small_shift;
        chain(&small_table, small.len() / small_size + 1, start, &|at| {
            let start = (at as usize).checked_mul(small_size)?;
            small.get(start..small.len().min(start + small_size)).map(<[u8]>::to_vec)
        })?
    } else {
        chain(&table, most, start, &large)?
    };
    stream.truncate(length);
    Some(stream)
}
