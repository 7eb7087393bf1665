//! An emulator of BigQuery where the driver looks for Google's own, and its tables by requests of the tests' own.

use std::process::Command;

use crate::adbc::installed;
use crate::held::{Held, printed};
use crate::program::{Said, headwater, workspace};
use crate::project::Project;

/// A running server.
pub(super) struct Server {
    _program: Held,
    folder: tempfile::TempDir,
    proxy: u16,
    rest: u16,
}

impl Server {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(installed("HEADWATER_BIGQUERY_PYTHON"));
        program.arg(workspace().join("crates/headwater-cli/tests/it/adbc/bigquery/service.py")).arg(folder.path());
        let (program, ports) = Held::start_with_ports(&mut program);
        let log = || std::fs::read_to_string(folder.path().join("bqemulator.log")).unwrap_or_default();
        let [proxy, rest] = ports[..] else { panic!("the emulator has not started: {}", log()) };
        Self { _program: program, folder, proxy, rest }
    }

    /// Makes a dataset.
    pub(super) fn dataset(&self, name: &str) {
        self.request(
            "datasets",
            &format!("{{'datasetReference': {{'projectId': 'acme', 'datasetId': '{name}'}}}}"),
            "''",
        );
    }

    /// Makes a table of fields as the service's manual has them.
    pub(super) fn table(&self, dataset: &str, name: &str, fields: &str) {
        let reference = format!("{{'projectId': 'acme', 'datasetId': '{dataset}', 'tableId': '{name}'}}");
        let body = format!("{{'tableReference': {reference}, 'schema': {{'fields': [{fields}]}}}}");
        self.request(&format!("datasets/{dataset}/tables"), &body, "''");
    }

    /// Runs a statement. The rows of a query as CSV, by the emulator's REST, which the driver does not read rows from.
    #[track_caller]
    pub(super) fn sql(&self, sql: &str) -> String {
        let rows = "'\\n'.join(','.join('' if f['v'] is None else str(f['v']) for f in row['f']) for row in answer.get('rows', []))";
        self.request("queries", &format!("{{'query': {sql:?}, 'useLegacySql': False}}"), rows)
    }

    #[track_caller]
    fn request(&self, path: &str, body: &str, show: &str) -> String {
        let program = format!(
            "import json, urllib.request
request = urllib.request.Request('http://127.0.0.1:{}/bigquery/v2/projects/acme/{path}', json.dumps({body}).encode(), {{'Content-Type': 'application/json'}})
answer = json.load(urllib.request.urlopen(request))
assert not answer.get('errors'), answer['errors']
print({show})",
            self.rest
        );
        printed(Command::new(installed("HEADWATER_BIGQUERY_PYTHON")).args(["-c", &program]))
    }

    /// Runs the program, which reaches the emulator where the driver means Google.
    pub(super) fn say(&self, project: &Project, arguments: &[&str]) -> Said {
        self.program(project, arguments).output().unwrap().into()
    }

    /// The program, before it is run.
    pub(super) fn program(&self, project: &Project, arguments: &[&str]) -> Command {
        let file = |name: &str| self.folder.path().join(name);
        let mut program = headwater(project.path());
        program
            .args(arguments)
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.proxy))
            .env("SSL_CERT_FILE", file("ca.pem"))
            .env("PYTHON", installed("HEADWATER_BIGQUERY_PYTHON"))
            .env("ACCOUNT", file("account.json"))
            .env("REFUSED", file("refused.json"))
            .env("KEY", std::fs::read_to_string(file("account.json")).unwrap());
        program
    }

    /// The rows of a query of the lake as CSV without its header.
    #[track_caller]
    pub(super) fn query(&self, project: &Project, sql: &str) -> String {
        let said = self.say(project, &["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }
}
