//! Tables that are delivered to a PostgreSQL.

mod compared;
mod dying;
mod mistakes;
mod modes;
mod names;
mod refused;
mod types;
mod upserts;
mod wider;

use super::server::Database;
use crate::program::{Said, headwater};
use crate::project::Project;

/// A project whose tables are delivered to a database of its own.
struct Shop {
    project: Project,
    database: Database,
}

impl Shop {
    /// `raw.customers` from a CSV file, and deliveries in YAML.
    fn new(csv: &str, deliveries: &str) -> Self {
        let project = Project::empty().with(
            "sources/files.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv }\n",
        );
        let shop = Self { project, database: Database::new() };
        shop.customers(csv);
        shop.deliver(deliveries);
        shop
    }

    fn customers(&self, csv: &str) {
        self.project.write("data/customers.csv", csv);
    }

    fn deliver(&self, deliveries: &str) {
        let text = format!("connector: postgres\nconnection: \"${{CRM}}\"\ndeliveries:\n{deliveries}");
        self.project.write("destinations/crm.yml", text);
    }

    fn program(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = headwater(self.project.path());
        program.args(arguments).env("CRM", self.database.url());
        program
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.program(arguments).output().unwrap().into()
    }

    /// The first delivery of a run.
    #[track_caller]
    fn run(&self) -> serde_json::Value {
        self.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
    }

    /// The rows of the delivered table.
    #[track_caller]
    fn there(&self) -> String {
        self.database.sql("select * from customers order by id")
    }
}

const CUSTOMERS: &str = "id,name,city\n1,Ada,Paris\n2,Ben,\n3,Cleo,Rome\n";
const UPSERT: &str = "  - { table: raw.customers, to: customers, key: id }\n";
