//! Files of a web server as sources: Python's own, over a folder.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::program::{gzip, query};
use crate::project::{Project, assert_told};

struct Server(Child, u16);

impl Server {
    fn start(folder: &Path) -> Self {
        let program = "import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
print(server.server_port, flush=True)
server.serve_forever()";
        let mut command = Command::new(std::env::var_os("HEADWATER_PYTHON").unwrap_or_else(|| "python3".into()));
        command.args(["-c", program]).arg(folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child, line.trim().parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn files_of_a_web_server_are_loaded_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("2023.csv", "n,name\n1,one\n2,two\n");
    let server = Server::start(folder.path());
    let source = |paths: &str| {
        let port = server.1;
        format!(
            "connector: files\nlocation: http://127.0.0.1:{port}\nstreams:\n  - {{ table: raw.numbers, path: {paths}, mode: new_files }}\n"
        )
    };
    let project = Project::numbers().with("sources/numbers.yml", source("[2023.csv]"));
    project.run();
    assert_eq!(project.published(), (1, "3,2".to_owned()));
    assert!(project.run().out.contains("nothing"), "nothing to do");
    write("2024.csv", "n,name\n3,three\n4\n");
    project.write("sources/numbers.yml", source("[2023.csv, 2024.csv]"));
    project.run();
    let sums = "select sum(n), count(*) from raw.numbers";
    assert_eq!(query(project.path(), sums), "6,3");
    let file = query(project.path(), "select _file, _line from raw.numbers__rejected");
    assert_eq!(file, format!("http://127.0.0.1:{}/2024.csv,3", server.1));
    project.write("sources/numbers.yml", source("[2023.csv, 2024.csv, 2025.csv]"));
    assert_told(&project.say(&["run"]).exits(1), "HW0303", &["there is no file http://127.0.0.1:", "2025.csv"]);
    // One that was loaded may go, as in a folder; it comes again as what it was.
    project.write("sources/numbers.yml", source("[2023.csv, 2024.csv]"));
    std::fs::remove_file(folder.path().join("2023.csv")).unwrap();
    assert!(project.run().out.contains("nothing"), "nothing to do");
    write("2024.csv", "n,name\n3,three\n4\n5,five\n");
    assert!(project.run().out.contains("changed after it was loaded"), "one that is there is still looked at");
    assert_eq!(query(project.path(), sums), "6,3");
    project.write("sources/numbers.yml", source("'*.csv'"));
    assert_told(&project.say(&["check"]).exits(2), "HW0122", &["nothing lists the files of a web server"]);
    project.write("sources/numbers.yml", source("[2023.csv, 2024.csv]"));
    assert_eq!(query(project.path(), sums), "6,3");
    // What a file is written in is seen by its name, whatever follows it.
    std::fs::write(folder.path().join("b.csv.gz"), gzip("n,name\n7,seven\n")).unwrap();
    project.write("sources/numbers.yml", source("['b.csv.gz?sig=secret']"));
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(query(project.path(), sums), "7,1");
}
