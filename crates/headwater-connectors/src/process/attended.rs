//! A program at work: its time, what it says, and its end.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_sdk::script::Program;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::group::{self, Group, Started};
use super::said::Said;
use super::{ended, environment, lookup};
use crate::codes;

/// How long a program that is asked to end may take for it.
const GRACE: Duration = Duration::from_secs(5);

/// The same where a person waits for it.
const SHORT_GRACE: Duration = Duration::from_millis(300);

/// How long a program whose output is wrong may take to end by itself: it may know better why.
const MOMENT: Duration = Duration::from_millis(200);

/// How long is waited for the end of what it says once it has ended: something that it started may go on holding the pipe.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why what a program writes was not read to its end.
#[derive(Debug)]
pub(crate) enum Undecoded {
    /// The output is empty or ends in the midst. A program that failed has a better reason.
    CutOff(Error),
    /// The output is wrong.
    Wrong(Error),
    /// Nobody wants it any more.
    GivenUp,
}

impl From<Error> for Undecoded {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

/// A program at work. When it is dropped, the program is ended with all that it has started.
pub(crate) struct Attended {
    command: String,
    timeout: Option<Duration>,
    exit: oneshot::Receiver<io::Result<ExitStatus>>,
    heard: oneshot::Receiver<()>,
    said: Arc<Said>,
    trouble: Arc<Mutex<Option<Trouble>>>,
    guard: Guard,
}

/// What it reads from and writes to.
pub(crate) struct Pipes {
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
}

/// Why a program was stopped.
enum Trouble {
    TimedOut,
    /// What it reads could not be had.
    Input(Error),
}

/// Ends the program when it is dropped.
struct Guard {
    group: Arc<Group>,
    /// What is at work beside it.
    tasks: Vec<JoinHandle<()>>,
    /// The other end of its output is held open, so that it is not ended by a signal while it is asked how it is.
    _stdout: Option<OwnedFd>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        Ender(Arc::clone(&self.group)).end();
    }
}

/// Ends a program, from wherever it is attended to.
#[derive(Debug)]
pub(crate) struct Ender(Arc<Group>);

impl Ender {
    /// Ends the program with all that it has started, unless it has ended, and waits for that.
    pub(crate) fn end(&self) {
        if !self.0.wait(Duration::ZERO) {
            self.0.terminate();
            if !self.0.wait(SHORT_GRACE) {
                self.0.kill();
                self.0.wait(SHORT_GRACE);
            }
        }
    }
}

impl Attended {
    /// Starts a program; `arguments` come behind those of its command, and are not shown. `tell` is told every line that it
    /// writes to its standard error. Must be called on a Tokio runtime.
    ///
    /// # Errors
    /// When it is not there or cannot be started.
    pub(crate) fn start(
        program: &Program,
        arguments: &[OsString],
        tell: impl Fn(&str) + Send + 'static,
    ) -> Result<(Self, Pipes)> {
        let command = program.command.join(" ");
        let variables = environment::variables(program);
        let path = lookup::find(program, &variables)?;
        let mut process = Command::new(path);
        process.args(program.command.iter().skip(1)).args(arguments);
        process.current_dir(&program.folder).env_clear().envs(variables);
        let started = group::start(process).map_err(|error| ended::not_started(&command, error))?;
        let Started { stdin, stdout, stderr, group, exit } = started;
        let mut guard =
            Guard { group: Arc::clone(&group), tasks: Vec::new(), _stdout: stdout.as_fd().try_clone_to_owned().ok() };
        let trouble = Arc::new(Mutex::new(None));

        let said = Arc::new(Said::default());
        let (tell_heard, heard) = oneshot::channel();
        let hearing = Arc::clone(&said);
        thread("headwater-stderr", move || {
            hearing.hear(stderr, &tell);
            let _nobody = tell_heard.send(());
        })?;

        if let Some(timeout) = program.timeout {
            let stop = Stop { group, trouble: Arc::clone(&trouble) };
            guard.tasks.push(tokio::spawn(async move {
                tokio::time::sleep(timeout).await;
                if stop.group.wait(Duration::ZERO) {
                    // It has ended in time; what it wrote is still on its way.
                    return;
                }
                stop.note(Trouble::TimedOut);
                stop.group.terminate();
                tokio::time::sleep(GRACE).await;
                stop.group.kill();
            }));
        }
        let timeout = program.timeout;
        Ok((Self { command, timeout, exit, heard, said, trouble, guard }, Pipes { stdin, stdout }))
    }

    /// How a helper of the program stops it.
    pub(crate) fn stop(&self) -> Stop {
        Stop { group: Arc::clone(&self.guard.group), trouble: Arc::clone(&self.trouble) }
    }

    /// What ends it.
    pub(crate) fn ender(&self) -> Ender {
        Ender(Arc::clone(&self.guard.group))
    }

    /// Ends a task when the program is dropped.
    pub(crate) fn beside(&mut self, task: JoinHandle<()>) {
        self.guard.tasks.push(task);
    }

    /// What it says last, to which what it says elsewhere may be added.
    pub(crate) fn said(&self) -> Arc<Said> {
        Arc::clone(&self.said)
    }

    /// Waits for the end of the program, whose output was read to its end or not.
    ///
    /// # Errors
    /// When it did not end well, or its output was not read to its end.
    pub(crate) async fn end(&mut self, output: std::result::Result<(), Undecoded>) -> Result<()> {
        let exit = match output {
            Err(Undecoded::Wrong(_)) => match tokio::time::timeout(MOMENT, &mut self.exit).await {
                Ok(exit) => Some(exit),
                // It goes on writing what nobody reads.
                Err(_) => {
                    self.guard.group.kill();
                    None
                }
            },
            Ok(()) | Err(Undecoded::CutOff(_) | Undecoded::GivenUp) => Some((&mut self.exit).await),
        };
        let _silent = tokio::time::timeout(LAST_WORDS, &mut self.heard).await;
        let said = self.said.last();
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (trouble, self.timeout) {
            (Some(Trouble::Input(error)), _) => return Err(error),
            (Some(Trouble::TimedOut), Some(timeout)) => return Err(ended::timed_out(&self.command, timeout, &said)),
            (Some(Trouble::TimedOut) | None, _) => {}
        }
        if let Some(exit) = exit {
            let status = exit.map_err(|_| self.cut_off())?.map_err(|error| lost(&self.command, error))?;
            if let Some(error) = ended::failed(&self.command, status, &said) {
                return Err(error);
            }
        }
        match output {
            Ok(()) => Ok(()),
            Err(Undecoded::CutOff(error) | Undecoded::Wrong(error)) => Err(error),
            Err(Undecoded::GivenUp) => Err(self.cut_off()),
        }
    }

    /// That what works on it ended without a word.
    pub(crate) fn cut_off(&self) -> Error {
        Error::new(codes::DEFECT, Blame::Headwater, format!("the work on `{}` was cut off", self.command))
    }
}

/// How a helper of a program stops it.
pub(crate) struct Stop {
    group: Arc<Group>,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

impl Stop {
    /// Stops it because what it reads cannot be had.
    pub(crate) fn for_want_of_input(&self, error: Error) {
        self.note(Trouble::Input(error));
        self.group.kill();
    }

    /// Keeps the first trouble: what follows may be of its making.
    fn note(&self, trouble: Trouble) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }
}

/// Starts a thread that works for a program.
///
/// # Errors
/// When the system has none to give.
pub(crate) fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(|error| {
        Error::new(codes::NOT_STARTED, Blame::Environment, "no thread can be started for a program")
            .help("raise the limit on processes (`ulimit -u`) or run fewer things at once (`--jobs`)")
            .caused_by(error)
    })
}

fn lost(command: &str, error: io::Error) -> Error {
    Error::new(codes::DEFECT, Blame::Environment, format!("how `{command}` ended cannot be told")).caused_by(error)
}
