//! Log lines of this program and of the libraries underneath, on stderr.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::Global;
use crate::console::{Console, Secrets};

/// Starts logging: by default only this program's own warnings. The Delta kernel reports a table that is not there yet
/// as an error, so it is heard from `-vv` on. `HEADWATER_LOG` overrides it all, in the syntax of `RUST_LOG`.
pub(crate) fn start(global: &Global, console: &Console) {
    let default = match global.verbose {
        0 => "off,headwater_run=warn,headwater_engine=warn,headwater_catalog=warn,headwater_connectors=warn",
        1 => "warn,delta_kernel=off,buoyant_kernel=off,headwater=info",
        2 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("HEADWATER_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let writer = RedactedStderr { secrets: console.secrets.clone() };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(console.color_err);
    // It fails only when there is a subscriber already.
    let _ = subscriber.try_init();
}

/// Stderr without secrets. A log line arrives in one piece.
#[derive(Clone)]
struct RedactedStderr {
    secrets: Secrets,
}

impl Write for RedactedStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().lock().write_all(self.secrets.redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

impl<'a> MakeWriter<'a> for RedactedStderr {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
