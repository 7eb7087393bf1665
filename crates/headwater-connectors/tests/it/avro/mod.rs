//! Avro files, made by fastavro.

mod damage;
mod values;

use std::path::Path;

use crate::python::python;

/// Makes `file` with fastavro: `fields` is the list of the record's fields, `rows` one of objects, both in Python. `more` are
/// further arguments.
pub(crate) fn fastavro(folder: &Path, file: &str, fields: &str, rows: &str, more: &str) {
    let program = format!(
        "
import datetime, decimal, uuid, sys, fastavro
D, date, dt, time = decimal.Decimal, datetime.date, datetime.datetime, datetime.time
utc = datetime.timezone.utc
schema = {{'type': 'record', 'name': 'row', 'namespace': 'test', 'fields': {fields}}}
with open(sys.argv[1], 'wb') as out:
    fastavro.writer(out, schema, {rows}{more})
"
    );
    python(folder, &program, &[file]);
}
