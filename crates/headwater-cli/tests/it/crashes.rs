//! The process dies at each point of a run, as if it were killed. The next run puts everything right.

use crate::program::Folder;

#[test]
fn whatever_dies_every_row_is_published_once() {
    for point in headwater_run::failpoint_names() {
        let folder = Folder::with_project();
        folder.ok(&["run", "--quiet"]);
        folder.write("data/orders/2026-03.csv", "order_id,ordered_at,country,amount\n6,2026-03-01T00:00:00Z,DE,1.00\n");
        let died =
            folder.command(&["run", "--quiet", "--jobs", "1"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert_eq!(died.status.code(), None, "{point}: the process was to die: {died:?}");
        // The dead process' lease is taken over at once: no --wait.
        folder.ok(&["run", "--quiet"]);
        let rows = folder.rows("select count(*) as n, count(distinct order_id) as orders from raw.orders");
        assert_eq!(rows, ["6,6"], "{point}");
        assert_eq!(folder.rows("select sum(orders) from marts.revenue_by_country"), ["6"], "{point}");
        assert_eq!(folder.ok(&["history", "--json"]).json().as_array().unwrap().len(), 2, "{point}");
        let again = folder.ok(&["run", "--json"]).json();
        assert_eq!(again["snapshot"], serde_json::Value::Null, "{point}: nothing is left to do");
    }
}
