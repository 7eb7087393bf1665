//! Azurite, Microsoft's own emulator of Azure's blobs, and its blobs by Microsoft's own client.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::tables::python;

/// How long the server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Starts the server and ends it when standard input does: when this process ends, however that comes.
const LEASH: &str = "\"$0\" \"$@\" & server=$!; read -r _; kill $server";

/// The account and the key that Azurite has for everybody, which its documentation names.
pub(super) const ACCOUNT: &str = "devstoreaccount1";
pub(super) const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A running server.
pub(super) struct Server {
    /// The shell that holds it.
    leash: Child,
    port: u16,
}

impl Server {
    /// Starts a server on a free port, with one container.
    pub(super) fn start(container: &str) -> Self {
        let program = std::env::var("HEADWATER_AZURITE").unwrap_or_else(|_| {
            panic!("HEADWATER_AZURITE is not set: run the tests with ./test, which installs Azurite and sets it")
        });
        assert!(Path::new(&program).is_file(), "there is no {program}: run the tests with ./test");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (host, blobs) = ("127.0.0.1", port.to_string());
        let leash = Command::new("sh")
            .args(["-c", LEASH, &program, "--blobHost", host, "--blobPort", &blobs])
            .args(["--silent", "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { leash, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "{program} does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        server.client(container, "c.create_container()");
        server
    }

    /// The address of the account, for `endpoint`.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    /// Runs statements of Python with a client of the container as `c`. Gives what they print.
    #[track_caller]
    pub(super) fn client(&self, container: &str, statements: &str) -> String {
        let url = self.url();
        let program = format!(
            "from azure.storage.blob import ContainerClient
c = ContainerClient.from_connection_string('DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={url};', '{container}')
{statements}"
        );
        python(Path::new("."), &program)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        let _ = self.leash.wait();
    }
}
