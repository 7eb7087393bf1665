//! Webhooks: a receiver that keeps what it is sent, and takes each request once by its key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::super::bench::{Outlet, Refuses, Shipment, line};
use crate::conformance::kits::SECRET;
use crate::project::Project;
use crate::rest::server::{Reply, Request, Server};

#[derive(Default)]
struct Receiver {
    rows: BTreeMap<i64, Value>,
    taken: BTreeSet<String>,
    refuses: bool,
}

impl Receiver {
    fn take(&mut self, request: &Request) -> Reply {
        if request.method != "POST" {
            // Somebody looks whether it is there.
            return Reply::status(200);
        }
        if request.body.contains("Refused") && self.refuses {
            return Reply::status(422);
        }
        let key = request.header("idempotency-key").unwrap();
        if !self.taken.insert(key.to_owned()) {
            return Reply::status(200);
        }
        let event = request.json();
        match event["type"].as_str() {
            Some("delete") => drop(self.rows.remove(&event["key"]["id"].as_i64().unwrap())),
            _ => drop(self.rows.insert(event["row"]["id"].as_i64().unwrap(), event["row"].clone())),
        }
        Reply::status(200)
    }
}

pub(crate) struct Webhook {
    project: Project,
    server: Server,
    receiver: Arc<Mutex<Receiver>>,
}

impl Outlet for Webhook {
    const NAME: &str = "webhook";
    const POINTS: &[&str] = &["before_delivery", "before_acknowledge:1", "after_acknowledge:1", "after_delivery"];

    fn start() -> Self {
        let receiver: Arc<Mutex<Receiver>> = Arc::default();
        let shared = Arc::clone(&receiver);
        let server = Server::start(move |request| shared.lock().unwrap().take(request));
        Self { project: Project::empty(), server, receiver }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn destination(&self) -> String {
        format!("url: http://127.0.0.1:{}/v1\nrate_limit: {{ together: 1 }}", self.server.port)
    }

    fn delivery(&self, _: &str) -> String {
        ", path: /events, body: event".to_owned()
    }

    fn there(&self) -> String {
        let one = |row: &Value| {
            line(&row["id"].to_string(), row["name"].as_str().unwrap_or("-"), &row["balance"].to_string())
        };
        self.receiver.lock().unwrap().rows.values().map(one).collect::<Vec<_>>().join("\n")
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        let destination = "url: http://127.0.0.1:1/v1\nauth: { bearer: \"${CRM}\" }\nretries: 0".to_owned();
        (destination, vec![("CRM", SECRET.to_owned())], "HW0327")
    }
}

impl Refuses for Webhook {
    fn refuse(&self, some: bool) {
        self.receiver.lock().unwrap().refuses = some;
    }

    fn kept(shipment: &Shipment<Self>) -> usize {
        let said = shipment.say(&["deliver", "--undelivered", "--json"]).exits(0).json();
        said.as_array().unwrap().len()
    }
}
