//! Who is let in, and what is said to who is not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::server::{Server, make_key, run};
use crate::held::Held;
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};

const SECRET: &str = "correct horse battery staple";

fn project(server: &Server, sftp: &str) -> Project {
    server.put("a.csv", "n\n1\n2\n");
    let source = format!(
        "connector: files\nlocation: \"{}\"\n{sftp}streams:\n  - {{ table: raw.numbers, path: a.csv }}\n",
        server.location("")
    );
    Project::empty().with("sources/in.yml", source)
}

fn by_key(server: &Server, key: &Path, more: &str) -> Project {
    project(server, &format!("sftp: {{ private_key: \"{}\"{more} }}\n", key.display()))
}

/// Runs with a secret in the environment, which must not come out again.
#[track_caller]
fn say(server: &Server, project: &Project, arguments: &[&str]) -> Said {
    let said: Said = server.command(project, arguments).env("SECRET", SECRET).output().unwrap().into();
    for text in [&said.out, &said.err] {
        assert!(!text.contains(SECRET), "{text}");
    }
    said
}

#[test]
fn keys_of_all_types_are_read_from_files_and_secrets() {
    let server = Server::start();
    let keys = [("ed25519", ""), ("ed25519", SECRET), ("ecdsa", SECRET), ("rsa", ""), ("rsa", SECRET)];
    for (at, (kind, passphrase)) in keys.into_iter().enumerate() {
        let key = make_key(server.path(&format!("key{at}")), kind, passphrase);
        server.allow(&key);
        let more = if passphrase.is_empty() { "" } else { ", passphrase: \"${SECRET}\"" };
        let project = by_key(&server, &key, more);
        say(&server, &project, &["run", "-vvv"]).exits(0);
    }
    // In PEM, as other programs keep keys, and as a text.
    let key = make_key(server.path("pem"), "rsa", "");
    server.allow(&key);
    run("ssh-keygen", &["-q", "-p", "-m", "PEM", "-N", "", "-P", "", "-f", key.to_str().unwrap()]);
    let project = project(&server, "sftp: { private_key: \"${KEY}\" }\n");
    let text = std::fs::read_to_string(&key).unwrap();
    let said: Said = server.command(&project, &["run", "-vvv"]).env("KEY", &text).output().unwrap().into();
    let said = said.exits(0);
    assert!(!format!("{}{}", said.out, said.err).contains(text.lines().nth(3).unwrap()));
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let server = Server::start();
    let wrong = project(&server, "sftp: { password: \"${SECRET}\" }\n");
    let said = say(&server, &wrong, &["run", "-vvv"]).exits(3);
    assert_told(&said, "HW0338", &["does not let the user", &server.user, "by the password"]);
    assert!(server.log().contains("Failed password"), "{}", server.log());
    let stranger = make_key(server.path("stranger"), "ed25519", "");
    let said = say(&server, &by_key(&server, &stranger, ""), &["run"]).exits(3);
    assert_told(&said, "HW0338", &["does not let the user", "by the key SHA256:"]);
    let locked = make_key(server.path("locked"), "ed25519", "another passphrase");
    server.allow(&locked);
    for (more, words) in
        [("", "is encrypted"), (", passphrase: \"${SECRET}\"", "cannot be decrypted by the passphrase")]
    {
        let said = say(&server, &by_key(&server, &locked, more), &["run"]).exits(3);
        assert_told(&said, "HW0338", &[words, "passphrase"]);
    }
    let said = say(&server, &by_key(&server, Path::new("no/such/key"), ""), &["run"]).exits(3);
    assert_told(&said, "HW0338", &["no/such/key", "cannot be read"]);
    let said = say(&server, &by_key(&server, &server.path("config"), ""), &["run"]).exits(3);
    assert_told(&said, "HW0338", &["cannot be understood"]);
    let said = say(&server, &project(&server, ""), &["run"]).exits(3);
    assert_told(&said, "HW0338", &["no way to log in", "SSH_AUTH_SOCK"]);
}

#[test]
fn mistakes_in_the_project_are_told_before_anything_is_reached() {
    let server = Server::start();
    let source = |location: &str, keys: &str| {
        let source =
            format!("connector: files\nlocation: '{location}'\n{keys}streams:\n  - {{ table: raw.n, path: a.csv }}\n");
        let project = Project::empty().with("sources/in.yml", source);
        let said: Said = headwater(project.path()).arg("check").env("SECRET", SECRET).output().unwrap().into();
        said.exits(2)
    };
    let told = |location: &str, keys: &str, words: &[&str]| assert_told(&source(location, keys), "HW0122", words);
    told("sftp://h/in", "", &["names no user"]);
    told("sftp://u@h/in", "storage: { region: x }\n", &["no meaning for files of an SFTP server"]);
    told("sftp://u@h/in", "headers: { a: b }\n", &["no meaning"]);
    told("data", "sftp: { password: x }\n", &["`sftp` has no meaning"]);
    told("sftp://u@h/in", "sftp: { passphrase: x }\n", &["`passphrase`"]);
    let said = source("sftp://u:${SECRET}@h/in", "");
    assert_told(&said, "HW0122", &["a password in a location"]);
    assert!(!format!("{}{}", said.out, said.err).contains(SECRET));
    // One connection was that which saw whether the server was there.
    assert_eq!(server.log().matches("Connection from").count(), 1, "{}", server.log());
}

/// An agent that ends with the test.
struct Agent {
    process: Child,
    socket: String,
}

impl Agent {
    fn start(socket: &Path, key: &Path) -> Self {
        let socket = socket.display().to_string();
        let mut process =
            Command::new("ssh-agent").args(["-D", "-a", &socket]).stdout(Stdio::piped()).spawn().expect("ssh-agent");
        // It says where it listens once it does.
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let added = Command::new("ssh-add").arg(key).env("SSH_AUTH_SOCK", &socket).stderr(Stdio::null()).status();
        assert!(added.unwrap().success());
        Self { process, socket }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_running_agent_is_asked() {
    let server = Server::start();
    for kind in ["ed25519", "rsa"] {
        let key = make_key(server.path(&format!("agents_{kind}")), kind, "");
        let agent = Agent::start(&server.path(&format!("agent_{kind}")), &key);
        let project = project(&server, "");
        let run = || -> Said {
            server.command(&project, &["run"]).env("SSH_AUTH_SOCK", &agent.socket).output().unwrap().into()
        };
        assert_told(&run().exits(3), "HW0338", &["one of the 1 keys of the agent"]);
        server.allow(&key);
        run().exits(0);
    }
}

/// A server of AsyncSSH, which takes passwords without an account of this machine; as a password, or as an answer to a question.
struct Other {
    _program: Held,
    port: u16,
}

const OTHER: &str = r#"
import asyncio, asyncssh, sys
root, key, how = sys.argv[1:]
class Server(asyncssh.SSHServer):
    def begin_auth(self, user): return True
    def password_auth_supported(self): return how == "password"
    def validate_password(self, user, password): return (user, password) == ("joe", "correct horse battery staple")
    def kbdint_auth_supported(self): return how == "question"
    def get_kbdint_challenge(self, user, lang, submethods): return "", "", "", [("Password:", False)]
    def validate_kbdint_response(self, user, responses): return self.validate_password(user, responses[0])
async def main():
    server = await asyncssh.listen("127.0.0.1", 0, server_factory=Server, server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=root.encode()))
    print(server.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"#;

impl Other {
    fn start(root: &Path, key: &Path, how: &str) -> Self {
        let python = std::env::var("HEADWATER_ASYNCSSH_PYTHON").unwrap_or_else(|_| {
            panic!(
                "HEADWATER_ASYNCSSH_PYTHON is not set: run the tests with ./test, which installs AsyncSSH and sets it"
            )
        });
        let mut program = Command::new(python);
        let (program, ports) = Held::start_with_ports(program.args(["-c", OTHER]).args([root, key]).arg(how));
        let [port] = ports[..] else { panic!("AsyncSSH does not start") };
        Self { _program: program, port }
    }
}

#[test]
fn passwords_let_in_at_another_kind_of_server() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(path("data/in")).unwrap();
    std::fs::create_dir_all(path("home/.ssh")).unwrap();
    std::fs::write(path("data/in/a.csv"), "n\n1\n2\n").unwrap();
    let key = make_key(path("host"), "ed25519", "");
    let public = std::fs::read_to_string(path("host.pub")).unwrap();
    for how in ["password", "question"] {
        let server = Other::start(&path("data"), &key, how);
        std::fs::write(path("home/.ssh/known_hosts"), format!("[127.0.0.1]:{} {public}", server.port)).unwrap();
        let keys = format!(
            "connector: files\nlocation: sftp://joe@127.0.0.1:{}\nsftp: {{ password: \"${{SECRET}}\" }}\n",
            server.port
        );
        let project = Project::empty()
            .with("sources/in.yml", format!("{keys}streams:\n  - {{ table: raw.numbers, path: 'in/*.csv' }}\n"))
            .with(
                "destinations/out.yml",
                format!("{keys}deliveries:\n  - {{ table: raw.numbers, to: out/{how}, mode: replace, format: csv }}\n"),
            );
        let run = |secret: &str| -> Said {
            let mut command = headwater(project.path());
            command.args(["run", "-vvv"]).env("HOME", path("home")).env("SECRET", secret);
            command.output().unwrap().into()
        };
        let said = run("another secret").exits(3);
        assert_told(&said, "HW0338", &["'joe'", "by the password"]);
        assert!(!format!("{}{}", said.out, said.err).contains("another secret"));
        let said = run(SECRET).exits(0);
        assert!(!format!("{}{}", said.out, said.err).contains(SECRET));
        let folder = path("data/out").join(how);
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let csv = files.iter().find(|file| file.extension().is_some_and(|end| end == "csv")).unwrap();
        assert_eq!(std::fs::read_to_string(csv).unwrap(), "n\n1\n2\n");
        assert_eq!(files.len(), 2, "{files:?}");
    }
}
