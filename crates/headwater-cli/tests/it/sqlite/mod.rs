//! Tables of SQLite's files, which Python's own SQLite makes, and which it is asked about beside the lake.

mod described;
mod incremental;
mod refusals;
mod values;
mod writers;

use std::process::{Child, Command, Stdio};

use crate::program::Said;
use crate::project::Project;

/// A project whose source is `shop.db` in its folder.
struct Source {
    project: Project,
}

fn python() -> Command {
    Command::new(std::env::var_os("HEADWATER_PYTHON").unwrap_or_else(|| {
        panic!("HEADWATER_PYTHON is not set: run the tests with ./test, which installs what they need and sets it")
    }))
}

impl Source {
    /// Streams of a new database, in YAML.
    fn new(sql: &str, streams: &str) -> Self {
        let source = Self { project: Project::empty() };
        source.sql(sql);
        source.streams(streams);
        source
    }

    fn streams(&self, streams: &str) {
        self.project.write("sources/shop.yml", format!("connector: sqlite\npath: shop.db\nstreams:\n{streams}"));
    }

    /// Runs statements.
    #[track_caller]
    fn sql(&self, sql: &str) {
        self.python("db.executescript(sys.argv[1]); db.commit()", sql);
    }

    /// The rows of a query as CSV.
    #[track_caller]
    fn ask(&self, sql: &str) -> String {
        self.python("[print(*row, sep=',') for row in db.execute(sys.argv[1])]", sql)
    }

    #[track_caller]
    fn python(&self, program: &str, argument: &str) -> String {
        let program = format!("import sqlite3, sys\ndb = sqlite3.connect('shop.db')\n{program}\ndb.close()");
        let output = python().args(["-c", &program, argument]).current_dir(self.project.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// A program that goes on while others do, and says a line when it has begun.
    fn beside(&self, program: &str) -> Child {
        let program = format!("import sqlite3, sys, time\ndb = sqlite3.connect('shop.db', timeout=60)\n{program}");
        let mut command = python();
        command.args(["-c", &program]).current_dir(self.project.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
        child
    }

    fn say(&self, arguments: &[&str]) -> Said {
        self.project.say(arguments)
    }

    #[track_caller]
    fn run(&self) -> Said {
        self.project.run()
    }

    /// The rows of a query of the lake as CSV without its header.
    #[track_caller]
    fn query(&self, sql: &str) -> String {
        let said = self.say(&["query", sql, "--format", "csv"]).exits(0);
        said.out.lines().skip(1).collect::<Vec<_>>().join("\n")
    }
}
