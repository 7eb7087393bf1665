//! What there is in a catalogue.

use std::collections::BTreeSet;

use futures::StreamExt;
use headwater_sdk::Result;
use headwater_sdk::connector::{Discovery, FoundColumn, FoundStream};
use serde_json::{Value, json};

use super::Catalog;
use super::name::{Name, written};
use super::open::Loaded;
use crate::codes;
use crate::iceberg::metadata::{Metadata, damaged, verify_version};
use crate::iceberg::schema;
use crate::table_format::{TableField, percent_decoded};

/// Tables that are asked for together.
const TOGETHER: usize = 4;

impl Catalog {
    /// The namespaces in a namespace, or those that are in none; `None` when it is not there.
    ///
    /// # Errors
    /// When the catalogue does not tell.
    pub(super) async fn namespaces(&self, parent: &[String]) -> Result<Option<Vec<Vec<String>>>> {
        let address = self.address(&[], "").await?;
        // In a parameter what is sent is escaped anyway.
        let above = parent.join(&percent_decoded(&self.config().await?.separator));
        let above = (!parent.is_empty()).then_some(above.as_str());
        let found = self.list(address.trim_end_matches('/'), "namespaces", above).await?;
        let namespace = |levels: Value| serde_json::from_value::<Vec<String>>(levels).ok();
        Ok(found.map(|found| found.into_iter().filter_map(namespace).filter(|levels| !levels.is_empty()).collect()))
    }

    /// The tables of a namespace; `None` when it is not there.
    ///
    /// # Errors
    /// When the catalogue does not tell.
    pub(super) async fn tables(&self, namespace: &[String]) -> Result<Option<Vec<Name>>> {
        let address = self.address(namespace, "/tables").await?;
        let found = self.list(&address, "identifiers", None).await?;
        let name = |told: Value| {
            let table = told.get("name")?.as_str()?.to_owned();
            Some(Name { namespace: namespace.to_vec(), table })
        };
        Ok(found.map(|found| found.into_iter().filter_map(name).collect()))
    }

    /// All tables, in the order of their names.
    ///
    /// # Errors
    /// When the catalogue does not answer.
    pub(in super::super) async fn discover(&self) -> Result<Discovery> {
        let mut discovery = Discovery::default();
        let (mut known, mut open) = (BTreeSet::new(), vec![Vec::new()]);
        while let Some(parent) = open.pop() {
            let inner = match self.namespaces(&parent).await {
                Ok(inner) => inner.unwrap_or_default(),
                // Not every catalogue knows of namespaces in namespaces.
                Err(error) if !parent.is_empty() && error.code == codes::CATALOG_ANSWER => continue,
                Err(error) if !parent.is_empty() && !error.transient => {
                    discovery.left_out.push(format!("what is in {}: {}", written(&parent), error.message));
                    continue;
                }
                Err(error) => return Err(error),
            };
            for namespace in inner {
                // One that does not know the parameter tells the same again.
                let is_inner = namespace.len() > parent.len() && namespace.starts_with(&parent);
                if is_inner && known.insert(namespace.clone()) {
                    open.push(namespace);
                }
            }
        }
        let mut names = Vec::new();
        for namespace in &known {
            match self.tables(namespace).await {
                Ok(found) => names.extend(found.unwrap_or_default()),
                Err(error) if error.transient => return Err(error),
                Err(error) => discovery.left_out.push(format!("{}: {}", written(namespace), error.message)),
            }
        }
        names.sort_by_key(Name::shown);
        // Collected first: a stream over a closure that borrows is not general enough to be sent between threads.
        let loads: Vec<_> = names.iter().map(|name| self.load(name)).collect();
        let mut loads = futures::stream::iter(loads).buffered(TOGETHER);
        for name in &names {
            let Some(loaded) = loads.next().await else { break };
            match loaded.and_then(|loaded| found(name, loaded)) {
                Ok(found) => discovery.streams.push(found),
                Err(error) if error.transient => return Err(error),
                Err(error) => discovery.left_out.push(format!("{}: {}", name.shown(), error.message)),
            }
        }
        Ok(discovery)
    }
}

/// What is said of a table.
fn found(name: &Name, loaded: Loaded) -> Result<FoundStream> {
    let shown = name.shown();
    verify_version(&loaded.metadata, &shown)?;
    let metadata: Metadata = serde_json::from_value(loaded.metadata).map_err(|error| {
        damaged(&format!("what the catalogue says of {shown} cannot be understood")).caused_by(error)
    })?;
    let schema = metadata.schema(None);
    let fields = schema::columns(&metadata, schema, &shown)?;
    let told = schema.and_then(|schema| schema.get("fields")?.as_array()).into_iter().flatten();
    let columns = fields.iter().zip(told).map(|(field, told)| column(field, told)).collect();
    let ids = schema.and_then(|schema| schema.get("identifier-field-ids")?.as_array()).into_iter().flatten();
    // A key within a struct is none that a stream could name: then there is none.
    let key = ids.map(|id| {
        let field = fields.iter().find(|field| field.id.map(i64::from) == id.as_i64())?;
        Some(field.name.clone())
    });
    let key: Option<Vec<String>> = key.collect();
    let rows = metadata.current().and_then(|snapshot| match snapshot.summary.get("total-records")? {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    });
    let description = metadata.properties.get("comment").filter(|text| !text.is_empty()).cloned();
    let options = [("from".to_owned(), json!(shown))].into_iter().collect();
    let (table, kind) = (name.table.clone(), "table".to_owned());
    Ok(FoundStream { name: shown, table, kind, description, options, columns, key: key.unwrap_or_default(), rows })
}

fn column(field: &TableField, told: &Value) -> FoundColumn {
    let of = told.get("type");
    let written = of.and_then(Value::as_str).or_else(|| of?.get("type")?.as_str()).unwrap_or_default();
    FoundColumn {
        name: field.name.clone(),
        written: written.to_owned(),
        data_type: field.data_type(),
        nullable: told.get("required").and_then(Value::as_bool) != Some(true),
        description: told.get("doc").and_then(Value::as_str).filter(|doc| !doc.is_empty()).map(str::to_owned),
    }
}
