//! PostgreSQL: a database of the server that its own tests share.

use super::{THERE, customers};
use crate::conformance::kits::SECRET;
use crate::conformance::outlets::bench::{Changes, Outlet, Refuses, Shipment};
use crate::postgres::server::Database;
use crate::project::Project;

pub(crate) struct Postgres {
    project: Project,
    database: Database,
}

impl Outlet for Postgres {
    const NAME: &str = "postgres";

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
        customers(&self.database.sql(THERE).replace('|', ","))
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        let url = format!("postgres://nobody:{SECRET}@127.0.0.1:1/none");
        (self.destination(), vec![("CRM", url)], "HW0341")
    }
}

impl Refuses for Postgres {
    fn refuse(&self, some: bool) {
        refuse(&self.database, some);
    }

    fn kept(shipment: &Shipment<Self>) -> usize {
        kept(&shipment.outlet.database)
    }
}

/// A table that refuses some customers from now on, or none.
pub(super) fn refuse(database: &Database, some: bool) {
    database.sql(if some {
        "create table if not exists customers (id bigint primary key, name text, balance double precision);
         alter table customers add constraint none check (name <> 'Refused')"
    } else {
        "alter table customers drop constraint none"
    });
}

/// How many of them are kept.
pub(super) fn kept(database: &Database) -> usize {
    database.sql("select count(*) from headwater_undelivered").parse().unwrap()
}

impl Changes for Postgres {
    fn tamper(&self, id: i64) {
        self.database.sql(&format!("update customers set balance = 99 where id = {id}"));
    }
}
