//! Sources, deliveries and a lake in Google Cloud Storage, against an emulator of it: fake-gcs-server keeps the objects, lists them and
//! decides which commit comes first; `storage.py` says `object_store`'s requests in its words. Not tried: Google's own service.

mod refusals;
mod server;

use std::process::Command;
use std::sync::OnceLock;

use server::Server;

use crate::lakes_in_stores::{self, Bucket, publishes_and_answers};
use crate::program::{Said, headwater};
use crate::project::{Project, assert_told};
use crate::tables::python;

const BUCKET: &str = "acme";

/// One server for all tests; each has its own prefix. The machine's identity has no rights to `forbidden`; everybody may read `public`.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[BUCKET, "forbidden", "public"]))
}

fn put(bucket: &str, prefix: &str, files: &[(&str, &str)]) {
    let puts = files.iter().map(|(name, text)| format!("b.blob('{prefix}/in/{name}').upload_from_string({text:?})"));
    server().client(bucket, &puts.collect::<Vec<_>>().join("\n"));
}

struct Google;

impl Bucket for Google {
    const URL: &str = "gs://acme";
    const SECRET: &str = "a-token-for-tests";

    fn storage() -> String {
        format!("{{ google_base_url: \"{}\" }}", server().url())
    }

    fn put(prefix: &str, files: &[(&str, &str)]) {
        put(BUCKET, prefix, files);
    }

    fn names(prefix: &str) -> String {
        let list = format!("print(*(blob.name for blob in c.list_blobs(b, prefix='{prefix}')), sep='\\n')");
        server().client(BUCKET, &list)
    }

    /// As on a machine of Google's, which has an identity.
    fn program(project: &Project) -> Command {
        let mut program = headwater(project.path());
        program.env("GCE_METADATA_HOST", server().identity());
        program
    }
}

fn say(project: &Project, arguments: &[&str]) -> Said {
    Google::say(project, arguments)
}

#[test]
fn a_project_on_google_publishes_and_answers() {
    publishes_and_answers::<Google>();
}

#[test]
fn of_two_that_publish_the_same_version_one_wins() {
    lakes_in_stores::of_two_that_publish_the_same_version_one_wins::<Google>();
}

/// More files than one answer lists, in folders, as Parquet; and new ones only.
#[test]
fn globs_and_new_files_are_followed_through_several_answers() {
    let months: Vec<String> = (1..=12).map(|month| format!("year=2025/{month:02}.parquet")).collect();
    let upload = |names: &[String]| {
        let calls = names.iter().map(|name| {
            format!(
                "f = io.BytesIO(); pq.write_table(pa.table({{'id': [{0}, {0} + 100], 'name': ['{name}', None]}}), f); put('{name}', f)",
                &name[10..12].trim_start_matches('0')
            )
        });
        let put = format!("
import io, os, urllib.request, urllib.parse, pyarrow as pa, pyarrow.parquet as pq
def put(name, f):
    path = urllib.parse.quote('many/in/' + name, '')
    r = urllib.request.Request('{}/{BUCKET}/' + path, f.getvalue(), {{'Authorization': 'Bearer a-token-for-tests'}}, method='PUT')
    urllib.request.urlopen(r)
{}", server().url(), calls.collect::<Vec<_>>().join("\n"));
        python(std::path::Path::new("."), &put);
    };
    upload(&months[..11]);
    put(BUCKET, "many", &[("year=2025/notes.txt", "nothing"), ("year=2024/01.csv", "id\n1\n")]);
    let source = format!(
        "connector: files\nlocation: gs://{BUCKET}/many/in\nstorage: {{ base_url: \"{}\" }}\nstreams:\n  - {{ table: raw.months, path: 'year=*/*.parquet', mode: new_files }}\n",
        server().url()
    );
    let project = Project::empty().with("sources/files.yml", source);
    say(&project, &["run"]).exits(0);
    let sums = "select count(*), sum(id), count(name), count(distinct name) from raw.months";
    // Of the ids 1 to 11 and those 100 more: 66 + 66 + 1,100.
    assert_eq!(say(&project, &["query", sums]).exits(0).out.lines().nth(1), Some("22,1232,11,11"));
    upload(&months[11..]);
    let report = say(&project, &["run", "--json"]).exits(0).json();
    assert_eq!(report["assets"][0]["rows_in"], 2);
    assert_eq!(say(&project, &["query", sums]).exits(0).out.lines().nth(1), Some("24,1356,12,12"));
    let preview = say(&project, &["source", "preview", "raw.months", "--limit", "1"]).exits(0);
    assert!(preview.out.contains("id"), "{}", preview.out);
}

#[test]
fn files_and_tables_are_delivered_and_tables_of_others_are_read() {
    put(BUCKET, "partner", &[("2026-01.csv", "id,day\n1,a b\n2,c\n")]);
    let storage = format!("{{ base_url: \"{}\" }}", server().url());
    let source = format!(
        "connector: files\nlocation: gs://{BUCKET}/partner/in\nstorage: {storage}\nstreams:\n  - {{ table: raw.orders, path: '*.csv' }}\n"
    );
    let destination = format!(
        "connector: files\nlocation: gs://{BUCKET}/partner\nstorage: {storage}\ndeliveries:\n  - {{ table: raw.orders, to: sales, mode: replace, format: csv, partition_by: day }}\n"
    );
    let delta = format!(
        "connector: delta\nlocation: gs://{BUCKET}/partner\nstorage: {storage}\ndeliveries:\n  - {{ table: raw.orders, to: kept, key: id }}\n"
    );
    let project = Project::empty()
        .with("sources/files.yml", source)
        .with("destinations/partner.yml", destination)
        .with("destinations/kept.yml", delta);
    say(&project, &["run"]).exits(0);
    let read = "for blob in c.list_blobs(b, prefix='partner/sales/'):\n    if blob.name.endswith('.csv'): print(blob.name.split('/')[2], blob.download_as_text().split())";
    assert_eq!(server().client(BUCKET, read), "day=a b ['id', '1']\nday=c ['id', '2']");
    put(BUCKET, "partner", &[("2026-01.csv", "id,day\n1,c\n3,c\n")]);
    say(&project, &["run"]).exits(0);
    assert_eq!(server().client(BUCKET, read), "day=c ['id', '1', '3']");
    assert!(say(&project, &["deliver"]).exits(0).out.contains("up to date"));
    assert!(!Google::names("partner/kept/").contains("_headwater"), "the staging area is empty");
    // Another program keeps a table whose log is longer than one answer.
    let others = |statements: &str| {
        let program = format!(
            "import os
os.environ['GCE_METADATA_HOST'] = '{}'
import pyarrow as pa
from deltalake import write_deltalake
options = {{'google_base_url': '{}'}}
{statements}",
            server().identity(),
            server().url()
        );
        python(std::path::Path::new("."), &program)
    };
    let append = |ids: std::ops::Range<u8>| {
        others(&format!(
            "for i in range({}, {}): write_deltalake('gs://{BUCKET}/partner/table', pa.table({{'id': [i], 'part': ['a b']}}), mode='append', partition_by=['part'], storage_options=options)",
            ids.start, ids.end
        ))
    };
    append(0..8);
    let table = format!(
        "connector: delta\nlocation: gs://{BUCKET}/partner\nstorage: {storage}\nstreams:\n  - {{ table: raw.theirs, path: table, mode: new_files }}\n  - {{ table: raw.kept, path: kept }}\n"
    );
    let reader = Project::empty().with("sources/table.yml", table);
    let theirs = || {
        say(&reader, &["run"]).exits(0);
        say(&reader, &["query", "select part, sum(id) as sum from raw.theirs group by part"]).exits(0).out
    };
    assert_eq!(theirs(), "part,sum\na b,28\n");
    // What Headwater delivered, read by the connector that reads tables of others, which shares nothing with what has written it but the form of deletion vectors.
    assert_eq!(say(&reader, &["query", "select id, day from raw.kept order by id"]).exits(0).out, "id,day\n1,c\n3,c\n");
    append(8..15);
    assert_eq!(theirs(), "part,sum\na b,105\n");
}

/// Larger than one part of an upload: what is put together there is what was written, in its order.
#[test]
fn a_large_file_is_delivered_in_parts() {
    let rows = 400_000;
    let text: String = (0..rows).map(|n| format!("{n},{}\n", "x".repeat(40))).collect();
    let destination = format!(
        "connector: files\nlocation: gs://{BUCKET}/large\nstorage: {{ base_url: \"{}\" }}\ndeliveries:\n  - {{ table: raw.rows, to: rows, mode: replace, format: csv }}\n",
        server().url()
    );
    let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.rows, path: '*.csv' }\n";
    let project = Project::empty()
        .with("sources/files.yml", source)
        .with("data/a.csv", format!("n,text\n{text}"))
        .with("destinations/partner.yml", destination);
    say(&project, &["run"]).exits(0);
    let read = "texts = [blob.download_as_text() for blob in c.list_blobs(b, prefix='large/rows/') if blob.name.endswith('.csv')]
rows = [line for text in texts for line in text.split('\\n')[1:-1]]
print(max(map(len, texts)) > 10_000_000, len(rows), sum(int(row.split(',')[0]) for row in rows), set(row.split(',')[1] for row in rows) == {'x' * 40})";
    let sum: u64 = (0..rows).sum();
    assert_eq!(server().client(BUCKET, read), format!("True {rows} {sum} True"));
}

/// As it is everywhere else: the key of a service account, Google's own addresses, TLS, and a proxy on the way.
#[test]
fn the_key_of_a_service_account_opens_a_lake_at_googles_own_address() {
    put(BUCKET, "account", &[("a.csv", "id,amount\n1,10\n")]);
    let lake = "name: shop\nenvironments:\n  dev: { default: true, lake: \"gs://acme/account/lake\", catalog: ./catalog.db, storage: { google_service_account_key: \"${KEY}\" } }\n";
    let source =
        "connector: files\nlocation: gs://acme/account/in\nstreams:\n  - { table: raw.orders, path: '*.csv' }\n";
    let project = Project::empty().with("headwater.yml", lake).with("sources/orders.yml", source);
    let say = |project: &Project, account: &str, arguments: &[&str]| -> Said {
        let mut command = headwater(project.path());
        command.args(arguments).env("HTTPS_PROXY", server().url()).env("SSL_CERT_FILE", server().file("ca.pem"));
        command.env("KEY", std::fs::read_to_string(server().file(account)).unwrap()).output().unwrap().into()
    };
    let said = say(&project, "account.json", &["run", "-vvv"]);
    assert!(!format!("{}{}", said.out, said.err).contains("PRIVATE KEY"), "in the log");
    say(&project, "account.json", &["run"]).exits(0);
    let rows = say(&project, "account.json", &["query", "select sum(amount) as total from raw.orders"]).exits(0);
    assert_eq!(rows.out, "total\n10\n");
    let said = say(&project, "stranger.json", &["run", "--full-refresh"]);
    assert_told(&said, "HW0612", &["401 Unauthorized", "let the credentials list, read, write and delete there"]);
    // The path of the key's file, in the environment; and both, of which nobody knows which one is meant.
    let project = Project::empty().with("sources/orders.yml", source);
    let run = |project: &Project| -> Said {
        let mut command = headwater(project.path());
        command.arg("run").env("HTTPS_PROXY", server().url()).env("SSL_CERT_FILE", server().file("ca.pem"));
        command.env("GOOGLE_SERVICE_ACCOUNT", server().file("account.json")).output().unwrap().into()
    };
    run(&project).exits(0);
    project.write("sources/orders.yml", source.replace("streams:", "storage: { service_account_key: '{}' }\nstreams:"));
    assert_told(
        &run(&project).exits(2),
        "HW0122",
        &["service account path or service account key", "GOOGLE_ variables"],
    );
}
