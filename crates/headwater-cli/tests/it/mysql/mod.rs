//! Tables of a MariaDB.

mod altered;
mod cascades;
mod changes;
mod delivered;
mod described;
mod encrypted;
mod following;
mod incremental;
mod large;
mod refusals;
pub(crate) mod server;
mod values;

use crate::program::Said;
use crate::project::Project;
use server::Database;

/// A project whose source is a database: its connection comes from the environment.
struct Source {
    project: Project,
    database: Database,
}

impl Source {
    /// Streams of a new database, in YAML.
    fn new(sql: &str, streams: &str) -> Self {
        Self::of(Database::new(), sql, streams)
    }

    /// Streams of a database.
    fn of(database: Database, sql: &str, streams: &str) -> Self {
        database.sql(sql);
        let project = Project::empty();
        let source = Self { project, database };
        source.streams(streams);
        source
    }

    fn streams(&self, streams: &str) {
        self.project
            .write("sources/shop.yml", format!("connector: mysql\nconnection: \"${{SHOP}}\"\nstreams:\n{streams}"));
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.say_as(&self.database.url(), arguments)
    }

    fn say_as(&self, url: &str, arguments: &[&str]) -> Said {
        let mut program = crate::program::headwater(self.project.path());
        program.args(arguments).env("SHOP", url).stdin(std::process::Stdio::null()).output().unwrap().into()
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
