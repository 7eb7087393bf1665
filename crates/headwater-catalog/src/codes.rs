//! The error codes of the catalogue, `HW07xx`.

use headwater_sdk::Code;

/// See [`CODES`].
pub(crate) const NEWER_CATALOGUE: &str = "HW0701";
/// See [`CODES`].
pub(crate) const LEASE_LOST: &str = "HW0702";
/// See [`CODES`].
pub(crate) const STALE_PARENT: &str = "HW0703";
/// See [`CODES`].
pub(crate) const NEWER_RECORD: &str = "HW0704";
/// See [`CODES`].
pub(crate) const DISK_FULL: &str = "HW0705";
/// See [`CODES`].
pub(crate) const DAMAGED: &str = "HW0706";
/// See [`CODES`].
pub(crate) const LOCKED: &str = "HW0707";
/// See [`CODES`].
pub(crate) const NO_ACCESS: &str = "HW0708";
/// See [`CODES`].
pub(crate) const IO: &str = "HW0709";
/// See [`CODES`].
pub(crate) const DEFECT: &str = "HW0710";

/// See [`CODES`].
pub(crate) const BRANCH_EXISTS: &str = "HW0711";
/// See [`CODES`].
pub(crate) const NO_BRANCH: &str = "HW0712";

/// Every code of this crate, in order.
pub const CODES: &[Code] = &[
    Code {
        code: NEWER_CATALOGUE,
        title: "the catalogue was made by a newer Headwater",
        explanation: "The catalogue's tables have a layout that this Headwater does not know: a newer one has used this \
                      lake. Nothing was changed. Use a Headwater at least as new as that one.",
    },
    Code {
        code: LEASE_LOST,
        title: "the lease was lost to another process",
        explanation: "Only one process at a time may change a lake. This one had the right to, but gave no sign of life \
                      for so long (a laptop that slept, a stopped process) that another took over. Nothing that this \
                      process staged has been published. Run again: what was staged already is used where it still \
                      fits.",
    },
    Code {
        code: STALE_PARENT,
        title: "another snapshot was published in between",
        explanation: "A snapshot is published on top of the one that its run started from. Another run or a rollback \
                      has published since, so that publishing now would undo its work. Nothing was published. Run \
                      again: the plan is then made on top of the newest snapshot.",
    },
    Code {
        code: NEWER_RECORD,
        title: "the catalogue holds a record of a newer Headwater",
        explanation: "A record has a format that this Headwater does not know: a newer one has written it. Use a \
                      Headwater at least as new as that one.",
    },
    Code {
        code: DISK_FULL,
        title: "no space left for the catalogue",
        explanation: "The disk or the quota is full. The change was not made and the catalogue is intact. Free some \
                      space and run again.",
    },
    Code {
        code: DAMAGED,
        title: "the catalogue's file is damaged or no catalogue",
        explanation: "The file is not a SQLite database, is one of another program, or has been damaged. If the path \
                      is wrong, correct it. If the catalogue is damaged, put back a copy of the file together with its \
                      `-wal` file, taken while nothing was running. The tables in the lake are not affected: any reader \
                      of Delta tables still reads them.",
    },
    Code {
        code: LOCKED,
        title: "another program holds the catalogue locked",
        explanation: "Headwater's own transactions take milliseconds, and others wait for them. A lock held for longer \
                      comes from another program that has the file open (a database browser in the middle of a \
                      transaction, a backup) or from a process that was stopped. Close it and try again.",
    },
    Code {
        code: NO_ACCESS,
        title: "the catalogue's file cannot be created or opened",
        explanation: "The file or its folder may not be written by this user, lies on a disk mounted read-only, or the \
                      path names a folder or passes through a file. Even reading needs the right to write, because \
                      readers and writers coordinate through files beside the catalogue.",
    },
    Code {
        code: IO,
        title: "the disk failed under the catalogue",
        explanation: "The operating system reported an error while the catalogue's file was read or written. Look at \
                      the system's log. Network file systems without working locks are a known cause: keep the \
                      catalogue on a local disk.",
    },
    Code {
        code: DEFECT,
        title: "the catalogue was used in a way that it does not allow",
        explanation: "A defect in Headwater, or a catalogue whose tables were changed by hand. Nothing was changed. \
                      Please report it with the whole message.",
    },
    Code {
        code: BRANCH_EXISTS,
        title: "a branch of that name is there already",
        explanation: "Every branch of an environment has a name of its own. Choose another name, or delete the branch \
                      that has it: `headwater branch list` shows what is on it.",
    },
    Code {
        code: NO_BRANCH,
        title: "no such branch",
        explanation: "The environment has no branch of that name. `headwater branch list` lists those that are there; \
                      `headwater branch create` makes one.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_well_formed() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code), "in order, each once");
        for Code { code, title, explanation } in CODES {
            assert!(code.len() == 6 && code.starts_with("HW07"), "{code}");
            assert!(!title.ends_with('.') && explanation.ends_with('.'), "{code}");
        }
    }
}
