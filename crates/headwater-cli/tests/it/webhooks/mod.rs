//! Deliveries to webhooks: a real server that each test tells what to answer.

mod dying;
mod faults;
mod recorded;
mod refused;
mod requests;

use serde_json::Value;

use crate::program::{Said, headwater};
use crate::project::Project;
use crate::rest::server::{Reply, Request, Server};

/// A project whose table is delivered to a server of its own.
struct Hook {
    project: Project,
    server: Server,
}

/// What the receiver of Standard Webhooks shows as its secret (the example of the specification).
const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

impl Hook {
    /// `raw.customers` from a CSV file; keys of the destination and its deliveries in YAML.
    fn new(
        csv: &str,
        destination: &str,
        deliveries: &str,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let project = Project::empty().with(
            "sources/files.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv }\n",
        );
        let hook = Self { project, server: Server::start(answer) };
        hook.customers(csv);
        hook.deliver(destination, deliveries);
        hook
    }

    fn customers(&self, csv: &str) {
        self.project.write("data/customers.csv", csv);
    }

    fn deliver(&self, destination: &str, deliveries: &str) {
        let url = format!("http://127.0.0.1:{}/v1", self.server.port);
        let text = format!("connector: webhook\nurl: {url}\n{destination}\ndeliveries:\n{deliveries}\n");
        self.project.write("destinations/crm.yml", text);
    }

    fn program(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = headwater(self.project.path());
        program.args(arguments).env("CRM_TOKEN", "secret-of-the-crm").env("SIGNING", SIGNING);
        program
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.program(arguments).output().unwrap().into()
    }

    /// The first delivery of a run.
    #[track_caller]
    fn run(&self) -> Value {
        self.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
    }

    /// What came since the last time, in order: method, path and body.
    fn came(&self) -> Vec<String> {
        let mut came: Vec<String> =
            self.server.asked().iter().map(|r| format!("{} {} {}", r.method, r.path, r.body)).collect();
        came.sort();
        came
    }
}

const CUSTOMERS: &str = "id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Rome\n";
const EVENTS: &str = "  - { table: raw.customers, key: id, path: /events, body: event }\n";
