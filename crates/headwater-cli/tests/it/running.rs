//! Running a project, again and again.

use crate::program::Folder;

const REVENUE: &str = "select country, orders, revenue from marts.revenue_by_country order by country";

#[test]
fn a_new_project_runs_and_publishes() {
    let folder = Folder::with_project();
    folder.ok(&["check"]);
    let plan = folder.ok(&["plan"]);
    assert!(plan.out.contains("marts.revenue_by_country") && plan.out.contains("new"), "{}", plan.out);
    let said = folder.ok(&["run"]);
    for expected in ["raw.orders", "published snapshot 1", "next:", "headwater query"] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert_eq!(folder.rows(REVENUE), ["DE,2,163.40", "FR,2,95.25", "IT,1,310.00"]);
    assert!(folder.ok(&["plan"]).out.contains("4 assets are up to date"));
}

#[test]
fn a_run_answers_with_one_json_document() {
    let folder = Folder::with_project();
    let said = folder.ok(&["run", "--json"]);
    let summary = said.json();
    assert_eq!((&summary["state"], &summary["snapshot"]), (&"published".into(), &1.into()));
    let orders = summary["assets"].as_array().unwrap().iter().find(|a| a["asset"] == "raw.orders").unwrap();
    assert_eq!((&orders["rows_in"], &orders["rows_out"]), (&5.into(), &5.into()));
    assert_eq!(orders["checks"]["failed"], 0);
    assert!(said.err.is_empty(), "{}", said.err);
    assert_eq!(folder.ok(&["run", "--json"]).json()["snapshot"], serde_json::Value::Null);
}

#[test]
fn a_new_file_is_loaded_once_and_a_rollback_takes_it_back() {
    let folder = Folder::with_project();
    folder.ok(&["run"]);
    folder.write("data/orders/2026-03.csv", "order_id,ordered_at,country,amount\n6,2026-03-01T00:00:00Z,DE,1.00\n");
    assert!(folder.ok(&["plan"]).out.contains("1 file"));
    folder.ok(&["run"]);
    folder.ok(&["run"]);
    assert_eq!(folder.rows("select count(*) from raw.orders"), ["6"]);
    assert_eq!(folder.rows(REVENUE)[0], "DE,3,164.40");

    let as_of = folder.ok(&["query", REVENUE, "--as-of", "1", "--json"]);
    assert_eq!(as_of.out.lines().count(), 3);
    assert!(as_of.out.starts_with("{\"country\":\"DE\",\"orders\":2,"), "{}", as_of.out);
    let rolled = folder.ok(&["rollback", "1"]);
    assert!(rolled.out.contains("published snapshot 3 with the contents of snapshot 1"), "{}", rolled.out);
    assert_eq!(folder.rows("select count(*) from raw.orders"), ["5"]);
    let history = folder.ok(&["history"]).out;
    assert!(history.contains("rollback to 1"), "{history}");
    folder.ok(&["run"]);
    assert_eq!(folder.rows("select count(*) from raw.orders"), ["6"], "loaded again, once");
    assert!(folder.ok(&["runs"]).out.contains("headwater rollback 1"));
}

#[test]
fn what_fails_its_checks_is_not_published() {
    let folder = Folder::with_project();
    folder.ok(&["run"]);
    folder.write("data/orders/2026-03.csv", "order_id,ordered_at,country,amount\n7,2026-03-01T00:00:00Z,XX,1.00\n");
    let said = folder.headwater(&["run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for expected in ["marts.revenue_by_country: failed[HW0910]", "not_null(country_name) failed: 1 of 4 rows", "XX"] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert_eq!(folder.rows("select count(*) from raw.orders"), ["6"], "what passed is published");
    assert_eq!(folder.rows(REVENUE).len(), 3, "what failed stays as it was");
    let info = folder.ok(&["run-info"]).out;
    assert!(info.contains("published in part") && info.contains("not_null(country_name)"), "{info}");
    folder.write("seeds/countries.csv", "country,country_name\nDE,Germany\nFR,France\nIT,Italy\nXX,Atlantis\n");
    folder.ok(&["run"]);
    assert_eq!(folder.rows(REVENUE).len(), 4);
}

#[test]
fn old_files_are_removed_and_live_snapshots_stay() {
    let folder = Folder::with_project();
    folder.ok(&["run"]);
    folder.ok(&["run", "--full-refresh"]);
    folder.ok(&["run", "--full-refresh"]);
    let dry = folder.ok(&["maintain", "--vacuum", "--dry-run", "--keep-snapshots", "1", "--keep-days", "0", "--json"]);
    let files = dry.json()["removed"]["files"].as_u64().unwrap();
    assert!(files > 0, "{dry:?}");
    assert_eq!(folder.rows("select count(*) from raw.orders"), ["5"]);
    folder.ok(&["query", "select * from raw.orders", "--as-of", "1"]);
    let done = folder.ok(&["maintain", "--vacuum", "--keep-snapshots", "1", "--keep-days", "0", "--json"]);
    assert_eq!(done.json()["removed"]["files"].as_u64(), Some(files));
    assert_eq!(folder.rows(REVENUE).len(), 3);
    let gone = folder.headwater(&["rollback", "1"]);
    assert_ne!(gone.code, Some(0), "{gone:?}");
    assert_eq!(folder.rows(REVENUE).len(), 3, "nothing has changed");
}
