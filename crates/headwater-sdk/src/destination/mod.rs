//! Destinations: how what is published is delivered to other systems.
//!
//! A destination is a [`Destination`]: a system made from typed options, which makes an [`Outlet`] for each of its deliveries. An
//! outlet tells how far it has been delivered to (its [`Mark`], which the other system keeps), and takes up a [`Load`] together with
//! the mark that stands for it. For a system that can keep nothing, the catalogue does ([`Outlet::remembers`], [`Ledger`]).

mod definition;
mod ledger;
mod load;
mod settings;

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::check::{OptionsError, typed};
use crate::connector::{OpenContext, ReadPart, ReadPlan};
use crate::error::Result;
use crate::progress::Progress;

pub use definition::Definition;
pub use ledger::{KeptRow, Ledger, RowId};
pub use load::{Delivered, Kept, Load, Mark, Outgoing, Undelivered, What};
pub use settings::{DeliveryMode, DeliverySettings, OnDelete};

/// A kind of system that tables are delivered to; a value of the type is one such system.
pub trait Destination: Sized + Send + Sync + 'static {
    /// The value of `connector:` in YAML, and the name of the connector's folder.
    const NAME: &'static str;
    /// What it can do with rows.
    const MODES: &'static [DeliveryMode];
    /// Keys of the destination, beside `connector` and `deliveries`.
    type Options: DeserializeOwned + JsonSchema;
    /// Keys of a delivery, beside the common ones (`table`, `mode`, `key`, …).
    type DeliveryOptions: DeserializeOwned + JsonSchema;

    /// Checks a destination's options, without reaching for it.
    ///
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    fn destination(options: Self::Options, context: &OpenContext) -> Result<Self, OptionsError>;

    /// Checks a delivery's options and makes the outlet, without reaching for the destination.
    ///
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    fn outlet(
        &self,
        options: Self::DeliveryOptions,
        settings: DeliverySettings,
    ) -> Result<Arc<dyn Outlet>, OptionsError>;
}

/// Where the rows of one delivery go.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Whether the destination keeps the mark. Where it does not, the mark is kept in the catalogue, [`Load::ledger`] says what has
    /// come of an earlier try, and [`Self::mark`] is not asked for.
    fn remembers(&self) -> bool {
        true
    }

    /// How far it has been delivered to; `None` when it never was.
    ///
    /// # Errors
    /// When the destination cannot be reached.
    async fn mark(&self) -> Result<Option<Mark>>;

    /// Takes up rows and the mark that stands for them: both or neither. Memory does not grow with the rows.
    ///
    /// # Errors
    /// When the destination cannot be reached, has not what it takes, or refuses more rows than it may. It is then as it was, if it
    /// remembers what it holds.
    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered>;

    /// What stands in the way of a delivery of such rows; no error when nothing does.
    ///
    /// # Errors
    /// When the destination cannot be reached, or a delivery would fail.
    async fn examine(&self, schema: &SchemaRef) -> Result<()>;

    /// The rows that it keeps of what it has refused, where it [remembers](Self::remembers) what it holds.
    ///
    /// # Errors
    /// When the destination cannot be reached.
    async fn kept(&self) -> Result<Kept> {
        Ok(Kept::default())
    }

    /// The rows that are there, to be compared with what was delivered: the columns of `schema` in its types, where they can be read so.
    /// `None` where the connector cannot read them back.
    ///
    /// # Errors
    /// When the destination cannot be reached, or a column is not there or of another kind.
    async fn held(&self, schema: &SchemaRef) -> Result<Option<HeldRows>> {
        let _ = schema;
        Ok(None)
    }
}

/// What a destination holds.
pub struct HeldRows {
    /// The columns, in the types in which they are read.
    pub schema: SchemaRef,
    /// The rows, in parts.
    pub parts: Vec<Box<dyn ReadPart>>,
}

impl From<ReadPlan> for HeldRows {
    fn from(plan: ReadPlan) -> Self {
        Self { schema: plan.schema, parts: plan.parts }
    }
}

/// A destination with the types of its connector erased.
pub trait AnyDestination: Send + Sync {
    /// Makes an outlet from options already validated against the schema. See [`Destination::outlet`].
    ///
    /// # Errors
    /// As [`Destination::outlet`].
    fn outlet(&self, options: serde_json::Value, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError>;
}

impl<D: Destination> AnyDestination for D {
    fn outlet(&self, options: serde_json::Value, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        Destination::outlet(self, typed(options)?, settings)
    }
}

/// A [`Destination`] with its types erased, for lists.
pub trait DestinationType: Send + Sync {
    /// See [`Destination::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Destination::MODES`].
    fn modes(&self) -> &'static [DeliveryMode];
    /// JSON Schema of the destination's own keys.
    fn destination_schema(&self) -> serde_json::Value;
    /// JSON Schema of a delivery's own keys.
    fn delivery_schema(&self) -> serde_json::Value;
    /// Makes a destination from options already validated against the schema. See [`Destination::destination`].
    ///
    /// # Errors
    /// As [`Destination::destination`].
    fn destination(
        &self,
        options: serde_json::Value,
        context: &OpenContext,
    ) -> Result<Arc<dyn AnyDestination>, OptionsError>;
}

/// Erases the types of the destination `D`.
pub fn erased<D: Destination>() -> Box<dyn DestinationType> {
    Box::new(Erased(std::marker::PhantomData::<fn() -> D>))
}

struct Erased<D>(std::marker::PhantomData<fn() -> D>);

impl<D: Destination> DestinationType for Erased<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn modes(&self) -> &'static [DeliveryMode] {
        D::MODES
    }

    fn destination_schema(&self) -> serde_json::Value {
        schemars::schema_for!(D::Options).to_value()
    }

    fn delivery_schema(&self) -> serde_json::Value {
        schemars::schema_for!(D::DeliveryOptions).to_value()
    }

    fn destination(
        &self,
        options: serde_json::Value,
        context: &OpenContext,
    ) -> Result<Arc<dyn AnyDestination>, OptionsError> {
        Ok(Arc::new(D::destination(typed(options)?, context)?))
    }
}
