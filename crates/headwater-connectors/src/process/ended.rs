//! How a program ended, as an error for a person.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use headwater_sdk::{Blame, Error};

use crate::codes;

/// What a program says by its exit status that may be otherwise in a while: `EX_TEMPFAIL` of BSD's `sysexits.h`.
const TEMPORARY: i32 = 75;

/// The last lines that are shown of what a program said.
const SHOWN: usize = 10;

/// The error for a program that the system did not start.
pub(crate) fn not_started(command: &str, error: io::Error) -> Error {
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "its first line (#!…) names an interpreter that is not there: correct it, or name what runs it in `command`"
        }
        io::ErrorKind::PermissionDenied => "let the user who runs headwater execute it, and enter its folder",
        _ if error.raw_os_error() == Some(libc::ENOEXEC) => {
            "it is no program of this machine; a text needs a first line that names its interpreter, e.g. #!/bin/sh"
        }
        _ => "look at the file, and at the limits of the machine",
    };
    Error::new(codes::NOT_STARTED, Blame::Environment, format!("`{command}` cannot be started"))
        .help(help)
        .caused_by(error)
}

/// The error for a program that did not end well; `None` for one that did.
pub(crate) fn failed(command: &str, status: ExitStatus, said: &[String]) -> Option<Error> {
    if status.success() {
        return None;
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}{}", signal_name(signal)),
        (None, None) => "did not end well".to_owned(),
    };
    let blame = if status.code() == Some(TEMPORARY) { Blame::Environment } else { Blame::Project };
    let error = Error::new(codes::PROGRAM_FAILED, blame, format!("`{command}` {how}{}", told(said)));
    let error = error.help(match (status.code(), status.signal()) {
        (Some(TEMPORARY), _) => "it says that this may pass (EX_TEMPFAIL): run again later",
        (None, Some(libc::SIGKILL)) => {
            "somebody killed it; if the machine ran out of memory, let it hold fewer rows at once"
        }
        (None, Some(_)) => "see what stopped it",
        _ if said.is_empty() => "let it say on stderr what went wrong",
        _ => "put right what it says, or what it needs",
    });
    Some(if status.code() == Some(TEMPORARY) { error.transient() } else { error })
}

/// The error for a program whose time was up.
pub(crate) fn timed_out(command: &str, timeout: Duration, said: &[String]) -> Error {
    let message = format!("`{command}` had not ended after {} and was stopped{}", words(timeout), told(said));
    Error::new(codes::TIMED_OUT, Blame::Project, message).help("allow it more time (`timeout`), or let it do less")
}

/// What a program said last, to be put behind what happened to it.
fn told(said: &[String]) -> String {
    match said {
        [] => "; it said nothing on stderr".to_owned(),
        lines => {
            let last = &lines[lines.len().saturating_sub(SHOWN)..];
            let lines: Vec<String> = last.iter().map(|line| format!("\n    {line}")).collect();
            format!("; it said last:{}", lines.concat())
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => " (SIGABRT)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGFPE => " (SIGFPE)",
        libc::SIGHUP => " (SIGHUP)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGINT => " (SIGINT)",
        libc::SIGKILL => " (SIGKILL)",
        libc::SIGPIPE => " (SIGPIPE)",
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGTERM => " (SIGTERM)",
        _ => "",
    }
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds > 0 && seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        seconds if seconds > 0 && seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
