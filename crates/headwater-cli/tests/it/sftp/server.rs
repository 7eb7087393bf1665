//! A server of OpenSSH on a free port of this machine, for the user who runs the tests, and its keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::held::{Held, free_port, leash};
use crate::program::{Said, headwater};
use crate::project::Project;

/// A program that has to be there.
#[track_caller]
pub(super) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output =
        output.unwrap_or_else(|e| panic!("{program} cannot be run ({e}): install OpenSSH's client, or run ./test"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Makes a key of a type, encrypted with `passphrase` if that is not empty. Gives its file.
pub(super) fn make_key(file: PathBuf, kind: &str, passphrase: &str) -> PathBuf {
    run("ssh-keygen", &["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", file.to_str().unwrap()]);
    file
}

/// The fingerprint of a key's file, as OpenSSH shows it.
pub(super) fn fingerprint(file: &Path) -> String {
    let shown = run("ssh-keygen", &["-lf", file.to_str().unwrap()]);
    shown.split(' ').nth(1).unwrap().to_owned()
}

/// A running server.
pub(super) struct Server {
    /// None while it is started anew. Before its folder, which it is to leave first.
    program: Option<Held>,
    dir: tempfile::TempDir,
    pub(super) port: u16,
    pub(super) user: String,
    /// The types of its host keys.
    kinds: Vec<&'static str>,
}

impl Server {
    /// Starts a server with a host key of Ed25519.
    pub(super) fn start() -> Self {
        Self::with_host_keys(&["ed25519"])
    }

    /// Starts a server with host keys of some types.
    pub(super) fn with_host_keys(kinds: &[&'static str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut server = Self { dir, program: None, port, user: run("id", &["-un"]), kinds: kinds.to_vec() };
        for folder in ["data", "home/.ssh"] {
            fs::create_dir_all(server.path(folder)).unwrap();
        }
        for kind in kinds {
            make_key(server.host_key(kind), kind, "");
        }
        let key = make_key(server.path("user_ed25519"), "ed25519", "");
        server.allow(&key);
        server.trust(&server.known_hosts());
        server.begin();
        server
    }

    fn begin(&mut self) {
        let program = std::env::var("HEADWATER_SSHD").unwrap_or_else(|_| {
            panic!("HEADWATER_SSHD is not set: run the tests with ./test, which installs OpenSSH's server and sets it")
        });
        assert!(Path::new(&program).is_file(), "there is no {program}: run the tests with ./test");
        if run("id", &["-u"]) == "0" {
            // As root the server separates its privileges, for which it wants an empty folder that its package does not make.
            fs::create_dir_all("/run/sshd").expect("/run/sshd, which OpenSSH's server wants as root, cannot be made");
        }
        let path = |name: &str| self.path(name).display().to_string();
        let keys: String =
            self.kinds.iter().map(|kind| format!("HostKey {}\n", self.host_key(kind).display())).collect();
        let config = format!(
            "Port {}\nListenAddress 127.0.0.1\n{keys}PidFile {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PermitRootLogin yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nMaxStartups 100\nMaxSessions 100\n\
             LogLevel VERBOSE\nSubsystem sftp internal-sftp -d {}\n",
            self.port,
            path("pid"),
            path("authorized_keys"),
            path("data"),
        );
        fs::write(self.path("config"), config).unwrap();
        let log = fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut held = leash(&program);
        held.args(["-D", "-e", "-f", &path("config")]).stderr(log);
        self.program = Some(Held::start_answering(&mut held, self.port, || self.log()));
    }

    /// Ends the server, and starts it with another host key.
    pub(super) fn change_host_key(&mut self) {
        self.program = None;
        let key = self.host_key(self.kinds[0]);
        fs::remove_file(&key).unwrap();
        make_key(key, self.kinds[0], "");
        self.begin();
    }

    /// A file or a folder of the server's own.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What it has written to its log.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(super) fn host_key(&self, kind: &str) -> PathBuf {
        self.path(&format!("host_{kind}"))
    }

    /// What a file of known hosts says of it.
    pub(super) fn known_hosts(&self) -> String {
        let line = |kind: &&str| {
            let key = fs::read_to_string(self.host_key(kind).with_extension("pub")).unwrap();
            format!("[127.0.0.1]:{} {key}", self.port)
        };
        self.kinds.iter().map(line).collect()
    }

    /// Writes what the person who runs the program knows of hosts.
    pub(super) fn trust(&self, known_hosts: &str) {
        fs::write(self.path("home/.ssh/known_hosts"), known_hosts).unwrap();
    }

    /// Lets everybody in who has the key.
    pub(super) fn allow(&self, key: &Path) {
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        let file = self.path("authorized_keys");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, before + &public).unwrap();
    }

    /// The key that is let in.
    pub(super) fn user_key(&self) -> PathBuf {
        self.path("user_ed25519")
    }

    /// A location of its data, on this port or on that of somebody in between.
    pub(super) fn location_at(&self, port: u16, folder: &str) -> String {
        format!("sftp://{}@127.0.0.1:{port}{}/{folder}", self.user, self.path("data").display())
    }

    /// A location of its data.
    pub(super) fn location(&self, folder: &str) -> String {
        self.location_at(self.port, folder)
    }

    /// The keys of a source or a destination under `location`, with the key that is let in.
    pub(super) fn keys(&self, location: &str) -> String {
        format!(
            "connector: files\nlocation: \"{location}\"\nsftp: {{ private_key: \"{}\" }}\n",
            self.user_key().display()
        )
    }

    /// Puts a file among its data.
    pub(super) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path("data").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The program in a project, run by a person who knows this server.
    pub(super) fn command(&self, project: &Project, arguments: &[&str]) -> Command {
        let mut command = headwater(project.path());
        command.args(arguments).env("HOME", self.path("home")).env_remove("SSH_AUTH_SOCK");
        command
    }

    /// Runs [`Server::command`].
    pub(super) fn say(&self, project: &Project, arguments: &[&str]) -> Said {
        self.command(project, arguments).output().unwrap().into()
    }

    /// Kills what serves the connections that there are, and not the server.
    pub(super) fn kill_sessions(&self) {
        let pid = fs::read_to_string(self.path("pid")).unwrap().trim().to_owned();
        let mut victims = children(&pid);
        let mut at = 0;
        while at < victims.len() {
            victims.extend(children(&victims[at]));
            at += 1;
        }
        for victim in &victims {
            // It may have ended by itself.
            let _ = Command::new("kill").args(["-KILL", victim]).stderr(Stdio::null()).status();
        }
    }
}

/// The processes that a process has started, where `/proc` tells.
fn children(of: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let is_child = |pid: &String| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|parent| parent.trim() == of))
    };
    processes.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(is_child).collect()
}
