//! Who has a lease: a text that people can read and that this program can read back.

use std::fmt;

use headwater_sdk::RunId;

use crate::clock;

/// The process that holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its run.
    pub(crate) run: String,
    /// Its machine.
    pub(crate) host: String,
    /// Its number there.
    pub(crate) pid: u32,
    /// What tells it from a later process with the same number: the machine's boot and the process' start since then.
    pub(crate) process: String,
    /// When it took the lease (RFC 3339).
    pub(crate) since: String,
}

impl Holder {
    /// This process, for a run.
    pub(crate) fn this_process(run: &RunId) -> Self {
        let pid = std::process::id();
        Self {
            run: run.to_string(),
            host: host_name(),
            pid,
            process: process_identity(pid).unwrap_or_else(|| UNKNOWN.to_owned()),
            since: clock::rfc3339(clock::now_ms()),
        }
    }

    /// Reads a holder back; `None` for a text that another program wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let field = |key: &str| {
            text.split_whitespace().find_map(|part| part.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
        };
        Some(Self {
            run: field("run")?,
            host: field("host")?,
            pid: field("pid")?.parse().ok()?,
            process: field("process")?,
            since: field("since")?,
        })
    }

    /// Whether the process is known to be gone. Only told for this machine, and only where `/proc` tells it.
    pub(crate) fn is_dead(&self) -> bool {
        let can_tell = self.process != UNKNOWN && process_identity(std::process::id()).is_some();
        self.host == host_name() && can_tell && process_identity(self.pid).as_ref() != Some(&self.process)
    }

    /// For a message.
    pub(crate) fn describe(&self) -> String {
        format!("run {} (process {} on {}, since {})", self.run, self.pid, self.host, self.since)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, host, pid, process, since } = self;
        write!(f, "run={run} host={host} pid={pid} process={process} since={since}")
    }
}

const UNKNOWN: &str = "unknown";

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    if name.is_empty() { UNKNOWN.to_owned() } else { name }
}

/// The boot and the start time of a process, from `/proc` (proc(5): field 22 of `stat` is the start in clock ticks after
/// boot; the second field, the program's name in parentheses, may hold blanks). `None` when there is no such process.
fn process_identity(pid: u32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = &stat[stat.rfind(')')? + 1..];
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    let start = fields.nth(18)?;
    Some(format!("{}/{start}", boot.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_reads_back() {
        let holder = Holder::this_process(&RunId::from_text("01j"));
        assert_eq!(Holder::parse(&holder.to_string()), Some(holder.clone()));
        assert!(!holder.is_dead());
        assert_eq!(Holder::parse("somebody else"), None);
    }

    #[test]
    fn a_reused_process_number_is_not_the_holder() {
        let holder = Holder::this_process(&RunId::from_text("01j"));
        assert!(Holder { process: "other-boot/1".into(), ..holder.clone() }.is_dead());
        assert!(!Holder { host: "elsewhere".into(), process: "other-boot/1".into(), ..holder }.is_dead());
    }
}
