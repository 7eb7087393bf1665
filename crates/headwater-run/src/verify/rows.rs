//! The sides of a comparison: each can be read more than once.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use headwater_sdk::connector::{ReadPart, SourceStream};
use headwater_sdk::destination::{HeldRows, Outlet, What};
use headwater_sdk::engine::OutgoingRequest;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Relations, Result, TableName};

use super::hashes::{is_comparable, plain};
use crate::lake::Lake;

/// The code of [`unreadable`].
pub(super) const UNREADABLE: &str = "HW0987";

/// Some rows, and how many could not be read among them.
pub(super) type Read = (RecordBatch, u64);

/// A side.
#[async_trait]
pub(super) trait Rows: Send + Sync {
    /// Reads it from the start. The columns may stand in another order than those that are compared, and others among them.
    async fn read(&self) -> Result<BoxStream<'static, Result<Read>>>;
}

/// A table of the lake.
pub(super) struct InLake<'a> {
    pub(super) lake: &'a Lake,
    pub(super) table: TableName,
    pub(super) relations: Relations,
    pub(super) filter: Option<String>,
    pub(super) schema: SchemaRef,
}

#[async_trait]
impl Rows for InLake<'_> {
    async fn read(&self) -> Result<BoxStream<'static, Result<Read>>> {
        let request = OutgoingRequest {
            table: self.table.clone(),
            before: None,
            after: self.relations.clone(),
            what: What::All,
            columns: self.schema.fields().iter().map(|field| field.name().clone()).collect(),
            filter: self.filter.clone(),
            filter_before: None,
            key: Vec::new(),
            resend: false,
        };
        let rows = self.lake.engine.outgoing(&request).await?.rows;
        Ok(rows.map_ok(|outgoing| (outgoing.rows, 0)).boxed())
    }
}

/// What a source has now.
pub(super) struct OfSource {
    pub(super) stream: Arc<dyn SourceStream>,
    pub(super) table: SchemaRef,
}

#[async_trait]
impl Rows for OfSource {
    async fn read(&self) -> Result<BoxStream<'static, Result<Read>>> {
        Ok(of_parts(self.stream.plan(Some(Arc::clone(&self.table)), None).await?.parts))
    }
}

/// What a destination has now.
pub(super) struct Held<'a> {
    pub(super) outlet: &'a dyn Outlet,
    pub(super) schema: SchemaRef,
    pub(super) name: &'a str,
}

impl Held<'_> {
    async fn held(&self) -> Result<HeldRows> {
        self.outlet.held(&self.schema).await?.ok_or_else(|| unreadable(self.name))
    }

    /// Leaves columns out whose values there cannot be told from those that were delivered, and gives their names.
    pub(super) async fn leave_out(&mut self) -> Result<Vec<String>> {
        let there = self.held().await?.schema;
        let is_same = |field: &FieldRef| {
            there.field_with_name(field.name()).is_ok_and(|held| {
                plain(held.data_type()) == *field.data_type() || is_comparable(held.data_type(), field.data_type())
            })
        };
        let (same, others): (Vec<_>, Vec<_>) = self.schema.fields().iter().cloned().partition(is_same);
        self.schema = Arc::new(Schema::new(same));
        Ok(others.iter().map(|field| field.name().clone()).collect())
    }
}

#[async_trait]
impl Rows for Held<'_> {
    async fn read(&self) -> Result<BoxStream<'static, Result<Read>>> {
        Ok(of_parts(self.held().await?.parts))
    }
}

/// That a destination's rows cannot be read back.
pub(super) fn unreadable(delivery: &str) -> Error {
    let message = format!("{delivery}: what this connector has delivered cannot be read back");
    Error::new(UNREADABLE, Blame::Project, message).help("compare it there, with tools of that system")
}

fn of_parts(parts: Vec<Box<dyn ReadPart>>) -> BoxStream<'static, Result<Read>> {
    let progress = Arc::new(Progress::default());
    let batches = stream::iter(parts).flat_map(move |part| part.read(Arc::clone(&progress)));
    batches.map_ok(|batch| (batch.rows, batch.rejected.len() as u64)).boxed()
}
