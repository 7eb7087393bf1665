//! Who has a lease: a text that people can read and that this program can read back.

use std::fmt;

use headwater_project::plan::short_hash;
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
    /// What tells it from other processes with the same number ([`Identity`]).
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
            process: Identity::of(pid).map_or_else(|| UNKNOWN.to_owned(), |identity| identity.to_string()),
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
        let (Some(me), Some(it)) = (Identity::of(std::process::id()), Identity::parse(&self.process)) else {
            return false;
        };
        if it.boot != me.boot {
            // Another machine, or this one before it was started again.
            return self.host == host_name() && it.machine == me.machine && it.machine != UNKNOWN;
        }
        // In another PID namespace, e.g. of another container, its number means another process or none.
        it.namespace == me.namespace && sees_others() && Identity::of(self.pid) != Some(it)
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

/// What tells a process from all others, on this machine and on others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    /// The machine: host names such as `localhost` are not unique. A hash, for the identifier itself is not to be told
    /// (machine-id(5)).
    machine: String,
    /// The machine's boot.
    boot: String,
    /// The namespace of process numbers.
    namespace: String,
    /// The process' start, in clock ticks after the boot.
    start: String,
}

impl Identity {
    /// The process with a number in this namespace, from `/proc` (proc(5): field 22 of `stat` is the start; the second
    /// field, the program's name in parentheses, may hold blanks). `None` when there is no such process.
    fn of(pid: u32) -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let after_name = &stat[stat.rfind(')')? + 1..];
        let mut fields = after_name.split_whitespace();
        let state = fields.next()?;
        if matches!(state, "Z" | "X") {
            return None;
        }
        let start = fields.nth(18)?.to_owned();
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let machine = match machine.trim() {
            "" => UNKNOWN.to_owned(),
            id => short_hash(&format!("headwater {id}")),
        };
        // `pid:[4026531836]`
        let namespace =
            std::fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.replace(['p', 'i', 'd', ':', '[', ']'], "");
        Some(Self { machine, boot, namespace, start })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        let (machine, boot, namespace, start) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        Some(Self { machine, boot, namespace, start })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, boot, namespace, start } = self;
        write!(f, "{machine}/{boot}/{namespace}/{start}")
    }
}

/// Whether `/proc` shows the processes of other users: with the mount option `hidepid` it does not show the first one.
fn sees_others() -> bool {
    std::fs::read_to_string("/proc/1/stat").is_ok()
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
        let me = Identity::parse(&holder.process).unwrap();
        let with = |identity: Identity| Holder { process: identity.to_string(), ..holder.clone() };
        assert!(with(Identity { boot: "earlier".into(), ..me.clone() }).is_dead());
        let reused = with(Identity { start: "1".into(), ..me.clone() });
        assert!(reused.is_dead());
        // Of these nothing is known.
        assert!(!with(Identity { namespace: "7".into(), start: "1".into(), ..me.clone() }).is_dead());
        let earlier = Identity { boot: "earlier".into(), ..me };
        assert!(!Holder { host: "elsewhere".into(), ..with(earlier.clone()) }.is_dead());
        for machine in ["another", UNKNOWN] {
            assert!(!with(Identity { machine: machine.into(), ..earlier.clone() }).is_dead());
        }
        assert!(!Holder { process: UNKNOWN.into(), ..holder }.is_dead());
    }
}
