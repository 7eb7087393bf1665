//! A program at work: its pipes, its time, and its end.

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_sdk::connector::SourceBatch;
use headwater_sdk::progress::Progress;
use headwater_sdk::script::ProgramRun;
use headwater_sdk::{Blame, Error, Result};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::output::{Expected, Undecoded};
use super::process::{Group, Started};
use super::said::Said;
use super::{ended, environment, input, lookup, output, process};
use crate::codes;

/// Batches that wait for the writer.
const BATCHES: usize = 2;

/// Batches that wait for the program.
const PIECES: usize = 2;

/// How long a program that is asked to end may take for it.
const GRACE: Duration = Duration::from_secs(5);

/// The same where a person waits for it.
const SHORT_GRACE: Duration = Duration::from_millis(300);

/// How long a program whose output is wrong may take to end by itself: it may know better why.
const MOMENT: Duration = Duration::from_millis(200);

/// How long is waited for the end of what it says once it has ended: something that it started may go on holding the pipe.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A program at work. When it is dropped, the program is ended with all that it has started.
pub(super) struct Running {
    command: String,
    timeout: Option<Duration>,
    batches: mpsc::Receiver<SourceBatch>,
    decoded: oneshot::Receiver<std::result::Result<(), Undecoded>>,
    exit: oneshot::Receiver<io::Result<ExitStatus>>,
    heard: oneshot::Receiver<()>,
    said: Arc<Said>,
    trouble: Arc<Mutex<Option<Trouble>>>,
    guard: Guard,
}

/// Why a program was stopped.
enum Trouble {
    TimedOut,
    /// The rows that it reads could not be had.
    Input(Error),
}

/// Ends the program when it is dropped.
struct Guard {
    group: Arc<Group>,
    /// What is at work beside it.
    tasks: Vec<JoinHandle<()>>,
    /// The other end of its output is held open, so that it is not ended by a signal while it is asked how it is.
    _stdout: Option<std::os::fd::OwnedFd>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if !self.group.wait(Duration::ZERO) {
            self.group.terminate();
            if !self.group.wait(SHORT_GRACE) {
                self.group.kill();
                self.group.wait(SHORT_GRACE);
            }
        }
    }
}

impl Running {
    /// Starts a program. Must be called on a Tokio runtime.
    ///
    /// # Errors
    /// When it is not there or cannot be started.
    pub(super) fn start(run: ProgramRun, progress: Arc<Progress>) -> Result<Self> {
        let ProgramRun { table: _, program, inputs, schema, on_bad_row, said: tell } = run;
        let command = program.command.join(" ");
        let variables = environment::variables(&program);
        let path = lookup::find(&program, &variables)?;
        let mut process = Command::new(path);
        process.args(program.command.iter().skip(1)).current_dir(&program.folder).env_clear().envs(variables);
        let started = process::start(process).map_err(|error| ended::not_started(&command, error))?;
        let Started { mut stdin, stdout, stderr, group, exit } = started;
        let mut guard = Guard { group: Arc::clone(&group), tasks: Vec::new(), _stdout: stdout_twin(&stdout) };
        let trouble = Arc::new(Mutex::new(None));

        let (pieces, given) = mpsc::channel(PIECES);
        let stop = Stop { group: Arc::clone(&group), trouble: Arc::clone(&trouble) };
        guard.tasks.push(tokio::spawn(async move {
            if let Err(error) = input::hand_over(inputs, &pieces).await {
                // Before the program can take what it has for all there is.
                stop.because(Trouble::Input(error));
            }
            drop(pieces);
        }));
        let stop = Stop { group: Arc::clone(&group), trouble: Arc::clone(&trouble) };
        let format = program.input_format;
        thread("headwater-stdin", move || {
            if let Err(error) = input::write(&mut stdin, format, given, &progress) {
                let message = format!("rows cannot be written as {}", format.as_str());
                let error = Error::new(codes::UNSUPPORTED_TYPE, Blame::Project, message).caused_by(error);
                stop.because(Trouble::Input(error.help("let the script read other columns, or Arrow")));
            }
            drop(stdin);
        })?;

        let said = Arc::new(Said::default());
        let (tell_heard, heard) = oneshot::channel();
        let hearing = Arc::clone(&said);
        thread("headwater-stderr", move || {
            hearing.hear(stderr, tell.as_ref());
            let _nobody = tell_heard.send(());
        })?;

        let (sender, batches) = mpsc::channel(BATCHES);
        let (tell_decoded, decoded) = oneshot::channel();
        let expected = Expected { format: program.output_format, schema, on_bad_row };
        thread("headwater-stdout", move || {
            let outcome = output::read(stdout, &expected, &mut |batch| sender.blocking_send(batch).is_ok());
            drop(sender);
            let _nobody = tell_decoded.send(outcome);
        })?;

        if let Some(timeout) = program.timeout {
            let stop = Stop { group, trouble: Arc::clone(&trouble) };
            guard.tasks.push(tokio::spawn(async move {
                tokio::time::sleep(timeout).await;
                if stop.group.wait(Duration::ZERO) {
                    // It has ended in time; its rows are still on their way.
                    return;
                }
                stop.note(Trouble::TimedOut);
                stop.group.terminate();
                tokio::time::sleep(GRACE).await;
                stop.group.kill();
            }));
        }
        let timeout = program.timeout;
        Ok(Self { command, timeout, batches, decoded, exit, heard, said, trouble, guard })
    }

    /// The next rows. After the last ones, or when something is wrong, the end of the program is waited for.
    pub(super) async fn next(&mut self) -> Option<Result<SourceBatch>> {
        if let Some(batch) = self.batches.recv().await {
            return Some(Ok(batch));
        }
        self.end().await.err().map(Err)
    }

    async fn end(&mut self) -> Result<()> {
        let decoded = (&mut self.decoded).await.map_err(|_| cut_off(&self.command))?;
        let exit = match decoded {
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
            let status = exit.map_err(|_| cut_off(&self.command))?.map_err(|error| lost(&self.command, error))?;
            if let Some(error) = ended::failed(&self.command, status, &said) {
                return Err(error);
            }
        }
        match decoded {
            Ok(()) => Ok(()),
            Err(Undecoded::CutOff(error) | Undecoded::Wrong(error)) => Err(error),
            Err(Undecoded::GivenUp) => Err(cut_off(&self.command)),
        }
    }
}

/// How a helper of a program stops it.
struct Stop {
    group: Arc<Group>,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

impl Stop {
    fn because(&self, trouble: Trouble) {
        self.note(trouble);
        self.group.kill();
    }

    /// Keeps the first trouble: what follows may be of its making.
    fn note(&self, trouble: Trouble) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }
}

fn stdout_twin(stdout: &std::process::ChildStdout) -> Option<std::os::fd::OwnedFd> {
    use std::os::fd::AsFd;
    stdout.as_fd().try_clone_to_owned().ok()
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(|error| {
        Error::new(codes::NOT_STARTED, Blame::Environment, "no thread can be started for a script")
            .help("raise the limit on processes (`ulimit -u`) or run fewer things at once (`--jobs`)")
            .caused_by(error)
    })
}

fn cut_off(command: &str) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, format!("the work on `{command}` was cut off"))
}

fn lost(command: &str, error: io::Error) -> Error {
    Error::new(codes::DEFECT, Blame::Environment, format!("how `{command}` ended cannot be told")).caused_by(error)
}
