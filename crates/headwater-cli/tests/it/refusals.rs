//! What the program refuses, and how it says so.

use headwater_sdk::store::Store;

use crate::program::Folder;

#[test]
fn mistakes_are_shown_where_they_are() {
    let folder = Folder::with_project();
    folder.replace("models/marts/revenue_by_country.sql", "sum(o.amount)", "sum(o.amuont)");
    folder.replace("sources/orders.yml", "unique: order_id", "unique: order_ids");
    let said = folder.headwater(&["run"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for expected in
        ["models/marts/revenue_by_country.sql", "amuont", "sources/orders.yml", "order_ids", "^", "2 errors"]
    {
        assert!(said.err.contains(expected), "{expected}: {}", said.err);
    }
    assert!(said.out.is_empty(), "{}", said.out);
    let json = folder.headwater(&["check", "--json"]);
    assert_eq!(json.code, Some(2));
    let diagnostics = json.json()["diagnostics"].clone();
    assert_eq!(diagnostics.as_array().unwrap().len(), 2, "{diagnostics}");
}

#[test]
fn commands_without_a_project_or_a_snapshot_say_what_to_do() {
    let folder = Folder::with_project();
    let none = folder.headwater(&["query", "select 1 as a from marts.revenue_by_country"]);
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(none.err.contains("HW0806") && none.err.contains("headwater run"), "{}", none.err);
    assert!(!folder.project().join("lake/_headwater/catalog.db").exists(), "reading makes no catalogue");
    let outside = folder.command(&["runs"]).current_dir("/").output().unwrap();
    assert_eq!(outside.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&outside.stderr).contains("HW0802"));
    assert_eq!(folder.headwater(&["init", "."]).code, Some(2), "the folder is not empty");
}

#[test]
fn wrong_sql_and_statements_are_refused() {
    let folder = Folder::with_project();
    folder.ok(&["run", "--quiet"]);
    for sql in ["select nonsense from raw.orders", "drop table raw.orders", "select", "select * from raw.nothing"] {
        let said = folder.headwater(&["query", sql]);
        assert_eq!(said.code, Some(2), "{sql}: {said:?}");
        assert!(said.err.starts_with("error[HW"), "{sql}: {}", said.err);
    }
    assert_eq!(folder.rows("select count(*) from raw.orders"), ["5"]);
}

#[test]
fn a_lake_in_use_is_left_alone() {
    let folder = Folder::with_project();
    folder.ok(&["run", "--quiet"]);
    let store = headwater_catalog::open(&folder.project().join("lake/_headwater/catalog.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let holder = "run=01other host=elsewhere pid=7 process=boot/1 since=2026-01-01T00:00:00Z";
    let lease = runtime.block_on(store.acquire_lease("lake", holder, 600_000)).unwrap().unwrap();
    let said = folder.headwater(&["run"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    for expected in ["HW0911", "run 01other", "process 7 on elsewhere", "--wait"] {
        assert!(said.err.contains(expected), "{expected}: {}", said.err);
    }
    let json = folder.headwater(&["run", "--json", "--wait", "1s"]).json();
    assert_eq!((&json["exit_code"], &json["error"]["code"]), (&3.into(), &"HW0911".into()));
    runtime.block_on(store.release_lease(&lease)).unwrap();
    folder.ok(&["run", "--quiet"]);
}

#[test]
fn a_secret_is_never_shown() {
    let folder = Folder::with_project();
    folder.replace("sources/orders.yml", "location: data", "location: \"${ORDERS_AT}\"");
    let run = |arguments: &[&str]| folder.command(arguments).env("ORDERS_AT", "hunter2-secret-place").output().unwrap();
    for arguments in [["run", "-v"], ["run", "--json"], ["check", "-vv"]] {
        let output = run(&arguments);
        assert_ne!(output.status.code(), Some(0));
        let all = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&all);
        assert!(!text.contains("hunter2"), "{arguments:?}: {text}");
    }
}
