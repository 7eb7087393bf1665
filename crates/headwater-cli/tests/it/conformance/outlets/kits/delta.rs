//! A Delta table in a folder, which the package deltalake reads and changes.

use super::customers;
use crate::conformance::outlets::bench::{Changes, Outlet};
use crate::project::Project;
use crate::tables::python;

pub(crate) struct Delta {
    project: Project,
}

impl Outlet for Delta {
    const NAME: &str = "delta";

    fn start() -> Self {
        Self { project: Project::empty() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn destination(&self) -> String {
        "location: out".to_owned()
    }

    fn delivery(&self, _: &str) -> String {
        ", to: crm/customers".to_owned()
    }

    fn there(&self) -> String {
        let program = "
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
t = QueryBuilder().register('t', DeltaTable('out/crm/customers')).execute('select * from t order by id').read_all()
for row in pa.table(t).to_pylist(): print(row['id'], '-' if row['name'] is None else row['name'], row['balance'], sep=',')";
        customers(&python(self.project.path(), program))
    }

    fn hidden(&self) -> (String, Vec<(&'static str, String)>, &'static str) {
        self.project.write("no-folder", "");
        ("location: no-folder".to_owned(), Vec::new(), "HW0644")
    }
}

impl Changes for Delta {
    fn tamper(&self, id: i64) {
        let program = "
from deltalake import DeltaTable
DeltaTable('out/crm/customers').update(updates={'balance': '99'}, predicate='id = ID')";
        python(self.project.path(), &program.replace("ID", &id.to_string()));
    }
}
