//! What is read from a web server that works.

use headwater_sdk::connector::ReadMode;
use serde_json::json;

use super::{Server, lines};
use crate::project::{Project, assert_error, block_on, load, plan, stream};
use crate::python::python;

#[test]
fn files_are_named_one_by_one() {
    let server = Server::start();
    let (text, rows) = lines(20_000);
    server.write("a.csv", &text);
    server.write("b b.csv", &text);
    server.write("c.csv.gz", {
        let mut packed = Vec::new();
        python(server.folder(), "import gzip\ngzip.open('c.csv.gz', 'w').write(open('a.csv', 'rb').read())", &[]);
        std::io::Read::read_to_end(&mut std::fs::File::open(server.folder().join("c.csv.gz")).unwrap(), &mut packed)
            .unwrap();
        packed
    });
    for fault in ["plain", "chunked", "old", "anonymous", "dated", "nohead", "redirect", "slow", "encoded"] {
        let project = server.project(fault);
        assert_eq!(project.load("a.csv", json!({})).unwrap().rows, rows, "{fault}");
    }
    let project = server.project("plain");
    let paths = json!(["a.csv", "/b b.csv", "c.csv.gz", "a.csv"]);
    let opened = project.open(json!({ "path": paths })).unwrap();
    let loaded = block_on(async { load(plan(&*opened, None, None).await.unwrap()).await.unwrap() });
    assert_eq!(loaded.rows.len(), 60_000, "each file once");
    assert_eq!(project.load("c.csv.gz", json!({})).unwrap().rows, rows);
    server.write("bad.csv", "n,s\n1,a\n2\n");
    let name = format!("{}/bad.csv", server.url("plain"));
    assert_eq!(project.load("bad.csv", json!({})).unwrap().rejected[0].file, name);
}

#[test]
fn every_format_is_read() {
    let server = Server::start();
    let program = "
import fastavro, openpyxl, pyarrow as pa, pyarrow.parquet as pq
rows = [{'n': n, 's': f'text {n}'} for n in range(3000)]
pq.write_table(pa.Table.from_pylist(rows), 't.parquet', row_group_size=1000)
schema = {'type': 'record', 'name': 'r', 'fields': [{'name': 'n', 'type': 'long'}, {'name': 's', 'type': 'string'}]}
fastavro.writer(open('t.avro', 'wb'), schema, rows, codec='deflate')
book = openpyxl.Workbook()
book.active.append(['n', 's'])
for row in rows:
    book.active.append(list(row.values()))
book.save('t.xlsx')
";
    python(server.folder(), program, &[]);
    let (_, rows) = lines(3000);
    for file in ["t.parquet", "t.avro", "t.xlsx"] {
        assert_eq!(server.project("plain").load(file, json!({})).unwrap().rows, rows, "{file}");
    }
    let parts = server.requests().iter().filter(|line| line.contains("t.parquet") && line.contains("bytes=")).count();
    assert!(parts > 0, "Parquet is read part by part");
    assert_eq!(server.project("encoded").load("t.avro", json!({})).unwrap().rows, rows);
    assert_error(server.project("noparts").load("t.parquet", json!({})), "HW0301", &["does not give parts of"]);
    assert_error(server.project("chunked").load("t.parquet", json!({})), "HW0301", &["does not tell the size"]);
}

#[test]
fn new_files_are_known_by_their_tags() {
    let server = Server::start();
    server.write("a.csv", "n\n1\n");
    server.write("b.csv", "n\n2\n");
    for (fault, tells) in [("plain", true), ("dated", true), ("anonymous", false)] {
        let project = server.project(fault).with(|settings| settings.mode = ReadMode::NewFiles);
        block_on(async {
            let one = project.open(json!({ "path": "a.csv" })).unwrap();
            let first = plan(&*one, None, None).await.unwrap();
            let (schema, position) = (first.schema.clone(), first.position.get());
            assert_eq!(load(first).await.unwrap().rows.len(), 1);
            let both = project.open(json!({ "path": ["a.csv", "b.csv"] })).unwrap();
            let second = plan(&*both, Some(schema.clone()), Some(position)).await.unwrap();
            assert_eq!((second.parts.len(), second.changed.len()), (1, 0), "{fault}");
            let position = second.position.get();
            // Of the same length, and a moment later than seconds tell.
            std::thread::sleep(std::time::Duration::from_millis(1100));
            server.write("a.csv", "n\n9\n");
            let third = plan(&*both, Some(schema), Some(position.clone())).await.unwrap();
            assert_eq!((third.parts.len(), third.changed.len()), (0, usize::from(tells)), "{fault}");
            std::fs::remove_file(server.folder().join("b.csv")).unwrap();
            assert_eq!(both.vanished(position).await.unwrap(), ["b.csv"], "{fault}");
            server.write("a.csv", "n\n1\n");
            server.write("b.csv", "n\n2\n");
        });
    }
}

#[test]
fn a_full_load_is_skipped_only_when_the_server_tells_that_nothing_changed() {
    let server = Server::start();
    server.write("a.csv", "n\n1\n");
    let fingerprint = |project: &Project| {
        block_on(async {
            plan(&*project.open(stream("a.csv", json!({}))).unwrap(), None, None).await.unwrap().fingerprint
        })
    };
    for (fault, known) in [("plain", true), ("dated", true), ("anonymous", false), ("old", false)] {
        let project = server.project(fault);
        assert_eq!(fingerprint(&project) == fingerprint(&project), known, "{fault}");
    }
}

#[test]
fn secrets_are_sent_and_not_told() {
    let server = Server::start();
    server.write("a.csv", "n\n1\n");
    let error = assert_error(server.project("auth").load("a.csv", json!({})), "HW0301", &["401 Unauthorized"]);
    assert!(error.help.unwrap().contains("headers"));
    let mut project = server.project("auth");
    project.source["headers"] = json!({ "authorization": "Bearer opensesame" });
    assert_eq!(project.load("a.csv", json!({})).unwrap().rows.len(), 1);
    let project = server.project("query").with(|settings| settings.mode = ReadMode::NewFiles);
    block_on(async {
        let opened = project.open(stream("a.csv?key=opensesame&year=2024", json!({}))).unwrap();
        assert!(!format!("{opened:?}", opened = project.source).contains("opensesame"));
        let planned = plan(&*opened, None, None).await.unwrap();
        assert!(!planned.position.get().to_string().contains("opensesame"), "{}", planned.position.get());
        assert!(planned.parts[0].name().ends_with("/query/a.csv?…"), "{}", planned.parts[0].name());
        assert_eq!(load(planned).await.unwrap().rows.len(), 1);
        let opened = project.open(stream("a.csv?key=wrongsesame", json!({}))).unwrap();
        let error = plan(&*opened, None, None).await.err().unwrap();
        assert!(!format!("{error:?} {}", error.full_message()).contains("wrongsesame"), "{error:?}");
    });
}

#[test]
fn addresses_that_lead_nowhere() {
    let server = Server::start();
    let project = server.project("plain");
    assert_error(
        project.load("none.csv", json!({})),
        "HW0303",
        &["there is no file http://127.0.0.1:", "/plain/none.csv"],
    );
    for (location, path, words) in [
        (server.url("plain"), "*.csv", "is a glob"),
        (server.url("plain"), "../a.csv", "leaves the source's location"),
        (server.url("plain"), "a.csv#b", "has a `#`"),
        ("https://user:opensesame@example.org/".into(), "a.csv", "credentials in a location"),
        ("https:///a".into(), "a.csv?x", ""),
        ("https://example.org/?a=b".into(), "a.csv", "nothing after `?`"),
        ("ftp://example.org/".into(), "a.csv", "scheme 'ftp'"),
    ] {
        let mut project = server.project("plain");
        project.source = json!({ "location": location });
        let Err(error) = project.open(stream(path, json!({}))) else { continue };
        assert!(error.message.contains(words), "{error:?}");
        assert!(!format!("{error:?}").contains("opensesame"), "{error:?}");
    }
    let mut project = server.project("plain");
    project.source["headers"] = json!({ "authorization": "opensesame\n" });
    let error = project.open(stream("a.csv", json!({}))).err().unwrap();
    assert!(!format!("{error:?}").contains("opensesame"), "{error:?}");
    let project = Project::new();
    let mut local = Project::new();
    local.source = json!({ "headers": { "a": "b" } });
    assert!(local.open(stream("a.csv", json!({}))).err().unwrap().message.contains("`headers` has no meaning"));
    drop(project);
}
