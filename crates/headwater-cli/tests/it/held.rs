//! Other programs that tests run: servers, which end when this process does, however that comes, and clients, which say something.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts a program and ends it when standard input does.
const LEASH: &str = "\"$0\" \"$@\" & server=$!; read -r _; kill $server; wait $server";

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that goes on when its standard input ends, behind a shell that ends it then. It says nothing.
pub(crate) fn leash(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", LEASH]).arg(program).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A running program. It ends with this value.
pub(crate) struct Held(Child);

impl Held {
    /// Starts a program that ends when its standard input does.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).spawn().unwrap())
    }

    /// Starts a program that ends when its standard input does, and that says on its first line which ports it listens on.
    pub(crate) fn start_with_ports(command: &mut Command) -> (Self, Vec<u16>) {
        let mut held = Self::start(command.stdout(Stdio::piped()));
        let mut line = String::new();
        BufReader::new(held.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (held, line.split_whitespace().map(|port| port.parse().unwrap()).collect())
    }

    /// Starts a program behind a [`leash`], and waits until it answers on a port; `log` is what it has to say if it does not.
    #[track_caller]
    pub(crate) fn start_answering(command: &mut Command, port: u16, log: impl Fn() -> String) -> Self {
        let held = Self::start(command);
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "{command:?} does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

/// What a program prints, which has to succeed.
#[track_caller]
pub(crate) fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
