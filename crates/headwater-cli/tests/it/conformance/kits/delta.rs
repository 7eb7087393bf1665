//! Delta: tables that `deltalake` writes.

use serde_json::{Value, json};

use crate::conformance::bench::{Kit, Notices};
use crate::conformance::python::Python;
use crate::conformance::table::{Change, Row, Table};
use crate::project::Project;

pub(super) static PYTHON: Python = Python::of("HEADWATER_TABLES_PYTHON");

/// Rows as a table of Arrow.
pub(super) const ARROW: &str = r"
import datetime, decimal, os, shutil
import pyarrow as pa
TYPES = {'bigint': pa.int64(), 'string': pa.string(), 'double': pa.float64(), 'decimal(12,2)': pa.decimal128(12, 2), 'boolean': pa.bool_(),
  'date': pa.date32(), 'timestamp_ntz': pa.timestamp('us')}
READ = {'decimal(12,2)': decimal.Decimal, 'date': datetime.date.fromisoformat, 'timestamp_ntz': datetime.datetime.fromisoformat}
def arrow(rows):
    def column(at, kind): return pa.array([None if row[at] is None else READ.get(kind, lambda v: v)(row[at]) for row in rows], TYPES[kind])
    return pa.table([column(at, kind) for at, (_, kind) in enumerate(given['columns'])], [name for name, _ in given['columns']])
";

/// What programs are given of a table.
pub(super) fn told(table: &Table, rows: &[Row], deleted: &[i64]) -> Value {
    let columns: Vec<Value> = table.columns.iter().map(|(name, kind)| json!([name, kind.lake()])).collect();
    json!({ "name": table.name, "columns": columns, "rows": rows, "deleted": deleted })
}

/// Changes as rows that go and rows that come, one after the other.
pub(super) fn in_steps(changes: &[Change]) -> Vec<(Vec<i64>, Vec<Row>)> {
    let mut steps: Vec<(Vec<i64>, Vec<Row>)> = vec![Default::default()];
    for change in changes {
        let (gone, come) = match change {
            Change::Insert(row) => (None, Some(row.clone())),
            Change::Update(row) => (row[0].as_i64(), Some(row.clone())),
            Change::Delete(id) => (Some(*id), None),
        };
        if gone.is_some() && steps.last().is_some_and(|(_, come)| !come.is_empty()) {
            steps.push(Default::default());
        }
        let step = steps.last_mut().unwrap();
        step.0.extend(gone);
        step.1.extend(come);
    }
    steps
}

pub(crate) struct Delta {
    project: Project,
}

impl Delta {
    #[track_caller]
    fn python(&self, program: &str, given: &Value) {
        let begin = "from deltalake import DeltaTable, write_deltalake\npath = 'data/' + given['name']";
        PYTHON.run(self.project.path(), &format!("{ARROW}\n{begin}\n{program}"), given);
    }
}

impl Kit for Delta {
    const NAME: &str = "delta";
    const NOTICES: Notices = Notices::Changes;
    const MISSING: &str = "HW0390";

    fn start() -> Self {
        Self { project: Project::empty() }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn source(&self) -> String {
        "location: data".to_owned()
    }

    fn stream(&self, table: &Table, _: &str) -> String {
        format!("path: {}", Value::from(table.name.as_str()))
    }

    fn hold(&self, table: &Table) {
        let program = "write_deltalake(path, arrow(given['rows']), mode='overwrite', schema_mode='overwrite')";
        self.python(program, &told(table, &table.rows, &[]));
    }

    fn apply(&self, table: &Table, changes: &[Change]) {
        let program = "for id in given['deleted']: DeltaTable(path).delete(f'id = {id}')
if given['rows']: write_deltalake(path, arrow(given['rows']), mode='append')";
        for (deleted, rows) in in_steps(changes) {
            self.python(program, &told(table, &rows, &deleted));
        }
    }

    fn drop(&self, table: &Table) {
        std::fs::remove_dir_all(self.project.path().join("data").join(&table.name)).unwrap();
    }
}
