//! Secrets go where they are needed and nowhere else.

use headwater_diagnostics::{render_json, render_terminal};
use headwater_project::AssetKind;

use crate::folder::Folder;

const SECRET: &str = "hunter2-and-more";

#[test]
fn a_secret_reaches_its_connector_but_no_debug_output() {
    let folder = Folder::new().env("PW", SECRET).with(
        "sources/a.yml",
        "connector: files\nlocation: data\nlogin: { user: me, password: '${PW}' }\nparallel: ${N:-4}\nstreams: [ { table: raw.a, path: 'x${PW}' } ]\n",
    );
    let project = folder.project();
    let AssetKind::Stream(stream) = &project.assets[0].kind else { panic!("no stream") };
    assert_eq!(stream.source["login"]["password"], SECRET);
    assert_eq!(stream.source["parallel"], 4);
    assert_eq!(stream.stream["path"], format!("x{SECRET}"));
    assert_eq!(stream.written["source"]["login"]["password"], "${PW}");
    assert_eq!(stream.origin, "files: x${PW}");
    assert_eq!(project.secrets, [SECRET]);
    assert!(!format!("{project:?}").contains(SECRET));
    assert!(!format!("{:#?}", project.assets).contains(SECRET));
    assert!(!stream.written.to_string().contains(SECRET));
}

#[test]
fn no_diagnostic_shows_a_secret() {
    for source in [
        // Refused by the connector, whose message has the value in it.
        "connector: files\nlocation: '..${PW}'\nstreams: [ { table: raw.a, path: x } ]\n",
        "connector: files\nlocation: '${PW}'\nstreams: [ { table: raw.a, path: '/x${PW}' } ]\n",
        // Refused by validation.
        "connector: files\nlocation: x\nparallel: '${PW}'\nstreams: [ { table: raw.a, path: x } ]\n",
        "connector: files\nlocation: x\nstreams: [ { table: raw.a, path: x, format: { type: '${PW}' } } ]\n",
        "connector: files\nlocation: x\nallow_outside: '${PW}'\nstreams: [ { table: raw.a, path: x, format: '${PW}' } ]\n",
        "connector: files\nlocation: x\nlogin: '${PW}'\nfoo: '${PW}'\nstreams: [ { table: raw.a, path: x } ]\n",
        // Refused because of its place.
        "connector: files\nlocation: x\nowner: '${PW}'\nstreams: [ { table: 'raw.${PW}', path: x, mode: '${PW}', checks: [ { not_null: '${PW}' } ] } ]\n",
        "connector: '${PW}'\nlocation: x\nstreams: [ { table: raw.a, path: x } ]\n",
    ] {
        let folder = Folder::new().env("PW", SECRET).with("sources/a.yml", source);
        let loaded = folder.load();
        assert!(loaded.project.is_none(), "{source}");
        for text in [
            render_terminal(&loaded.diagnostics, &loaded.files, true),
            render_json(&loaded.diagnostics, &loaded.files).to_string(),
            format!("{loaded:?}"),
        ] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn an_environment_that_is_wrong_does_not_show_its_secrets() {
    let folder = Folder::empty().env("PW", SECRET).with(
        "headwater.yml",
        "name: x\nenvironments: { dev: { lake: '${PW}', storage: { a: 1, b: '${PW}' }, catalg: '${PW}' } }\n",
    );
    let text = format!("{:?}", folder.load());
    assert!(!text.contains(SECRET));
}
