//! What is left when a process dies or the power goes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use headwater_catalog::conformance::samples;
use headwater_catalog::open;
use headwater_sdk::store::Store;
use rusqlite::Connection;

const TABLES: [&str; 4] = ["raw.a", "raw.b", "raw.c", "raw.d"];
/// Tells the process that is to be killed where its catalogue is.
const VICTIM: &str = "HEADWATER_CATALOG_TEST_VICTIM";

/// Copies the database as a power cut would leave it: the file and its log, while others have it open.
fn copy_files(from: &Path, to: &Path) -> PathBuf {
    fs::create_dir_all(to).unwrap();
    for file in ["catalogue.db", "catalogue.db-wal"] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
    to.join("catalogue.db")
}

fn assert_intact(path: &Path) {
    let verdict: String =
        Connection::open(path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test]
async fn transaction_cut_short_is_as_if_it_had_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let store = open(&live.join("catalogue.db")).unwrap();
    let lease = samples::lease(&store, "a").await.unwrap();
    let first = samples::publish(&store, &lease, None, &[("raw.a", 0)]).await.unwrap();

    let dying = Connection::open(live.join("catalogue.db")).unwrap();
    // So little cache that pages are written to the log before the commit.
    dying.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = ON; BEGIN IMMEDIATE").unwrap();
    for number in 2..2_000 {
        let insert = "INSERT INTO snapshot (id, published_ms, version, body) VALUES (?1, 0, 1, ?2)";
        dying.execute(insert, (number, "x".repeat(100))).unwrap();
    }
    assert_eq!(store.head().await.unwrap().as_ref(), Some(&first), "a second connection does not see it");

    let copy = copy_files(&live, &folder.path().join("copy"));
    let size = fs::metadata(copy.with_file_name("catalogue.db-wal")).unwrap().len();
    assert!(size > 200_000, "the log holds the unfinished transaction: {size} bytes");
    let recovered = open(&copy).unwrap();
    assert_eq!(recovered.head().await.unwrap().as_ref(), Some(&first));
    assert_intact(&copy);
    samples::publish(&recovered, &lease, Some(&first), &[("raw.a", 1)]).await.unwrap();

    drop(dying);
    samples::publish(&store, &lease, Some(&first), &[("raw.a", 1)]).await.unwrap();
    assert_intact(&live.join("catalogue.db"));
}

#[tokio::test]
async fn what_was_reported_done_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let store = open(&live.join("catalogue.db")).unwrap();
    let lease = samples::lease(&store, "a").await.unwrap();
    let mut last = None;
    for version in 0..5 {
        last = Some(samples::publish(&store, &lease, last.as_ref(), &[("raw.a", version)]).await.unwrap());
        let copy = copy_files(&live, &folder.path().join(format!("copy-{version}")));
        assert_eq!(open(&copy).unwrap().head().await.unwrap(), last);
    }
}

/// Publishes until it is killed.
#[tokio::test]
#[ignore = "goes on until it is killed: started by the test below"]
async fn victim() {
    let path = env::var_os(VICTIM).expect("the test below says where");
    let store = open(Path::new(&path)).unwrap();
    // The holder before was killed: its lease is broken, as the next start would do.
    let lease = match store.acquire_lease("publish", "victim", 60_000).await.unwrap() {
        Ok(lease) => lease,
        Err(dead) => {
            store.release_lease(&dead).await.unwrap();
            samples::lease(&store, "victim").await.unwrap()
        }
    };
    let mut last = store.head().await.unwrap();
    for version in last.as_ref().map_or(0, |last| last.id).. {
        let tables = TABLES.map(|table| (table, version));
        last = Some(samples::publish(&store, &lease, last.as_ref(), &tables).await.unwrap());
    }
}

#[tokio::test]
async fn killed_processes_leave_whole_snapshots() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.db");
    let mut last = 0;
    for round in 0..4 {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["crash::victim", "--exact", "--ignored"])
            .env(VICTIM, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let store = open(&path).unwrap();
        let begun = std::time::Instant::now();
        while store.head().await.unwrap().map_or(0, |head| head.id) < last + 3 {
            assert!(begun.elapsed() < Duration::from_secs(60), "the victim does not publish");
            assert_eq!(process.try_wait().unwrap(), None, "the victim has died by itself");
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(7 * round));
        process.kill().unwrap();
        process.wait().unwrap();

        let head = store.head().await.unwrap().unwrap();
        let contents: Vec<_> =
            store.asset_states(head.id).await.unwrap().into_iter().map(|state| state.contents).collect();
        assert_eq!(contents, vec![format!("v{}", head.id - 1); TABLES.len()]);
        assert_eq!(store.lineage(head.id).await.unwrap().len(), TABLES.len());
        for intent in store.intents().await.unwrap() {
            assert_eq!(intent.snapshot.parent, Some(head.id), "an intent that is left is one that was not published");
        }
        assert_eq!(store.snapshots(usize::MAX).await.unwrap().len() as u64, head.id);
        last = head.id;
    }
    assert_intact(&path);
}
