//! The `airbyte` connector: streams of Airbyte's source connectors, programs that speak the
//! [Airbyte protocol](https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol).
//!
//! ```yaml
//! connector: airbyte
//! command: [.venv/bin/source-faker]     # or [docker, run, --rm, -i, …]: see below
//! config: { count: 1000, seed: 7 }
//! streams:
//!   - { table: raw.products, stream: products }
//!   - { table: raw.users, stream: users, mode: incremental }
//! ```
//!
//! Everything that [`singer`](#singer) promises holds here too: rows and state move together, memory does not grow with what comes, values are exact
//! or make bad rows, secrets stay secret. `stream` is the stream's name, or `namespace.name`. The connector is asked for its catalogue
//! (`discover`) in every run, unless `catalog` names a file with one; `headwater source check` also runs its `check`.
//!
//! The mode `full` (the default) asks for `full_refresh` and `overwrite`. The mode `incremental` asks for `incremental`, by the connector's own
//! cursor (`source_defined_cursor`, `default_cursor_field`) or by `cursor`; its rows take the place of those with their key, which is the
//! stream's `key`, or else the connector's primary key. A key or a cursor inside of a nested object is not understood.
//!
//! States of streams (`STREAM`) are kept with their tables, so that all streams are read by one start of the connector. A `GLOBAL` state is kept with each table
//! together with its own part: streams are read together whose shared state is the same. A `LEGACY` state is as one of Singer.
//!
//! `number` of the type `integer` is bigint, `date-time` is timestamp or timestamp_ntz as `airbyte_type` says. What the connector says in `TRACE` messages
//! of the type `ERROR` is the error's text; a `transient_error` is tried again. Lines that are no messages are taken for words to people, as the
//! protocol has it. Rows that a connector with change data capture says to be deleted (`_ab_cdc_deleted_at`) are kept, as rows.
//!
//! The connector runs as a program of this machine: most are Python packages (`airbyte-source-…`). In a container it has to see the
//! files that its arguments name, which are in a new folder under `TMPDIR`: mount that folder in the same place.

mod catalogue;
mod messages;
mod options;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{
    Connector, Discovery, Finding, OpenContext, ReadMode, SourceStream, Standing, StreamSettings,
};

pub use options::{SourceOptions, StreamOptions};

use crate::process::Workplace;
use crate::tap::{Protocol, StreamKeys, Tap, TapOptions, TapStream};

/// The connector. See the module's text.
#[derive(Debug)]
pub struct Airbyte {
    tap: Arc<Tap>,
    protocol: messages::Airbyte,
}

#[async_trait]
impl Connector for Airbyte {
    const NAME: &'static str = "airbyte";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let SourceOptions { command, config, env, timeout, catalog } = options;
        let protocol = messages::Airbyte { config };
        let tap = Tap::new(protocol.clone(), TapOptions { command, env, timeout, catalog }, context)?;
        Ok(Self { tap: Arc::new(tap), protocol })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        let StreamOptions { stream, cursor, exclude } = options;
        let keys = StreamKeys { stream, cursor, exclude };
        Ok(Arc::new(TapStream::new(Arc::clone(&self.tap), keys, settings)?))
    }

    async fn discover(&self, _: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        Ok(Some(self.tap.discover().await?.into()))
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        let workplace = Workplace::new()?;
        let printed = self.tap.ask(&self.protocol.check(&workplace)?).await?;
        let checked = messages::checked(&printed).unwrap_or_else(|| Finding {
            standing: Standing::Warning,
            what: format!("`{}` does not say whether it can read (check)", self.tap.shown()),
            help: Some(format!("ask who keeps the {}", self.protocol.called())),
        });
        if checked.standing == Standing::Trouble {
            return Ok(vec![checked]);
        }
        Ok(vec![checked, self.tap.examine().await?])
    }
}
