//! Running a program: with its time and memory taken, or for its output.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::memory::Peak;

/// Time between two looks at the memory. Looking costs about a tenth of a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Characters of a failed program's last words that are shown.
const LAST_WORDS: usize = 2000;

/// What a program took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measured {
    /// Seconds from its start to its end.
    pub(super) seconds: f64,
    /// The most memory that it and the programs that it started held at once, in bytes.
    pub(super) peak_bytes: u64,
}

impl Measured {
    /// What this program and one after it took.
    pub(super) fn then(self, next: Self) -> Self {
        Self { seconds: self.seconds + next.seconds, peak_bytes: self.peak_bytes.max(next.peak_bytes) }
    }
}

/// Runs a program to its end, with its output in the file `output`, and its errors beside it.
///
/// What was written before is first put on the disk, so that it is not a burden on this program.
pub(super) fn measure(command: &mut Command, output: &Path) -> Result<Measured, String> {
    let errors = output.with_extension("stderr");
    let open = |path: &Path| File::create(path).map_err(|e| format!("cannot write {}: {e}", path.display()));
    command.stdin(Stdio::null()).stdout(open(output)?).stderr(open(&errors)?);
    capture(&mut Command::new("sync"))?;
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("cannot start {}: {e}", shown(command)))?;
    let (process, ended) = (child.id(), AtomicBool::new(false));
    let (status, seconds, peak) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = Peak::default();
            while !ended.load(Ordering::Relaxed) {
                peak.look(process);
                thread::park_timeout(LOOK_EVERY);
            }
            peak
        });
        let status = child.wait();
        let seconds = start.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        watch.thread().unpark();
        (status, seconds, watch.join().unwrap_or_default())
    });
    let status = status.map_err(|e| format!("{} was lost: {e}", shown(command)))?;
    if !status.success() {
        let said =
            std::fs::read_to_string(&errors).unwrap_or_default() + &std::fs::read_to_string(output).unwrap_or_default();
        return Err(failure(command, status, &said));
    }
    Ok(Measured { seconds, peak_bytes: peak.bytes() })
}

/// Runs a program to its end and returns what it wrote to its standard output.
pub(super) fn capture(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("cannot start {}: {e}", shown(command)))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(failure(command, output.status, &(String::from_utf8_lossy(&output.stderr) + text.as_str())));
    }
    Ok(text)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn failure(command: &Command, status: ExitStatus, said: &str) -> String {
    let skipped = said.chars().count().saturating_sub(LAST_WORDS);
    let last: String = said.chars().skip(skipped).collect();
    format!("{} ended with {status}:\n{}", shown(command), last.trim_end())
}
