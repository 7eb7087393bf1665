//! A program whose output is wanted, for a limited time.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The end of what a program has said of errors that is shown, in bytes.
const SHOWN: usize = 1000;

/// A program that has ended.
pub(super) struct Ran {
    pub(super) status: ExitStatus,
    pub(super) output: Vec<u8>,
    /// The last of what it wrote to stderr.
    pub(super) errors: String,
}

/// Runs a program without a shell, in a folder, with nothing to read.
///
/// # Errors
/// What is wrong when it cannot be started, takes too long, or prints more than `largest` bytes.
pub(super) fn run(command: &[String], dir: &Path, timeout: Duration, largest: usize) -> Result<Ran, String> {
    let deadline = Instant::now() + timeout;
    let Some((program, arguments)) = command.split_first() else { return Err("there is no program".to_owned()) };
    // One with a path is the project's, or has a whole path.
    let own = program.contains(std::path::MAIN_SEPARATOR) || program.contains('/');
    let path = if own { dir.join(program) } else { program.into() };
    let mut child = Command::new(path)
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("it cannot be started: {e}"))?;
    let output = read(child.stdout.take(), largest + 1);
    let errors = read(child.stderr.take(), usize::MAX);
    let ran = wait(&mut child, &output, &errors, deadline);
    if ran.is_err() {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    let ran = ran.map_err(|()| format!("it has not ended in {} s", timeout.as_secs()))?;
    if ran.output.len() > largest {
        return Err(format!("it prints more than {largest} bytes"));
    }
    Ok(ran)
}

/// What a program that ends before the deadline has written.
fn wait(
    child: &mut Child,
    output: &Receiver<Vec<u8>>,
    errors: &Receiver<Vec<u8>>,
    deadline: Instant,
) -> Result<Ran, ()> {
    let all = |from: &Receiver<Vec<u8>>| match from.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(bytes) => Ok(bytes),
        Err(RecvTimeoutError::Disconnected) => Ok(Vec::new()),
        Err(RecvTimeoutError::Timeout) => Err(()),
    };
    let output = all(output)?;
    let errors = all(errors)?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => return Err(()),
        }
    };
    let errors = String::from_utf8_lossy(&errors[errors.len().saturating_sub(SHOWN)..]).into_owned();
    Ok(Ran { status, output, errors })
}

/// Reads to the end in a thread of its own: a child of the program may hold the pipe open for longer than anybody waits.
fn read(from: Option<impl Read + Send + 'static>, most: usize) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    if let Some(from) = from {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // What came before an error is what there is.
            let _ = from.take(most as u64).read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    receiver
}
