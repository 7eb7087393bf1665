//! A `moto_server` of this test's own, and the few requests that tests make themselves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::held::{Held, free_port, leash};

/// A running server.
pub(crate) struct Server {
    _program: Held,
    port: u16,
}

impl Server {
    /// Starts a server on a free port, with one bucket.
    pub(crate) fn start(bucket: &str) -> Self {
        let program = std::env::var("HEADWATER_MOTO_SERVER").unwrap_or_else(|_| {
            panic!("HEADWATER_MOTO_SERVER is not set: run the tests with ./test, which installs moto and sets it")
        });
        assert!(std::path::Path::new(&program).is_file(), "there is no {program}: run the tests with ./test");
        let port = free_port();
        let mut held = leash(&program);
        held.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let server = Self { _program: Held::start_answering(&mut held, port, String::new), port };
        assert_eq!(server.request("PUT", &format!("/{bucket}"), b"").0, 200, "making the bucket");
        server
    }

    /// The address, for `endpoint`.
    pub(crate) fn url(&self) -> String {
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
