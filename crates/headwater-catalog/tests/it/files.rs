//! What happens to files: made, refused, locked, damaged.

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use headwater_catalog::conformance::samples;
use headwater_catalog::{Options, SqliteStore, open};
use headwater_sdk::engine::TableScan;
use headwater_sdk::store::Store;
use headwater_sdk::{Blame, Error};
use rusqlite::Connection;

fn assert_said(error: &Error, code: &str, words: &[&str]) {
    let text = format!("{} ({})", error.full_message(), error.help.as_deref().unwrap_or_default());
    assert_eq!((error.code, error.blame), (code, Blame::Environment), "{text}");
    for word in words {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
    assert!(!error.message.ends_with('.') && error.help.is_some(), "{text}");
}

#[tokio::test]
async fn file_and_folder_are_made_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lake/.headwater/catalogue.db");
    let store = open(&path).unwrap();
    let lease = samples::lease(&store, "a").await.unwrap();
    store.put_run(&samples::run(1), &lease).await.unwrap();
    #[cfg(unix)]
    for file in ["catalogue.db", "catalogue.db-wal", "catalogue.db-shm"] {
        let mode = fs::metadata(path.with_file_name(file)).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600, "{file}");
    }
    drop(store);
    assert_eq!(open(&path).unwrap().runs(9).await.unwrap(), [samples::run(1)]);
}

#[test]
fn many_processes_may_make_it_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.db");
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            let opened: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        open(&path).map(drop)
                    })
                })
                .collect();
            for thread in opened {
                thread.join().unwrap().unwrap();
            }
        });
    }
}

#[test]
fn paths_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_said(&open(folder.path()).unwrap_err(), "HW0708", &["cannot create", "it is a folder"]);
    fs::write(folder.path().join("file"), "x").unwrap();
    let below = folder.path().join("file/catalogue.db");
    assert_said(&open(&below).unwrap_err(), "HW0708", &["a part of the path is a file"]);
    if cfg!(target_os = "linux") {
        // Nobody, not even root, makes folders there.
        let error = open(Path::new("/proc/headwater/catalogue.db")).unwrap_err();
        assert_said(&error, "HW0708", &["/proc/headwater/catalogue.db"]);
    }
}

#[cfg(unix)]
#[test]
fn folder_without_the_right_to_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere: then there is nothing to refuse.
    let may_write = fs::write(folder.path().join("probe"), "").is_ok();
    let outcome = open(&folder.path().join("catalogue.db"));
    assert_eq!(outcome.is_ok(), may_write);
    if let Err(error) = outcome {
        assert_said(&error, "HW0708", &["right to write"]);
    }
}

#[test]
fn files_of_others_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to look like one: ".repeat(40)).unwrap();
    let before = fs::read(&text).unwrap();
    assert_said(&open(&text).unwrap_err(), "HW0706", &["is not a catalogue"]);
    assert_eq!(fs::read(&text).unwrap(), before);

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE run (id TEXT)").unwrap();
    let before = fs::read(&foreign).unwrap();
    assert_said(&open(&foreign).unwrap_err(), "HW0706", &["belongs to another program", "choose another path"]);
    assert_eq!(fs::read(&foreign).unwrap(), before);
}

#[tokio::test]
async fn newer_catalogue_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    samples::lease(&open(&path).unwrap(), "a").await.unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    assert_said(&open(&path).unwrap_err(), "HW0701", &["layout 99", "newer headwater"]);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn newer_record_is_refused_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let store = open(&path).unwrap();
    let lease = samples::lease(&store, "a").await.unwrap();
    store.put_run(&samples::run(1), &lease).await.unwrap();
    store.put_run(&samples::run(2), &lease).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE run SET version = 99 WHERE number = 1", []).unwrap();
    assert_said(&store.run(&samples::run_id(1)).await.unwrap_err(), "HW0704", &["format 99"]);
    assert_eq!(store.run(&samples::run_id(2)).await.unwrap(), Some(samples::run(2)));
    other.execute("UPDATE run SET version = 1, body = '{' WHERE number = 1", []).unwrap();
    assert_said(&store.run(&samples::run_id(1)).await.unwrap_err(), "HW0706", &["cannot be read"]);
}

#[tokio::test]
async fn damaged_pages_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let store = open(&path).unwrap();
    let lease = samples::lease(&store, "a").await.unwrap();
    for number in 0..200 {
        store.put_run(&samples::run(number), &lease).await.unwrap();
    }
    drop(store);
    // Dropping the last connection has moved the log into the file: now every page after the first is overwritten.
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 20_000, "{} bytes", bytes.len());
    bytes[4_096..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    // The list of its tables may reach beyond the first page: then opening it tells.
    let error = match open(&path) {
        Ok(store) => store.runs(10).await.unwrap_err(),
        Err(error) => error,
    };
    assert_said(&error, "HW0706", &["is damaged"]);
}

#[tokio::test]
async fn usage_waits_for_no_other_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let store = open(&path).unwrap();
    let scan = TableScan { table: "raw.a".parse().unwrap(), restrictions: Vec::new(), rows: 9, read: 9 };
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let error = store.add_usage(std::slice::from_ref(&scan)).await.unwrap_err();
    assert_said(&error, "HW0707", &["locked"]);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}: others are waited for for ten", began.elapsed());
    assert_eq!(store.usage().await.unwrap(), []);
    other.execute_batch("ROLLBACK").unwrap();
    store.add_usage(std::slice::from_ref(&scan)).await.unwrap();
    assert_eq!(store.usage().await.unwrap().len(), 1);

    // What has to be kept waits and is flushed as before.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = tokio::spawn(async move { samples::lease(&store, "a").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    other.execute_batch("ROLLBACK").unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn lock_of_another_program_is_waited_for_then_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let options = Options { lock_timeout: Duration::from_millis(200), ..Options::default() };
    let store = SqliteStore::open(&path, options).unwrap();
    let lease = samples::lease(&store, "a").await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.put_run(&samples::run(1), &lease).await.unwrap_err();
    assert_said(&error, "HW0707", &["locked"]);
    assert!(error.transient);
    assert_eq!(store.runs(1).await.unwrap(), [], "reading does not wait for a writer");

    // A lock that is let go in time is waited for.
    let waiting = SqliteStore::open(&path, Options::default()).unwrap();
    let put = tokio::spawn(async move { waiting.put_run(&samples::run(2), &lease).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    other.execute_batch("ROLLBACK").unwrap();
    put.await.unwrap().unwrap();
    assert_eq!(store.runs(9).await.unwrap(), [samples::run(2)]);
}
