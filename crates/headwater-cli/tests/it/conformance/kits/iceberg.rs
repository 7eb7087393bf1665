//! Iceberg: tables that PyIceberg writes.

use serde_json::{Value, json};

use super::delta::{ARROW, PYTHON, in_steps, told};
use crate::conformance::bench::{Kit, Notices};
use crate::conformance::table::{Change, Table};
use crate::project::Project;

const BEGIN: &str = r"
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog('c', uri='sqlite:///catalog.db', warehouse='file://' + os.getcwd() + '/data')
catalog.create_namespace_if_not_exists('db')
name = ('db', given['name'])
";

pub(crate) struct Iceberg {
    project: Project,
}

impl Iceberg {
    #[track_caller]
    fn python(&self, program: &str, given: &Value) {
        PYTHON.run(self.project.path(), &format!("{ARROW}\n{BEGIN}\n{program}\ncatalog.engine.dispose()"), given);
    }
}

impl Kit for Iceberg {
    const NAME: &str = "iceberg";
    const NOTICES: Notices = Notices::Changes;
    const MISSING: &str = "HW0390";

    fn start() -> Self {
        Self { project: Project::empty().with("data/.keep", "") }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        "location: data/db".to_owned()
    }

    fn stream(&self, table: &Table, _: &str) -> String {
        format!("path: {}", Value::from(table.name.as_str()))
    }

    fn hold(&self, table: &Table) {
        let program = "
if catalog.table_exists(name): catalog.drop_table(name)
shutil.rmtree('data/db/' + given['name'], ignore_errors=True)
rows = arrow(given['rows'])
catalog.create_table(name, schema=rows.schema).append(rows)";
        self.python(program, &told(table, &table.rows, &[]));
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        let program = "
t = catalog.load_table(name)
if given['deleted']: t.delete('id in (' + ', '.join(map(str, given['deleted'])) + ')')
if given['rows']: t.append(arrow(given['rows']))";
        for (deleted, rows) in in_steps(changes) {
            self.python(program, &told(table, &rows, &deleted));
        }
    }

    fn drop(&self, table: &Table) {
        std::fs::remove_dir_all(self.project.path().join("data/db").join(&table.name)).unwrap();
        self.python("catalog.drop_table(name)", &json!({ "name": table.name, "columns": [] }));
    }
}
