//! A `moto_server` of this test's own, and the few requests that tests make themselves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the server and ends it when standard input does: when this process ends, however that comes.
const LEASH: &str = "\"$0\" \"$@\" & server=$!; read -r _; kill $server";

/// A running server.
pub(super) struct Server {
    /// The shell that holds it.
    leash: Child,
    port: u16,
}

impl Server {
    /// Starts a server on a free port, with one bucket.
    pub(super) fn start(bucket: &str) -> Self {
        let program = std::env::var("HEADWATER_MOTO_SERVER").unwrap_or_else(|_| {
            panic!("HEADWATER_MOTO_SERVER is not set: run the tests with ./test, which installs moto and sets it")
        });
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert!(std::path::Path::new(&program).is_file(), "there is no {program}: run the tests with ./test");
        let leash = Command::new("sh")
            .args(["-c", LEASH, &program, "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { leash, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "{program} does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(server.request("PUT", &format!("/{bucket}"), b"").0, 200, "making the bucket");
        server
    }

    /// The address, for `endpoint`.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts an object; the key may hold no characters that a URL has to escape.
    pub(super) fn put(&self, bucket: &str, key: &str, body: &[u8]) {
        assert_eq!(self.request("PUT", &format!("/{bucket}/{key}"), body).0, 200, "{key}");
    }

    /// An object's bytes.
    pub(super) fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        match self.request("GET", &format!("/{bucket}/{key}"), b"") {
            (200, body) => Some(body),
            (404, _) => None,
            (status, body) => panic!("{status}: {}", String::from_utf8_lossy(&body)),
        }
    }

    /// The keys below a prefix, in order (up to 1,000, S3's own limit for one answer).
    pub(super) fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let (status, body) = self.request("GET", &format!("/{bucket}?list-type=2&prefix={prefix}"), b"");
        assert_eq!(status, 200);
        let text = String::from_utf8(body).unwrap();
        assert!(!text.contains("<IsTruncated>true"), "more keys than one answer holds");
        let keys = text.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned());
        keys.collect()
    }

    /// One request on a connection of its own (HTTP/1.0: the answer ends with the connection, or says its length).
    fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        // Any credentials will do, but requests without them are those of a stranger.
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             Content-Type: application/octet-stream\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20130101/us-east-1/s3/aws4_request, SignedHeaders=host, \
             Signature=0\r\n\r\n",
            self.port
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no HTTP: {line}"));
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if line.trim_end().is_empty() {
                break;
            }
        }
        let mut body = Vec::new();
        reader.read_to_end(&mut body).unwrap();
        (status, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        let _ = self.leash.wait();
    }
}
