//! An emulator of Google Cloud Storage with its XML API before it, and its objects by Google's own client.

use std::path::PathBuf;
use std::process::Command;

use crate::adbc::installed;
use crate::held::{Held, printed};
use crate::program::workspace;

/// A running server.
pub(super) struct Server {
    _program: Held,
    folder: tempfile::TempDir,
    port: u16,
    emulator: u16,
}

impl Server {
    /// Starts a server on free ports, with some buckets.
    pub(super) fn start(buckets: &[&str]) -> Self {
        let adapter = workspace().join("crates/headwater-cli/tests/it/google/storage.py");
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(installed("HEADWATER_GOOGLE_PYTHON"));
        program.arg(adapter).arg(installed("HEADWATER_FAKE_GCS_SERVER")).arg(folder.path()).args(buckets);
        let (program, ports) = Held::start_with_ports(&mut program);
        let [port, emulator] = ports[..] else { panic!("the emulator has not started") };
        Self { _program: program, folder, port, emulator }
    }

    /// A file beside the server: `ca.pem`, which it is trusted by, `account.json` with the key of an account, `stranger.json` with that of another one.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of the XML API, for `base_url`.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where a machine of Google's asks for its own credentials, for `GCE_METADATA_HOST`.
    pub(super) fn identity(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs statements of Python with a client of a bucket as `b`, which speaks to the emulator itself. Gives what they print.
    #[track_caller]
    pub(super) fn client(&self, bucket: &str, statements: &str) -> String {
        let program = format!(
            "from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
c = storage.Client(project='test', credentials=AnonymousCredentials(), client_options={{'api_endpoint': 'http://127.0.0.1:{}'}})
b = c.bucket('{bucket}')
{statements}",
            self.emulator
        );
        printed(Command::new(installed("HEADWATER_GOOGLE_PYTHON")).args(["-c", &program]))
    }
}
