//! What every promise of a destination is tried on: a project with a table of customers, and a system that it is delivered to.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::conformance::kits::SECRET;
use crate::program::{Said, headwater};
use crate::project::Project;

/// A customer: a number, a name, a balance.
pub(crate) type Customer = (i64, Option<&'static str>, f64);

/// How a destination is tried.
pub(crate) trait Outlet: Sized {
    /// The value of `connector:`.
    const NAME: &'static str;
    /// The points at which a delivery dies.
    const POINTS: &'static [&'static str] = &["before_delivery", "before_delivery_commit", "after_delivery"];

    /// A new system, and an empty project beside it.
    fn start() -> Self;

    /// The project.
    fn project(&self) -> &Project;

    /// What the program's environment has to have.
    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Keys of the destination, each in a line.
    fn destination(&self) -> String;

    /// Keys of a delivery beside `table`, `mode` and `key`, as they stand in a flow mapping.
    fn delivery(&self, mode: &str) -> String;

    /// What is there, in the order of the number, a line each: `1,Ada,1.5`, with `-` for null.
    fn there(&self) -> String;

    /// Keys of a destination that nobody can reach, what the environment has to have then, and the code. A secret in it is [`SECRET`].
    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str);
}

/// A destination that refuses some rows.
pub(crate) trait Refuses: Outlet {
    /// From now on: customers of the name `Refused`, or none.
    fn refuse(&self, some: bool);

    /// How many rows are kept that were refused.
    fn kept(shipment: &Shipment<Self>) -> usize;
}

/// A destination whose contents somebody changes.
pub(crate) trait Changes: Outlet {
    /// The balance of a customer is another there.
    fn tamper(&self, id: i64);
}

/// A project, and what is delivered of it.
pub(crate) struct Shipment<O> {
    pub(crate) outlet: O,
}

pub(crate) const CUSTOMERS: &[Customer] =
    &[(1, Some("Ada"), 1.5), (2, None, -0.25), (3, Some("naïve ☃ 'so' \"so\""), 1e20), (4, Some("Dan"), 4.5)];

/// As [`Outlet::there`] has them.
pub(crate) fn lines(customers: &[Customer]) -> String {
    let line = |(id, name, balance): &Customer| format!("{id},{},{balance:e}", name.unwrap_or("-"));
    customers.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A line of what is there, from fields of a text.
pub(crate) fn line(id: &str, name: &str, balance: &str) -> String {
    format!("{id},{name},{:e}", balance.parse::<f64>().unwrap_or_else(|e| panic!("{e}: {balance}")))
}

impl<O: Outlet> Shipment<O> {
    /// Customers that are delivered in a mode.
    pub(crate) fn new(mode: &str, more: &str) -> Self {
        let shipment = Self { outlet: O::start() };
        shipment.outlet.project().write(
            "sources/files.yml",
            "connector: files\nlocation: data\nstreams:\n  - table: raw.customers\n    path: customers.csv\n    columns: { id: { type: bigint }, name: { type: string }, balance: { type: double } }\n",
        );
        shipment.have(CUSTOMERS);
        shipment.deliver(mode, more);
        shipment
    }

    /// The customers that the source has from now on.
    pub(crate) fn have(&self, customers: &[Customer]) {
        let line = |(id, name, balance): &Customer| {
            let name = name.map_or_else(String::new, |name| format!("\"{}\"", name.replace('"', "\"\"")));
            format!("{id},{name},{balance:?}\n")
        };
        let lines: String = customers.iter().map(line).collect();
        self.outlet.project().write("data/customers.csv", format!("id,name,balance\n{lines}"));
    }

    /// How they are delivered.
    pub(crate) fn deliver(&self, mode: &str, more: &str) {
        self.deliver_to(&self.outlet.destination(), mode, more);
    }

    pub(crate) fn deliver_to(&self, destination: &str, mode: &str, more: &str) {
        self.declare(destination, mode, &self.outlet.delivery(mode), more);
    }

    /// The delivery goes to another place in the destination, under the name that it has.
    pub(crate) fn deliver_elsewhere(&self, mode: &str) {
        let own = self.outlet.delivery(mode).replace("customers", "elsewhere");
        self.declare(&self.outlet.destination(), mode, &own, "");
    }

    fn declare(&self, destination: &str, mode: &str, own: &str, more: &str) {
        let key = if mode == "upsert" { ", key: id" } else { "" };
        let delivery = format!("{{ table: raw.customers, mode: {mode}{key}{own}{more} }}");
        let text = format!("connector: {}\n{destination}\ndeliveries:\n  - {delivery}\n", O::NAME);
        self.outlet.project().write("destinations/crm.yml", text);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut program = headwater(self.outlet.project().path());
        program.args(arguments).envs(self.outlet.environment()).stdin(Stdio::null());
        program
    }

    /// Nothing that is said has a secret in it.
    #[track_caller]
    pub(crate) fn said(mut command: Command) -> Said {
        let said: Said = command.output().unwrap().into();
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "a secret:\n{}\n{}", said.out, said.err);
        said
    }

    #[track_caller]
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        Self::said(self.command(arguments))
    }

    /// A run; what it says of the delivery.
    #[track_caller]
    pub(crate) fn run(&self) -> Value {
        self.say(&["run", "--json"]).exits(0).json()["deliveries"][0].clone()
    }

    /// That these are there, and nobody else.
    #[track_caller]
    pub(crate) fn assert_there(&self, customers: &[Customer]) {
        assert_eq!(self.outlet.there(), lines(customers));
    }
}
