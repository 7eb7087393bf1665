//! The memory of a program and of those that it starts, as Linux tells it in `/proc` (proc(5)).

use std::fs;

/// The most memory seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Peak {
    /// The greatest sum of what all processes held at one moment that was looked at, in KiB.
    together: u64,
    /// The most that one process has ever held, in KiB; the kernel keeps this itself.
    alone: u64,
}

impl Peak {
    /// Looks at a process and its descendants. Processes that have ended count no more.
    pub(super) fn look(&mut self, process: u32) {
        let mut together = 0;
        let mut left = vec![process];
        while let Some(process) = left.pop() {
            let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else { continue };
            together += kib(&status, "VmRSS:");
            self.alone = self.alone.max(kib(&status, "VmHWM:"));
            left.extend(children(process));
        }
        self.together = self.together.max(together);
    }

    /// The peak in bytes. For one process it is exact up to what it took in its last moments; for several, pages that
    /// they share count once for each.
    pub(super) fn bytes(self) -> u64 {
        1024 * self.together.max(self.alone)
    }
}

/// A figure of `/proc/<process>/status`, e.g. `VmRSS:  1234 kB`.
fn kib(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The processes that a process's threads have started.
fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_some_memory() {
        let mut peak = Peak::default();
        peak.look(std::process::id());
        assert!(peak.bytes() > 1 << 20, "{peak:?}");
        let mut gone = Peak::default();
        gone.look(u32::MAX);
        assert_eq!(gone.bytes(), 0);
    }

    #[test]
    fn children_are_found() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(std::process::id()).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
