//! Tables in S3 whose credentials a catalogue gives.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::catalogued::{Catalogued, ROWS, stream, texts_below};
use crate::main_job::s3::server::Server;
use crate::project::assert_told;

/// Stands before a server and keeps what it is asked.
struct Overheard {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Overheard {
    fn before(endpoint: &str) -> Self {
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&upstream).unwrap();
                let (from, to, kept) = (client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&kept));
                std::thread::spawn(move || hand_on(from, to, |bytes| kept.lock().unwrap().extend_from_slice(bytes)));
                std::thread::spawn(move || hand_on(server, client, |_| {}));
            }
        });
        Self { port, heard }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What has been asked, as text.
    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

/// Hands bytes on until one of both goes away.
fn hand_on(mut from: TcpStream, mut to: TcpStream, keep: impl Fn(&[u8])) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count) = from.read(&mut bytes) {
        keep(&bytes[..count]);
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            let _gone = to.shutdown(Shutdown::Write);
            return;
        }
    }
}

/// Nothing but the catalogue says where the store is and who may read it.
#[test]
fn credentials_of_the_store_come_of_the_catalogue() {
    let store = Server::start("lake");
    let endpoint = store.url();
    let io = json!({ "s3.endpoint": endpoint, "s3.access-key-id": "made", "s3.secret-access-key": "of", "s3.region": "us-east-1" });
    let catalogued = Catalogued::new(json!({ "io": io }), &stream(""));
    let table = format!(
        "c = SqlCatalog('c', uri='sqlite:///catalog.db', warehouse='s3://lake/wh', **{io})
c.create_namespace_if_not_exists('db')"
    );
    catalogued.make(&format!(
        "{table}\nt = c.create_table('db.t', schema=batch(0, 1, 'a').schema)\nt.append(batch(0, 100, 'a'))"
    ));
    let keys = json!({ "s3.access-key-id": "vended", "s3.secret-access-key": "hunter2-key", "s3.session-token": "hunter2-session",
        "client.region": "eu-central-1" });
    let place = json!({ "s3.endpoint": endpoint, "s3.path-style-access": "true" });
    let behave = |more: Value| {
        let mut settings = json!({ "io": io });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        catalogued.behave(settings);
    };
    // Said of the table; and of what is below a prefix, with what holds of the whole catalogue.
    let mut whole = keys.clone();
    whole.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
    let other = json!({ "prefix": "s3://other/", "config": { "s3.access-key-id": "x" } });
    for said in [
        json!({ "config": whole }),
        json!({ "defaults": place, "credentials": [{ "prefix": "s3://lake/", "config": keys }, other] }),
    ] {
        behave(said);
        catalogued.say(&["run", "--full-refresh"]).exits(0);
        assert_eq!(catalogued.query(ROWS), catalogued.expected("'db.t'", ""));
    }
    catalogued.make(&format!("{table}\nc.load_table('db.t').append(batch(100, 110, 'b'))"));
    catalogued.run();
    assert_eq!(catalogued.query("select count(*) from raw.t"), "110");
    assert_eq!(texts_below(&catalogued.project.lake()), "", "secrets in the lake");
    // Keys go with a token of their own, whoever gives them, and with no other.
    let signed = |config: Value, storage: &str, environment: &[(&str, &str)]| {
        let listening = Overheard::before(&endpoint);
        let mut config = config;
        config["s3.endpoint"] = json!(listening.url());
        behave(json!({ "config": config }));
        let text = std::fs::read_to_string(catalogued.project.path().join("sources/t.yml")).unwrap();
        catalogued.project.write("sources/t.yml", text.replace("streams:", &format!("{storage}streams:")));
        catalogued.say_with(environment, &["run", "--full-refresh"]).exits(0);
        catalogued.project.write("sources/t.yml", text);
        listening.heard()
    };
    let heard = signed(keys.clone(), "", &[("AWS_ACCESS_KEY_ID", "theirs"), ("AWS_SESSION_TOKEN", "theirs")]);
    assert!(heard.contains("Credential=vended/") && heard.contains("/eu-central-1/s3/"), "{heard}");
    assert!(heard.contains("x-amz-security-token: hunter2-session") && !heard.contains("theirs"), "{heard}");
    let lasting = json!({ "s3.access-key-id": "vended", "s3.secret-access-key": "hunter2-key" });
    let heard = signed(lasting, "", &[("AWS_SESSION_TOKEN", "theirs"), ("AWS_REGION", "us-west-2")]);
    assert!(heard.contains("Credential=vended/") && heard.contains("/us-west-2/s3/"), "{heard}");
    assert!(!heard.contains("x-amz-security-token"), "{heard}");
    let heard = signed(keys.clone(), "storage: { access_key_id: ours, secret_access_key: too }\n", &[]);
    assert!(heard.contains("Credential=ours/") && !heard.contains("x-amz-security-token"), "{heard}");
    // What the project says goes over what the catalogue says.
    let text = std::fs::read_to_string(catalogued.project.path().join("sources/t.yml")).unwrap();
    behave(json!({ "config": keys, "defaults": { "s3.endpoint": "http://127.0.0.1:9" } }));
    let storage = format!("storage: {{ endpoint: \"{endpoint}\" }}\nstreams:");
    catalogued.project.write("sources/t.yml", text.replace("streams:", &storage));
    catalogued.say(&["run", "--full-refresh"]).exits(0);
    catalogued.project.write("sources/t.yml", text.replace("streams:", "storage: { endpiont: x }\nstreams:"));
    assert_told(&catalogued.say(&["run", "--full-refresh"]).exits(1), "HW0301", &["there is no option 'endpiont'"]);
}
