//! REST: a web server that answers with what it holds, page by page, and from a value on where it is asked so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Hidden, Hides, KeepsSecrets, SECRET, Spoils};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Kind, Table};
use crate::project::Project;
use crate::rest::server::{Reply, Request, Server};

/// How many records a page has.
const PAGE: usize = 200;

type Held = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

pub(crate) struct Rest {
    project: Project,
    server: Server,
    held: Held,
}

/// The path of a table, its name in letters that paths have.
fn path(table: &Table) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let letter = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("/{}", table.name.bytes().map(letter).collect::<String>())
}

fn answer(request: &Request, held: &Held) -> Reply {
    if request.header("authorization").is_some_and(|shown| shown != format!("Bearer {SECRET}")) {
        return Reply::status(401);
    }
    let held = held.lock().unwrap();
    let Some(records) = request.path.strip_prefix("/v1").and_then(|path| held.get(path)) else {
        return Reply::status(404);
    };
    let from: i64 = request.param("from").map_or(0, |from| from.parse().unwrap());
    let new = records.iter().filter(|record| record["changed"].as_i64().is_none_or(|changed| changed >= from));
    let page = request.number("page").unwrap();
    Reply::json(&json!(new.skip((page - 1) * PAGE).take(PAGE).collect::<Vec<_>>()))
}

impl Kit for Rest {
    const NAME: &str = "rest";
    const NOTICES: Notices = Notices::Changes;
    const MISSING: &str = "HW0337";
    const LEAVES_OUT_NULLS: bool = true;

    fn start() -> Self {
        let held: Held = Arc::default();
        let shared = Arc::clone(&held);
        Self { project: Project::empty(), server: Server::start(move |request| answer(request, &shared)), held }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        format!("url: http://127.0.0.1:{}/v1\npaginate: {{ page: {{}} }}", self.server.port)
    }

    fn stream(&self, table: &Table, mode: &str) -> String {
        let cursor = if mode == "incremental" { "\ncursor: { field: changed, param: from }" } else { "" };
        format!("path: {}{cursor}", Value::from(path(table)))
    }

    fn declares(kind: Kind) -> bool {
        // JSON has no other types.
        matches!(kind, Kind::Decimal | Kind::Date | Kind::Moment)
    }

    fn hold(&self, table: &Table) {
        self.held.lock().unwrap().insert(path(table), table.objects());
    }

    fn apply(&self, table: &Table, _: &[Change]) {
        self.hold(table);
    }

    fn drop(&self, table: &Table) {
        self.held.lock().unwrap().remove(&path(table));
    }
}

impl Spoils for Rest {
    fn spoil(&self, table: &Table, id: i64) {
        let mut held = self.held.lock().unwrap();
        let record = held.get_mut(&path(table)).unwrap().iter_mut().find(|record| record["id"] == id).unwrap();
        record["price"] = json!("dear");
    }
}

impl Hides for Rest {
    fn hidden(&self) -> Vec<Hidden> {
        let with = |port: u16, code| Hidden {
            source: format!("url: http://127.0.0.1:{port}/v1\nauth: {{ bearer: \"${{SHOP}}\" }}\nretries: 0"),
            stream: None,
            environment: vec![("SHOP", format!("{SECRET}-wrong"))],
            code,
        };
        vec![with(self.server.port, "HW0328"), with(1, "HW0327")]
    }
}

impl KeepsSecrets for Rest {
    fn with_secret(&self) -> String {
        format!("{}\nauth: {{ bearer: \"${{SHOP_SECRET}}\" }}", self.source())
    }
}
