//! Sets of transactions, by which a log is found again on another server: MariaDB's `0-1-270,1-2-9`, MySQL's
//! `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7`.

/// Whether two of MariaDB's positions are the same, in whatever order.
pub(super) fn same(one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut parts: Vec<String> =
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
        parts.sort();
        parts
    };
    sorted(one) == sorted(other)
}

/// A set of MySQL's as `COM_BINLOG_DUMP_GTID` has it; `None` for another text.
pub(super) fn encoded(set: &str) -> Option<Vec<u8>> {
    let members: Vec<&str> = set.split(',').map(str::trim).filter(|member| !member.is_empty()).collect();
    let mut bytes = (members.len() as u64).to_le_bytes().to_vec();
    for member in members {
        let (server, ranges) = member.split_once(':')?;
        let digits: Vec<u32> = server.chars().filter(|c| *c != '-').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        if digits.len() != 32 {
            return None;
        }
        bytes.extend(digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8));
        let ranges: Vec<&str> = ranges.split(':').collect();
        bytes.extend((ranges.len() as u64).to_le_bytes());
        for range in ranges {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            // The end is that of the next one.
            bytes.extend(first.to_le_bytes());
            bytes.extend(last.checked_add(1)?.to_le_bytes());
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_written_as_the_command_has_them() {
        let bytes = encoded("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7").unwrap();
        let mut wanted = 1_u64.to_le_bytes().to_vec();
        wanted.extend([0x3e, 0x11, 0xfa, 0x47, 0x71, 0xca, 0x11, 0xe1, 0x9e, 0x33, 0xc8, 0x0a, 0xa9, 0x42, 0x95, 0x62]);
        [2_u64, 1, 6, 7, 8].iter().for_each(|number| wanted.extend(number.to_le_bytes()));
        assert_eq!(bytes, wanted);
        assert_eq!(encoded(""), Some(vec![0; 8]));
        for wrong in ["0-1-270", "3e11fa47:1", "3e11fa47-71ca-11e1-9e33-c80aa9429562:tag:1"] {
            assert_eq!(encoded(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn positions_of_mariadb_have_no_order() {
        assert!(same("0-1-270,1-2-9", "1-2-9, 0-1-270") && !same("0-1-270", "0-1-271") && same("", ""));
    }
}
