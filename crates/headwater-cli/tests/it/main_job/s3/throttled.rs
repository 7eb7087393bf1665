//! A store that asks for fewer requests (`503 SlowDown`): it is waited for, and nothing is lost or doubled.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::Server;
use crate::program::{Said, headwater};
use crate::project::Project;

const BUCKET: &str = "slow";
const SLOW_DOWN: &str =
    "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";

/// Stands before a server and turns down every third request, before the server has seen it.
struct Throttle {
    port: u16,
    refused: Arc<AtomicUsize>,
}

impl Throttle {
    fn before(server: &Server) -> Self {
        let upstream = server.url().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = Arc::new(AtomicUsize::new(0));
        let (count, told) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&refused));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, count, told) = (upstream.clone(), Arc::clone(&count), Arc::clone(&told));
                std::thread::spawn(move || {
                    // Who goes away in the middle of an answer is no matter of the test's.
                    let _gone = hand_on(client, &upstream, &count, &told);
                });
            }
        });
        Self { port, refused }
    }
}

/// One request of a connection, which then ends.
fn hand_on(mut client: TcpStream, upstream: &str, count: &AtomicUsize, refused: &AtomicUsize) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body)?;
    if count.fetch_add(1, Ordering::Relaxed) % 3 == 1 {
        refused.fetch_add(1, Ordering::Relaxed);
        let length = SLOW_DOWN.len();
        return write!(
            client,
            "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{SLOW_DOWN}"
        );
    }
    let lines = head.lines().filter(|line| !line.is_empty() && !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = lines.map(|line| format!("{line}\r\n")).collect();
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    server.write_all(&body)?;
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}

fn say(project: &Project, arguments: &[&str]) -> Said {
    let mut command = headwater(project.path());
    command.args(arguments).env("KEY", "test-key").env("SECRET", "test-secret-value");
    command.output().unwrap().into()
}

#[test]
fn a_store_that_asks_for_fewer_requests_is_waited_for() {
    let server = Server::start(BUCKET);
    let throttle = Throttle::before(&server);
    server.put(BUCKET, "in/2026-01.csv", b"id,amount\n1,10\n2,20\n");
    let storage = format!(
        "{{ aws_endpoint: \"http://127.0.0.1:{}\", aws_allow_http: \"true\", aws_region: us-east-1, aws_access_key_id: \"${{KEY}}\", \
         aws_secret_access_key: \"${{SECRET}}\" }}",
        throttle.port
    );
    let environment =
        format!("{{ default: true, lake: \"s3://{BUCKET}/lake\", catalog: ./catalog.db, storage: {storage} }}");
    let project = Project::empty()
        .with("headwater.yml", format!("name: shop\nenvironments:\n  dev: {environment}\n"))
        .with(
            "sources/orders.yml",
            format!("connector: files\nlocation: s3://{BUCKET}/in\nstreams:\n  - {{ table: raw.orders, path: '*.csv', mode: new_files }}\n"),
        )
        .with("models/marts/total.sql", "select sum(amount) as total, count(*) as orders from raw.orders\n")
        .with(
            "destinations/out.yml",
            format!(
                "connector: files\nlocation: s3://{BUCKET}/out\ndeliveries:\n  - {{ table: raw.orders, to: orders, mode: append, format: csv }}\n"
            ),
        )
        .with(
            "destinations/tables.yml",
            format!("connector: delta\nlocation: s3://{BUCKET}/tables\ndeliveries:\n  - {{ table: raw.orders, to: crm/orders, key: id }}\n"),
        );
    let total = || say(&project, &["query", "select total, orders from marts.total", "--format", "csv"]).exits(0).out;
    say(&project, &["run"]).exits(0);
    assert_eq!(total(), "total,orders\n30,2\n");
    server.put(BUCKET, "in/2026-02.csv", b"id,amount\n3,30\n");
    let said = say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!(total(), "total,orders\n60,3\n");
    for delivery in said["deliveries"].as_array().unwrap() {
        assert_eq!((&delivery["state"], &delivery["written"]), (&"delivered".into(), &1.into()), "{delivery}");
    }
    let files = server.keys(BUCKET, "out/orders/").into_iter().filter(|key| key.ends_with(".csv"));
    let mut rows: Vec<String> = files
        .flat_map(|key| {
            String::from_utf8(server.get(BUCKET, &key).unwrap())
                .unwrap()
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    rows.sort();
    assert_eq!(rows, ["1,10", "2,20", "3,30"]);
    assert!(throttle.refused.load(Ordering::Relaxed) > 20, "{}", throttle.refused.load(Ordering::Relaxed));
}
