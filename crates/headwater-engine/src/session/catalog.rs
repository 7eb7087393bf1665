//! The names that a session sees: each table opened, each view planned, when a plan first names it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::ViewTable;
use headwater_sdk::{Relation, Relations, TableName};

use super::scan::LakeTable;
use super::{Runtime, Session};
use crate::lake::location::Location;
use crate::lake::table::TableVersion;

/// The most tables that are kept open.
const CACHE_LIMIT: usize = 256;

/// Published table versions that were opened before. They never change; staged ones may, and are not kept.
#[derive(Debug, Default)]
pub(crate) struct TableCache {
    open: Mutex<HashMap<(TableName, u64), Arc<LakeTable>>>,
}

impl TableCache {
    /// The table at a relation's version, opened now or before.
    pub(crate) async fn open(
        &self,
        runtime: &Runtime,
        location: &Location,
        name: &TableName,
        relation: &Relation,
    ) -> headwater_sdk::Result<Arc<LakeTable>> {
        let key = match relation {
            Relation::Table { version } => Some((name.clone(), *version)),
            _ => None,
        };
        if let Some(key) = &key
            && let Some(table) = self.lock().get(key)
        {
            return Ok(table.clone());
        }
        let version = TableVersion::open(location, name, relation).await?;
        let table = Arc::new(LakeTable::new(location, version, runtime.store_url.clone()).await?);
        if let Some(key) = key {
            let mut open = self.lock();
            if open.len() >= CACHE_LIMIT {
                open.clear();
            }
            open.insert(key, table.clone());
        }
        Ok(table)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(TableName, u64), Arc<LakeTable>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lake's schemas.
#[derive(Debug)]
pub(crate) struct LakeCatalog {
    schemas: BTreeMap<String, Arc<LakeSchema>>,
}

impl LakeCatalog {
    /// A catalogue of `relations`, and of `extra` beside them.
    pub(crate) fn new(
        runtime: Runtime,
        location: Location,
        relations: Relations,
        cache: Arc<TableCache>,
        extra: Option<(TableName, Arc<LakeTable>)>,
    ) -> Self {
        let mut names: BTreeSet<String> = relations.keys().map(|name| name.schema().to_owned()).collect();
        names.extend(extra.iter().map(|(name, _)| name.schema().to_owned()));
        let shared = Arc::new(Shared { runtime, location, relations, cache, extra });
        let schemas = names
            .into_iter()
            .map(|name| (name.clone(), Arc::new(LakeSchema { name, shared: shared.clone() })))
            .collect();
        Self { schemas }
    }
}

impl CatalogProvider for LakeCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.schemas.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.schemas.get(name).map(|schema| schema.clone() as Arc<dyn SchemaProvider>)
    }
}

struct Shared {
    runtime: Runtime,
    location: Location,
    relations: Relations,
    cache: Arc<TableCache>,
    extra: Option<(TableName, Arc<LakeTable>)>,
}

/// The tables and views of one schema.
struct LakeSchema {
    name: String,
    shared: Arc<Shared>,
}

impl fmt::Debug for LakeSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LakeSchema({})", self.name)
    }
}

impl LakeSchema {
    fn relation(&self, table: &str) -> Option<(&TableName, &Relation)> {
        let name = TableName::new(&self.name, table).ok()?;
        self.shared.relations.get_key_value(&name)
    }
}

#[async_trait]
impl SchemaProvider for LakeSchema {
    fn table_names(&self) -> Vec<String> {
        let names = self.shared.relations.keys().filter(|name| name.schema() == self.name);
        names.map(|name| name.table().to_owned()).collect()
    }

    async fn table(&self, table: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if let Some((name, extra)) = &self.shared.extra
            && name.schema() == self.name
            && name.table() == table
        {
            return Ok(Some(extra.clone()));
        }
        let Some((name, relation)) = self.relation(table) else { return Ok(None) };
        let Shared { runtime, location, relations, cache, .. } = self.shared.as_ref();
        if let Relation::View { sql } = relation {
            // A view cannot reach itself: the project's graph has no cycles. Without its own name in the map, a damaged
            // catalogue cannot make this recurse for ever either.
            let mut others = relations.clone();
            others.remove(name);
            let session = Session::new(runtime, location, &others, cache, None);
            let plan = Box::pin(session.plan(sql)).await.map_err(|e| DataFusionError::External(Box::new(e)))?;
            return Ok(Some(Arc::new(ViewTable::new(plan, Some(sql.clone())))));
        }
        let open = cache.open(runtime, location, name, relation).await;
        Ok(Some(open.map_err(|e| DataFusionError::External(Box::new(e)))?))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.relation(name).is_some()
    }
}
