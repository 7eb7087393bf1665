//! An interpreter of Python that stays: what its packages take to be loaded is taken once.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// Runs the programs that it is told, each in its folder, one after the other; says what each printed, or why it failed.
const SERVE: &str = r"
import contextlib, io, json, os, sys, traceback
for line in sys.stdin:
    asked = json.loads(line)
    os.chdir(asked['folder'])
    printed, failure = io.StringIO(), None
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(asked['program'], 'program', 'exec'), {'given': asked['given']})
    except BaseException:
        failure = traceback.format_exc()
    print(json.dumps({'printed': printed.getvalue(), 'failure': failure}), flush=True)
os._exit(0)
";

/// An interpreter, which is started when it is first needed. It ends with this process, whose end of the pipe is closed then.
pub(crate) struct Python {
    /// The variable that says where it is.
    variable: &'static str,
    running: Mutex<Option<(Child, ChildStdin, BufReader<ChildStdout>)>>,
}

impl Python {
    pub(crate) const fn of(variable: &'static str) -> Self {
        Self { variable, running: Mutex::new(None) }
    }

    /// Runs a program in a folder, which finds `value` under the name `given`. Gives what it prints.
    #[track_caller]
    pub(crate) fn run(&self, folder: &Path, program: &str, value: &Value) -> String {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, ask, answers) = running.get_or_insert_with(|| {
            let python = std::env::var_os(self.variable).unwrap_or_else(|| {
                panic!(
                    "{} is not set: run the tests with ./test, which installs what they need and sets it",
                    self.variable
                )
            });
            let mut child = Command::new(python);
            let mut child = child.args(["-c", SERVE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let (ask, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            (child, ask, BufReader::new(answers))
        });
        writeln!(ask, "{}", json!({ "folder": folder, "program": program, "given": value })).unwrap();
        ask.flush().unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        drop(running);
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(answer["failure"].is_null(), "{}", answer["failure"].as_str().unwrap_or_default());
        answer["printed"].as_str().unwrap().trim_end().to_owned()
    }
}
