//! MariaDB: a database of the server that the tests of `mysql` share.

use super::{THERE, customers};
use crate::conformance::kits::SECRET;
use crate::conformance::outlets::bench::{Changes, Outlet, Refuses, Shipment};
use crate::mysql::server::Database;
use crate::project::Project;

pub(crate) struct MySql {
    project: Project,
    database: Database,
}

impl Outlet for MySql {
    const NAME: &str = "mysql";

    fn start() -> Self {
        Self { project: Project::empty(), database: Database::new() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("CRM", self.database.url())]
    }

    fn destination(&self) -> String {
        "connection: \"${CRM}\"".to_owned()
    }

    fn delivery(&self, _: &str) -> String {
        ", to: customers".to_owned()
    }

    fn there(&self) -> String {
        customers(&self.database.sql(THERE).replace('\t', ","))
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        let url = format!("mysql://nobody:{SECRET}@127.0.0.1:1/none");
        (self.destination(), vec![("CRM", url)], "HW0351")
    }
}

impl Refuses for MySql {
    fn refuse(&self, some: bool) {
        self.database.sql(if some {
            "create table if not exists customers (id bigint primary key, name text, balance double);
             alter table customers add constraint none check (name <> 'Refused')"
        } else {
            "alter table customers drop constraint none"
        });
    }

    fn kept(shipment: &Shipment<Self>) -> usize {
        shipment.outlet.database.sql("select count(*) from headwater_undelivered").parse().unwrap()
    }
}

impl Changes for MySql {
    fn tamper(&self, id: i64) {
        self.database.sql(&format!("update customers set balance = 99 where id = {id}"));
    }
}
