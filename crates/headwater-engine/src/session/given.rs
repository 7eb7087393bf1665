//! Sessions on given tables: those of the lake, and everything in it, are out of reach.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use arrow::temporal_conversions::timestamp_us_to_datetime;
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemTable, SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::ViewTable;
use headwater_sdk::engine::GivenTable;
use headwater_sdk::{Blame, Error, TableName};

use super::{CATALOG, Runtime, Session, arrow_error, sql_error};
use crate::types::computed_type;

/// What a name stands for.
#[derive(Clone)]
enum Given {
    Table(Arc<dyn TableProvider>),
    View(String),
}

impl Session {
    /// A session that sees nothing but these tables, with the functions, types and rules of every session. The time that
    /// `now()` stands for may be set (microseconds since 1970-01-01T00:00:00Z).
    pub(crate) fn on_given(
        runtime: &Runtime,
        tables: &BTreeMap<TableName, GivenTable>,
        now: Option<i64>,
    ) -> headwater_sdk::Result<Self> {
        let tables = tables.iter().map(|(name, table)| {
            let given = match table {
                GivenTable::Rows(rows) => Given::Table(Arc::new(rows_table(rows)?)),
                GivenTable::View { sql } => Given::View(sql.clone()),
            };
            Ok((name.clone(), given))
        });
        let mut session = Self::over(runtime, Arc::new(tables.collect::<headwater_sdk::Result<_>>()?));
        // A few rows are computed fastest in one piece, and come in the same order every time.
        let config = Arc::make_mut(&mut session.state).config_mut();
        *config = config.clone().with_target_partitions(1);
        if let Some(now) = now {
            let time = timestamp_us_to_datetime(now).ok_or_else(|| {
                Error::new("HW0555", Blame::Project, format!("{now} µs is no time that the query engine knows"))
            })?;
            Arc::make_mut(&mut session.state).execution_props_mut().query_execution_start_time = Some(time.and_utc());
        }
        Ok(session)
    }

    /// A session that sees nothing but these tables, whatever is behind them.
    pub(crate) fn on_tables(runtime: &Runtime, tables: BTreeMap<TableName, Arc<dyn TableProvider>>) -> Self {
        let given = tables.into_iter().map(|(name, table)| (name, Given::Table(table)));
        Self::over(runtime, Arc::new(given.collect()))
    }

    fn over(runtime: &Runtime, tables: Arc<BTreeMap<TableName, Given>>) -> Self {
        let names = Arc::new(HashMap::from([(CATALOG.to_owned(), tables.keys().cloned().collect())]));
        let state =
            runtime.state([(CATALOG.to_owned(), Arc::new(GivenCatalog { runtime: runtime.clone(), tables }) as _)]);
        Self { state: Arc::new(state), names }
    }
}

/// Rows as a table. Texts and bytes are views, as in a scan of the lake.
fn rows_table(rows: &RecordBatch) -> headwater_sdk::Result<MemTable> {
    let schema = rows.schema();
    let fields = schema.fields().iter().map(|field| Field::new(field.name(), computed_type(field.data_type()), true));
    let columns = rows.columns().iter().map(|column| cast(column, &computed_type(column.data_type())));
    let columns = columns.collect::<Result<Vec<_>, _>>().map_err(arrow_error)?;
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let rows = RecordBatch::try_new(schema.clone(), columns).map_err(arrow_error)?;
    MemTable::try_new(schema, vec![vec![rows]]).map_err(|e| sql_error(&e))
}

/// The schemas of the given tables.
struct GivenCatalog {
    runtime: Runtime,
    tables: Arc<BTreeMap<TableName, Given>>,
}

impl fmt::Debug for GivenCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenCatalog({} tables)", self.tables.len())
    }
}

impl CatalogProvider for GivenCatalog {
    fn schema_names(&self) -> Vec<String> {
        let names: BTreeSet<&str> = self.tables.keys().map(TableName::schema).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let (runtime, tables) = (self.runtime.clone(), self.tables.clone());
        let is_there = tables.keys().any(|table| table.schema() == name);
        is_there.then(|| Arc::new(GivenSchema { name: name.to_owned(), runtime, tables }) as Arc<dyn SchemaProvider>)
    }
}

/// The given tables of one schema.
struct GivenSchema {
    name: String,
    runtime: Runtime,
    tables: Arc<BTreeMap<TableName, Given>>,
}

impl fmt::Debug for GivenSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenSchema({})", self.name)
    }
}

impl GivenSchema {
    fn find(&self, table: &str) -> Option<(TableName, &Given)> {
        let name = TableName::new(&self.name, table).ok()?;
        let given = self.tables.get(&name)?;
        Some((name, given))
    }
}

#[async_trait]
impl SchemaProvider for GivenSchema {
    fn table_names(&self) -> Vec<String> {
        let names = self.tables.keys().filter(|name| name.schema() == self.name);
        names.map(|name| name.table().to_owned()).collect()
    }

    async fn table(&self, table: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        match self.find(table) {
            None => Ok(None),
            Some((_, Given::Table(table))) => Ok(Some(table.clone())),
            Some((name, Given::View(sql))) => {
                // Without its own name, a view that reads itself ends.
                let mut others = self.tables.as_ref().clone();
                others.remove(&name);
                let session = Session::over(&self.runtime, Arc::new(others));
                let plan = Box::pin(session.plan(sql)).await.map_err(|e| DataFusionError::External(Box::new(e)))?;
                Ok(Some(Arc::new(ViewTable::new(plan, Some(sql.clone())))))
            }
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}
