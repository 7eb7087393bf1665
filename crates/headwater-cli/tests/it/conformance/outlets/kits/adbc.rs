//! ADBC: PostgreSQL by the driver that its own people ship.

use super::postgres::{kept, refuse};
use super::{THERE, customers};
use crate::adbc::drivers;
use crate::conformance::kits::SECRET;
use crate::conformance::outlets::bench::{Changes, Outlet, Refuses, Shipment};
use crate::postgres::server::Database;
use crate::project::Project;

pub(crate) struct Adbc {
    project: Project,
    database: Database,
}

impl Outlet for Adbc {
    const NAME: &str = "adbc";

    fn start() -> Self {
        Self { project: Project::empty(), database: Database::new() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("CRM", self.database.url()), ("PYTHON", drivers())]
    }

    fn destination(&self) -> String {
        "driver: postgresql\npython: \"${PYTHON}\"\nuri: \"${CRM}\"".to_owned()
    }

    fn delivery(&self, _: &str) -> String {
        ", to: customers".to_owned()
    }

    fn there(&self) -> String {
        customers(&self.database.sql(THERE).replace('|', ","))
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        let url = format!("postgresql://nobody:{SECRET}@127.0.0.1:1/none");
        (self.destination(), vec![("CRM", url), ("PYTHON", drivers())], "HW0388")
    }
}

impl Changes for Adbc {
    fn tamper(&self, id: i64) {
        self.database.sql(&format!("update customers set balance = -1 where id = {id}"));
    }
}

impl Refuses for Adbc {
    fn refuse(&self, some: bool) {
        refuse(&self.database, some);
    }

    fn kept(shipment: &Shipment<Self>) -> usize {
        kept(&shipment.outlet.database)
    }
}
