//! Azurite, Microsoft's own emulator of Azure's blobs, and its blobs by Microsoft's own client.

use std::path::Path;

use crate::held::{Held, free_port, leash};
use crate::tables::python;

/// The account and the key that Azurite has for everybody, which its documentation names.
pub(super) const ACCOUNT: &str = "devstoreaccount1";
pub(super) const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A running server.
pub(super) struct Server {
    _program: Held,
    port: u16,
}

impl Server {
    /// Starts a server on a free port, with one container.
    pub(super) fn start(container: &str) -> Self {
        let program = std::env::var("HEADWATER_AZURITE").unwrap_or_else(|_| {
            panic!("HEADWATER_AZURITE is not set: run the tests with ./test, which installs Azurite and sets it")
        });
        assert!(Path::new(&program).is_file(), "there is no {program}: run the tests with ./test");
        let port = free_port();
        let mut held = leash(&program);
        held.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        held.args(["--silent", "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry"]);
        let server = Self { _program: Held::start_answering(&mut held, port, String::new), port };
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
