//! The tables that the golden queries name, and the session they are planned in.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use headwater_sdk::TableName;

/// A session as the engine has it: PostgreSQL's dialect, every default function.
pub(super) static SESSION: LazyLock<SessionState> = LazyLock::new(|| {
    let config = SessionConfig::new().with_target_partitions(1).set_str("datafusion.sql_parser.dialect", "PostgreSQL");
    SessionStateBuilder::new().with_config(config).with_default_features().build()
});

/// A context of the same session in which the tables are there, without rows.
pub(super) fn empty_tables() -> SessionContext {
    let schema = MemorySchemaProvider::new();
    for table in ["t", "u", "n", "w", "e"] {
        let columns = schema_of(&TableName::new("s", table).unwrap()).unwrap();
        let provider = MemTable::try_new(columns, vec![vec![]]).unwrap();
        schema.register_table(table.to_owned(), Arc::new(provider)).unwrap();
    }
    let context = SessionContext::new_with_state(SESSION.clone());
    context.catalog("datafusion").unwrap().register_schema("s", Arc::new(schema)).unwrap();
    context
}

/// `s.t`, `s.u`: numbers; `s.n`: nested columns; `s.w`: other types; `s.e`: employees for recursion.
pub(super) fn schema_of(name: &TableName) -> Option<SchemaRef> {
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let typed = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    let fields = match (name.schema(), name.table()) {
        ("s", "t") => vec![int("id"), int("a"), int("b"), int("c"), text("name")],
        ("s", "u") => vec![int("id"), int("a"), int("d"), text("label")],
        ("s", "n") => {
            let list = DataType::new_list(DataType::Int64, true);
            let point = DataType::Struct(Fields::from(vec![int("x"), int("y")]));
            vec![int("id"), typed("list", list.clone()), typed("other", list), typed("point", point)]
        }
        ("s", "w") => vec![
            typed("day", DataType::Date32),
            typed("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            typed("price", DataType::Decimal128(10, 2)),
            typed("small", DataType::UInt8),
            typed("Mixed", DataType::Boolean),
        ],
        ("s", "e") => vec![int("id"), int("boss"), int("pay"), text("name")],
        _ => return None,
    };
    Some(Arc::new(Schema::new(fields)))
}
