//! Which transactions a snapshot of the database has seen.

/// A snapshot, as the server's `txid_current_snapshot` writes it: `xmin:xmax:xip_list` (PostgreSQL's manual, "Transaction ID and Snapshot
/// Information Functions").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The first transaction that had not begun.
    end: u64,
    /// Those before it that were running.
    running: Vec<u64>,
}

impl Snapshot {
    /// # Errors
    /// When the text is no snapshot.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no snapshot");
        let parts: Vec<&str> = text.split(':').collect();
        let [_, end, running] = parts[..] else { return Err(wrong()) };
        let running = running.split(',').filter(|id| !id.is_empty()).map(str::parse);
        let running = running.collect::<Result<_, _>>().map_err(|_| wrong())?;
        Ok(Self { end: end.parse().map_err(|_| wrong())?, running })
    }

    /// Whether it has seen a transaction that has committed. `id` is its number's lower half, which is what the log has.
    pub(super) fn has(&self, id: u32) -> bool {
        const HALF: u64 = 1 << 31;
        let epoch = self.end & !u64::from(u32::MAX);
        let mut whole = epoch | u64::from(id);
        // Numbers go round: the nearest one is meant.
        if whole > self.end + HALF {
            whole = whole.saturating_sub(2 * HALF);
        } else if whole + HALF < self.end {
            whole += 2 * HALF;
        }
        whole < self.end && !self.running.contains(&whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_committed_is_seen_and_what_ran_or_came_later_is_not() {
        let snapshot = Snapshot::read("100:105:100,103").unwrap();
        let seen: Vec<u32> = (98..108).filter(|id| snapshot.has(*id)).collect();
        assert_eq!(seen, [98, 99, 101, 102, 104]);
        let quiet = Snapshot::read("7:7:").unwrap();
        assert!(quiet.has(6) && !quiet.has(7) && !quiet.has(8));
    }

    #[test]
    fn numbers_go_round() {
        let end = (3_u64 << 32) + 10;
        let snapshot = Snapshot::read(&format!("{}:{end}:{}", end - 20, end - 15)).unwrap();
        // Before the round, and after it.
        assert!(snapshot.has(u32::MAX) && snapshot.has(9) && !snapshot.has(10));
        assert!(!snapshot.has((end - 15) as u32) && snapshot.has((end - 16) as u32));
        let snapshot = Snapshot::read(&format!("{0}:{0}:", (3_u64 << 32) - 5)).unwrap();
        assert!(snapshot.has(u32::MAX - 6) && !snapshot.has(u32::MAX) && !snapshot.has(3));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1:2", "1:x:", "1:2:3,x", "1:2:3:4"] {
            assert!(Snapshot::read(text).is_err(), "{text}");
        }
    }
}
