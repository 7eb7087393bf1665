//! Connectors: how data comes in.
//!
//! A connector is a [`Connector`]: a source made from typed options, which makes [`SourceStream`]s from those of its streams. A
//! source stream is asked for its schema (cheap: a look at a sample), then for a [`ReadPlan`] (what there is to read since a
//! position), whose parts are read in parallel. A load says what its rows are to the table ([`Delivery`]).

mod changes;
mod discovery;
pub mod local;
mod reading;
mod scalar;
mod settings;
mod storage;

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::check::{OptionsError, typed};
use crate::error::Result;

pub use changes::{Changes, Delivery, Operation};
pub use discovery::{Described, Discovery, Finding, FoundColumn, FoundStream, Standing};
pub use reading::{LoadPosition, ReadPart, ReadPlan, RejectedRow, RowsByKey, SourceBatch, SourceStream};
pub use scalar::Scalar;
pub use settings::{
    ALTERED, DRIFTED, DeclaredColumn, Drift, LOST, Lookback, OnBadRow, ReadMode, StreamSettings, UNLOGGED,
};
pub use storage::{LakeStorage, StoreService};

/// Where a connector finds things.
#[derive(Debug, Clone)]
pub struct OpenContext {
    /// The project's folder: local paths are relative to it and may not leave it unless the project allows it.
    pub project_dir: std::path::PathBuf,
    /// What the environment says of object stores.
    pub storage: LakeStorage,
    /// Values of the environment that the project's files name, which nobody may see: for connectors whose addresses may hold some.
    pub secrets: Vec<String>,
    /// What the lake is called where it leaves something in a system that others use too: the project's name and the environment's.
    /// Empty where nothing is read.
    pub lake_name: String,
}

/// A kind of system that data comes from; a value of the type is one such system. What its streams have in common is kept
/// there: they are made by one value in each process.
#[async_trait]
pub trait Connector: Sized + Send + Sync + 'static {
    /// The value of `connector:` in YAML, and the name of the connector's folder.
    const NAME: &'static str;
    /// The modes it can read in.
    const MODES: &'static [ReadMode];
    /// Whether a document that describes a system (e.g. of OpenAPI) can be made a source.
    const READS_DOCUMENTS: bool = false;
    /// Keys of the source, beside `connector` and `streams`.
    type SourceOptions: DeserializeOwned + JsonSchema;
    /// Keys of a stream, beside the common ones (`table`, `mode`, `columns`, `checks`, …).
    type StreamOptions: DeserializeOwned + JsonSchema;

    /// Checks a source's options, without reaching for it.
    ///
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    fn source(options: Self::SourceOptions, context: &OpenContext) -> Result<Self, OptionsError>;

    /// Checks a stream's options and makes the stream, without reaching for the source.
    ///
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    fn stream(
        &self,
        options: Self::StreamOptions,
        settings: StreamSettings,
    ) -> Result<Arc<dyn SourceStream>, OptionsError>;

    /// What there is to read, in one place of it (`path`, e.g. a glob) or in all of it; `None` when the connector cannot tell.
    ///
    /// # Errors
    /// When the source cannot be reached.
    async fn discover(&self, path: Option<&str>) -> Result<Option<Discovery>> {
        let _ = path;
        Ok(None)
    }

    /// What a document says of a system that this connector reads. Only where [`Connector::READS_DOCUMENTS`] says so.
    ///
    /// # Errors
    /// When it is no such document.
    fn describe(document: &serde_json::Value) -> Result<Described> {
        let _ = document;
        Ok(Described::default())
    }

    /// How things stand with the source itself, beside what planning its streams tells: versions, rights, what lags behind.
    ///
    /// # Errors
    /// When the source cannot be reached.
    async fn examine(&self) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    /// Lets go of what the source keeps for its readers (e.g. a database its log), as far as all of `positions` are past it: they
    /// are those of all of its streams that are published. Idempotent. The texts say what a person should know.
    ///
    /// # Errors
    /// When the source cannot be reached or refuses; it then keeps more than it must.
    async fn acknowledge(&self, positions: &[serde_json::Value]) -> Result<Vec<String>> {
        let _ = positions;
        Ok(Vec::new())
    }
}

/// A source with the types of its connector erased.
#[async_trait]
pub trait Source: Send + Sync {
    /// Makes a stream from options already validated against the schema. See [`Connector::stream`].
    ///
    /// # Errors
    /// As [`Connector::stream`].
    fn stream(
        &self,
        options: serde_json::Value,
        settings: StreamSettings,
    ) -> Result<Arc<dyn SourceStream>, OptionsError>;

    /// See [`Connector::discover`].
    ///
    /// # Errors
    /// As [`Connector::discover`].
    async fn discover(&self, path: Option<&str>) -> Result<Option<Discovery>>;

    /// See [`Connector::examine`].
    ///
    /// # Errors
    /// As [`Connector::examine`].
    async fn examine(&self) -> Result<Vec<Finding>>;

    /// See [`Connector::acknowledge`].
    ///
    /// # Errors
    /// As [`Connector::acknowledge`].
    async fn acknowledge(&self, positions: &[serde_json::Value]) -> Result<Vec<String>>;
}

#[async_trait]
impl<C: Connector> Source for C {
    fn stream(
        &self,
        options: serde_json::Value,
        settings: StreamSettings,
    ) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Connector::stream(self, typed(options)?, settings)
    }

    async fn discover(&self, path: Option<&str>) -> Result<Option<Discovery>> {
        Connector::discover(self, path).await
    }

    async fn examine(&self) -> Result<Vec<Finding>> {
        Connector::examine(self).await
    }

    async fn acknowledge(&self, positions: &[serde_json::Value]) -> Result<Vec<String>> {
        Connector::acknowledge(self, positions).await
    }
}

/// A [`Connector`] with its types erased, for lists.
pub trait ConnectorType: Send + Sync {
    /// See [`Connector::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Connector::MODES`].
    fn modes(&self) -> &'static [ReadMode];
    /// See [`Connector::READS_DOCUMENTS`].
    fn reads_documents(&self) -> bool {
        false
    }
    /// See [`Connector::describe`].
    ///
    /// # Errors
    /// As [`Connector::describe`].
    fn describe(&self, document: &serde_json::Value) -> Result<Described> {
        let _ = document;
        Ok(Described::default())
    }
    /// JSON Schema of the source's own keys.
    fn source_schema(&self) -> serde_json::Value;
    /// JSON Schema of a stream's own keys.
    fn stream_schema(&self) -> serde_json::Value;
    /// Makes a source from options already validated against the schema. See [`Connector::source`].
    ///
    /// # Errors
    /// As [`Connector::source`].
    fn source(&self, options: serde_json::Value, context: &OpenContext) -> Result<Arc<dyn Source>, OptionsError>;
}

/// Erases the types of the connector `C`.
pub fn erased<C: Connector>() -> Box<dyn ConnectorType> {
    Box::new(Erased(std::marker::PhantomData::<fn() -> C>))
}

struct Erased<C>(std::marker::PhantomData<fn() -> C>);

impl<C: Connector> ConnectorType for Erased<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn modes(&self) -> &'static [ReadMode] {
        C::MODES
    }

    fn reads_documents(&self) -> bool {
        C::READS_DOCUMENTS
    }

    fn describe(&self, document: &serde_json::Value) -> Result<Described> {
        C::describe(document)
    }

    fn source_schema(&self) -> serde_json::Value {
        schemars::schema_for!(C::SourceOptions).to_value()
    }

    fn stream_schema(&self) -> serde_json::Value {
        schemars::schema_for!(C::StreamOptions).to_value()
    }

    fn source(&self, options: serde_json::Value, context: &OpenContext) -> Result<Arc<dyn Source>, OptionsError> {
        Ok(Arc::new(C::source(typed(options)?, context)?))
    }
}
