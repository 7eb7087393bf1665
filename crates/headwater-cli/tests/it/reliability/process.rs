//! A running `headwater`, and the signals that it is sent.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::{Said, headwater};

/// How long anything here may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Where in the flow a process is told to die or to stand still, e.g. `after_stage:3`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trap<'a> {
    None,
    Crash(&'a str),
    Stop(&'a str),
}

/// A process that is killed when nobody wants it any more, so that a failing test leaves none behind.
pub(super) struct Process {
    child: Option<Child>,
}

impl Process {
    pub(super) fn start(folder: &Path, arguments: &[&str], trap: Trap<'_>) -> Self {
        let mut command = headwater(folder);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        match trap {
            Trap::None => {}
            Trap::Crash(point) => drop(command.env("HEADWATER_CRASH_AT", point)),
            Trap::Stop(point) => drop(command.env("HEADWATER_STOP_AT", point)),
        }
        Self { child: Some(command.spawn().unwrap()) }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Sends a signal by its name without `SIG`.
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.id())]).status().unwrap();
        assert!(sent.success(), "SIG{name} was not sent to {}", self.id());
    }

    /// Kills it, unless it has ended by itself; false then.
    pub(super) fn kill(mut self) -> bool {
        let mut child = self.child.take().unwrap();
        let _ = child.kill();
        let said = child.wait_with_output().unwrap();
        said.status.code().is_none()
    }

    /// Waits until it ends. A panic in what it says fails the test.
    pub(super) fn end(self) -> Said {
        self.output().into()
    }

    /// As [`Process::end`], for what may say that a library's thread has panicked.
    pub(super) fn end_whatever_it_says(self) -> Said {
        let output = self.output();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn output(mut self) -> Output {
        let mut child = self.child.take().unwrap();
        let deadline = Instant::now() + PATIENCE;
        // What it says fits into a pipe: nothing has to be read while it runs.
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = child.kill();
                panic!("it did not end: {:?}", Said::from(child.wait_with_output().unwrap()));
            }
            thread::sleep(Duration::from_millis(2));
        }
        child.wait_with_output().unwrap()
    }

    /// Waits until a trap has stopped it; false when it has ended instead.
    pub(super) fn stands_still(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                return false;
            }
            if self.is_stopped() {
                return true;
            }
            assert!(Instant::now() < deadline, "it neither stops nor ends");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it is stopped: the field after the name in `/proc/<pid>/stat`, proc(5).
    fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
