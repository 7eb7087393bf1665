//! A process with all that it starts.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// A process group, for as long as its first process has not been waited for: until then its number is nobody else's.
#[derive(Debug)]
pub(crate) struct Group {
    id: i32,
    gone: Mutex<bool>,
    went: Condvar,
}

impl Group {
    /// Asks all of its processes to end.
    pub(crate) fn terminate(&self) {
        self.signal(libc::SIGTERM);
    }

    /// Ends all of its processes.
    pub(crate) fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    fn signal(&self, signal: i32) {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        if !*gone {
            send(self.id, signal);
        }
    }

    /// Waits until its first process is gone; tells whether it is.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.went.wait_timeout_while(gone, at_most, |gone| !*gone);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A process that was started.
pub(crate) struct Started {
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
    pub(crate) group: Arc<Group>,
    /// How it ended, once it has.
    pub(crate) exit: oneshot::Receiver<io::Result<ExitStatus>>,
}

/// Starts a process as the first of a group of its own. A thread waits for it, and then kills what is left of the group.
///
/// # Errors
/// When the system cannot start it.
pub(crate) fn start(mut command: Command) -> io::Result<Started> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    die_with_this_thread(&mut command);
    let (told, started) = std::sync::mpsc::sync_channel(1);
    // The thread that starts it also waits for it: the process dies with this thread, that is, with Headwater.
    std::thread::Builder::new().name("headwater-program".into()).spawn(move || {
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let _nobody = told.send(Err(error));
                return;
            }
        };
        // A process number is positive, and fits.
        let id = child.id() as i32;
        let group = Arc::new(Group { id, gone: Mutex::new(false), went: Condvar::new() });
        let (tell_exit, exit) = oneshot::channel();
        if let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        {
            let _nobody = told.send(Ok(Started { stdin, stdout, stderr, group: Arc::clone(&group), exit }));
        }
        await_exit(id);
        let mut gone = group.gone.lock().unwrap_or_else(PoisonError::into_inner);
        send(id, libc::SIGKILL);
        let status = child.wait();
        *gone = true;
        drop(gone);
        group.went.notify_all();
        let _nobody = tell_exit.send(status);
    })?;
    started.recv().unwrap_or_else(|_| Err(io::Error::other("the thread that starts it ended without a word")))
}

/// Sends a signal to all processes of a group; one that has none is left alone.
#[expect(unsafe_code, reason = "the standard library signals no groups")]
fn send(group: i32, signal: i32) {
    // SAFETY: kill(2) reads no memory of this process. The group is that of a child that has not been waited for.
    let _no_such_group = unsafe { libc::kill(-group, signal) };
}

/// Waits until a child has ended, and leaves it to be waited for.
#[expect(unsafe_code, reason = "the standard library reaps what it waits for")]
fn await_exit(child: i32) {
    loop {
        // SAFETY: a siginfo_t of zeros is one, and waitid(2) writes nothing else.
        let waited = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, child as libc::id_t, &raw mut info, libc::WEXITED | libc::WNOWAIT)
        };
        if waited == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Lets the system kill the process when the thread that starts it ends, as all threads of a killed Headwater do.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library knows no signal of a parent's death")]
fn die_with_this_thread(command: &mut Command) {
    // SAFETY: prctl(2) is a system call that allocates nothing and takes no lock, fit for the time between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
}

/// Other systems have no such signal: there the program finds its pipes closed.
#[cfg(not(target_os = "linux"))]
fn die_with_this_thread(_command: &mut Command) {}
