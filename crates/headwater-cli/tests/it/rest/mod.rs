//! APIs that answer in JSON: a real server that each test tells what to answer.

mod auth;
mod columns;
mod described;
mod faults;
mod incremental;
mod killed;
mod large;
mod pages;
mod parents;
mod refusals;
mod secrets;
pub(crate) mod server;

use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Said, headwater};
use crate::project::Project;
use server::{Reply, Request, Server};

/// A project whose source is an API.
struct Api {
    project: Project,
    server: Server,
}

impl Api {
    /// `source` are keys of the source in YAML, `streams` its streams.
    fn new(source: &str, streams: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let api = Self { project: Project::empty(), server: Server::start(answer) };
        api.source(source, streams);
        api
    }

    fn source(&self, source: &str, streams: &str) {
        let url = format!("http://127.0.0.1:{}/v1", self.server.port);
        self.project.write("sources/shop.yml", format!("connector: rest\nurl: {url}\n{source}\nstreams:\n{streams}\n"));
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = headwater(self.project.path());
        program.args(arguments).stdin(Stdio::null()).env("SHOP_TOKEN", secrets::TOKEN);
        program
    }

    #[track_caller]
    fn run(&self) -> Said {
        self.say(&["run"]).exits(0)
    }

    /// The rows of a query as CSV without its header.
    #[track_caller]
    fn query(&self, sql: &str) -> String {
        let said = self.say(&["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }
}

/// Orders with the numbers of a range.
fn orders(numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    numbers.into_iter().map(|n| json!({ "id": n, "amount": n as f64 / 2.0 })).collect()
}

/// The records of a page of so many, from 0.
fn page<T: Clone>(all: &[T], number: usize, size: usize) -> Vec<T> {
    all.iter().skip(number * size).take(size).cloned().collect()
}
