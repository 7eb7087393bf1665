//! DuckDB: a file that its package for Python reads.

use serde_json::Value;

use super::{THERE, customers};
use crate::adbc::installed;
use crate::conformance::kits::duckdb::PYTHON;
use crate::conformance::outlets::bench::{Changes, Outlet, Refuses, Shipment};
use crate::project::Project;

pub(crate) struct DuckDb {
    project: Project,
}

impl DuckDb {
    #[track_caller]
    fn sql(&self, sql: &str) -> String {
        let program = "import duckdb
db = duckdb.connect('shop.duckdb')
for row in db.execute(given).fetchall(): print(*row, sep=',')
db.close()";
        PYTHON.run(self.project.path(), program, &Value::from(sql))
    }
}

impl Outlet for DuckDb {
    const NAME: &str = "duckdb";

    fn start() -> Self {
        Self { project: Project::empty() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("HEADWATER_DUCKDB", installed("HEADWATER_DUCKDB"))]
    }

    fn destination(&self) -> String {
        "path: shop.duckdb".to_owned()
    }

    fn delivery(&self, _: &str) -> String {
        ", to: customers".to_owned()
    }

    fn there(&self) -> String {
        customers(&self.sql(THERE))
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        ("path: no/folder/shop.duckdb".to_owned(), self.environment(), "HW0388")
    }
}

impl Changes for DuckDb {
    fn tamper(&self, id: i64) {
        self.sql(&format!("update customers set balance = -1 where id = {id}"));
    }
}

impl Refuses for DuckDb {
    /// DuckDB neither adds such a constraint to a table that is there, nor drops it.
    fn refuse(&self, some: bool) {
        let check = if some { " check (name <> 'Refused')" } else { "" };
        self.sql(&format!(
            "create table if not exists customers (id bigint, name varchar, balance double);
             create table others (id bigint, name varchar{check}, balance double);
             insert into others select * from customers;
             drop table customers;
             alter table others rename to customers"
        ));
    }

    fn kept(shipment: &Shipment<Self>) -> usize {
        shipment.outlet.sql("select count(*) from headwater_undelivered").parse().unwrap()
    }
}
