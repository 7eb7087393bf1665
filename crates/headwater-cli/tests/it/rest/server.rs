//! A web server over a function: HTTP/1.1, one answer for each connection, with faults where a test wants some.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without parameters.
    pub(crate) path: String,
    /// As it stands behind `?`.
    pub(crate) query: String,
    pub(crate) params: BTreeMap<String, String>,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// How many requests of the same path came before.
    pub(crate) before: usize,
}

impl Request {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.param(name).map(|text| text.parse().unwrap())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Nothing is said before the connection ends.
    Silent,
    /// Half of the body comes, and then the connection ends.
    Half,
    /// A pause before anything is said.
    Late(Duration),
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::text(200, "application/json", &body.to_string())
    }

    pub(crate) fn text(status: u16, kind: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self { status, headers, body: body.as_bytes().to_vec(), fault: Fault::None }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::text(status, "application/json", "{\"error\": \"as the test wants it\"}")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn silent(self) -> Self {
        Self { fault: Fault::Silent, ..self }
    }

    pub(crate) fn half(self) -> Self {
        Self { fault: Fault::Half, ..self }
    }

    pub(crate) fn late(self, pause: Duration) -> Self {
        Self { fault: Fault::Late(pause), ..self }
    }

    /// The body in gzip, in one block that is not compressed (RFC 1951, 1952).
    pub(crate) fn gzip(self) -> Self {
        let length = u16::try_from(self.body.len()).unwrap();
        let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(&self.body);
        let crc = self.body.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
        });
        packed.extend((!crc).to_le_bytes());
        packed.extend(u32::from(length).to_le_bytes());
        Self { body: packed, ..self }.with("content-encoding", "gzip")
    }
}

/// A server that answers until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Request>>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default(), ended: Arc::default() };
        let (asked, ended, answer) = (Arc::clone(&server.asked), Arc::clone(&server.ended), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (stream, asked, answer) = (stream.unwrap(), Arc::clone(&asked), Arc::clone(&answer));
                // Whoever asks may have died.
                std::thread::spawn(move || serve(stream, &asked, &*answer).ok());
            }
        });
        server
    }

    /// What was asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The paths and queries that were asked for since the last time.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let mark = |query: &str| if query.is_empty() { String::new() } else { format!("?{query}") };
        self.asked().into_iter().map(|request| format!("{}{}", request.path, mark(&request.query))).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // It waits for a connection.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(stream: TcpStream, asked: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        params: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        headers,
        body: String::from_utf8(body).unwrap(),
        before: 0,
    };
    {
        let mut asked = asked.lock().unwrap();
        request.before = asked.iter().filter(|other| other.path == request.path).count();
        asked.push(request.clone());
    }
    let Reply { status, headers, body, fault } = answer(&request);
    let mut stream = stream;
    if fault == Fault::Silent {
        return Ok(());
    }
    if let Fault::Late(pause) = fault {
        std::thread::sleep(pause);
    }
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(if fault == Fault::Half { &body[..length / 2] } else { &body })?;
    stream.flush()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (code, behind) = rest.split_at(2);
                rest = behind;
                u8::from_str_radix(std::str::from_utf8(code).unwrap(), 16).unwrap()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
