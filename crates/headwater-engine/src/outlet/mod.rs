//! Deliveries to Delta tables outside of the lake, for Spark, Databricks, Fabric, DuckDB, Polars and whoever else reads Delta.
//!
//! ```yaml
//! connector: delta
//! location: s3://partners/acme
//! deliveries:
//!   - { table: marts.customers, to: crm/customers, key: customer_id }
//!   - { table: marts.events, to: web/events, mode: append, partition_by: day }
//!   - { table: marts.daily_sales, to: sales/daily, mode: replace }
//! ```
//!
//! What it promises:
//!
//! - **A delivery is one commit**, put where there is none: readers see all of it or nothing, whatever dies. What the table holds is
//!   remembered in the commit, with the rows.
//! - **Only what changed is written.** `upsert` reads the key's columns of the table, adds the rows that are new or others, and marks
//!   those that were there before as deleted in deletion vectors: the table then needs a reader of version 3 that knows them, as those of
//!   current Spark, Databricks, DuckDB and deltalake (its `QueryBuilder`) do. Tables that are only appended to or replaced are read by every reader,
//!   unless a column is a timestamp without a time zone.
//! - **The table is the delivery's own.** One that the delivery did not make is not written to. What others put into it (OPTIMIZE, say)
//!   stays, as long as they do not change rows. When another program commits while rows are on their way, nothing is changed, and the delivery
//!   is tried again.
//! - **Columns that come are added**, and those that go are gone from the table's schema; a column whose type is another now is
//!   written again with all rows.
//! - **Memory does not grow with the rows**: past 256 MiB, keys are sorted in temporary files.
//!
//! Every tenth version gets a checkpoint, and files that no version of the last `keep_for` needs are removed; older versions cannot be
//! read any more then.

mod options;
mod sweep;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_sdk::TableName;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::connector::local;
use headwater_sdk::destination::{DeliveryMode, DeliverySettings, Destination, Outlet};
use headwater_sdk::duration::parse_duration;

pub use options::{DeliveryOptions, DestinationOptions};

use crate::lake::location::Location;
use table::TableOutlet;

/// The shortest time for which versions are kept: a delivery may take as long to commit the files that it has written.
const SHORTEST_KEPT: u64 = 3600;

/// The destination. See the module's text.
#[derive(Debug)]
pub struct DeltaDestination {
    /// An absolute path or a URL, without a slash at its end.
    location: String,
    /// As messages name it, without a slash at its end.
    shown: String,
    storage: BTreeMap<String, String>,
}

impl Destination for DeltaDestination {
    const NAME: &'static str = "delta";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Append, DeliveryMode::Replace, DeliveryMode::Upsert];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let storage = options.storage(context)?;
        let location = options.location.trim_end_matches('/');
        if location.contains("://") {
            // Nothing is reached for: what cannot be set up is told now.
            Location::open(location, &storage, false).map_err(|error| OptionsError {
                key: Some("location"),
                message: error.message,
                help: error.help,
            })?;
            return Ok(Self { location: location.to_owned(), shown: location.to_owned(), storage });
        }
        let path = if location.is_empty() { options.location.as_str() } else { location };
        let place = local::place(path, options.allow_outside, &context.project_dir).ok_or_else(|| OptionsError {
            key: Some("location"),
            message: format!("'{path}' is outside the project's folder"),
            help: Some("name a folder of the project, or say `allow_outside: true` beside `location`".to_owned()),
        })?;
        Ok(Self { location: place.path.display().to_string(), shown: place.shown, storage })
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        let wrong =
            |key, message: String, help: &str| OptionsError { key: Some(key), message, help: Some(help.to_owned()) };
        let parts: Vec<&str> = options.to.split('/').collect();
        let is_folder = |part: &&str| !part.is_empty() && !matches!(*part, "." | "..") && !part.starts_with(['_', '.']);
        if !parts.iter().all(is_folder) || options.to.contains("://") {
            let help = "give e.g. `to: sales/orders`; no part of it begins with `_` or `.`";
            return Err(wrong("to", format!("'{}' is no folder below the location", options.to), help));
        }
        let keep_for = match parse_duration(&options.keep_for) {
            Some(seconds) if seconds >= SHORTEST_KEPT => seconds,
            Some(_) => {
                let message = format!("`keep_for` is {}, and a delivery may take as long", options.keep_for);
                return Err(wrong("keep_for", message, "keep versions for an hour at least, e.g. `keep_for: 7 days`"));
            }
            None => {
                let message = format!("`keep_for` is '{}', which is no duration", options.keep_for);
                return Err(wrong("keep_for", message, "write e.g. `keep_for: 7 days` or `36h`"));
            }
        };
        let below = |place: &str| match place {
            "" => options.to.clone(),
            place => format!("{place}/{}", options.to),
        };
        let location = below(&self.location);
        // Where a folder has a name that no table of a lake can have, any will do: it goes for nothing.
        let mut last = location.rsplit('/');
        let (table, schema) = (last.next().unwrap_or_default(), last.next().unwrap_or_default());
        let name = TableName::new(schema, table).or_else(|_| TableName::new("delivered", "rows"));
        let name = name.map_err(|error| wrong("to", error.to_string(), "give e.g. `to: sales/orders`"))?;
        Ok(Arc::new(TableOutlet {
            location,
            name,
            shown: below(&self.shown),
            storage: self.storage.clone(),
            partition_by: options.partition_by,
            keep_for,
            settings,
        }))
    }
}
