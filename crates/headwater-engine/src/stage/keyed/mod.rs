//! Rows of a source that take the place of others by a key (docs/adr/0015-changes-by-key.md).
//!
//! What comes is written to temporary files first ([`spool`]), several changes of one key brought to one as they come
//! ([`fold`]). Then it is laid beside the table's rows that have its keys ([`events`]), and a [`walk`] along each key tells which row is
//! written and which ones are taken out.

mod events;
mod fold;
mod spool;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::logical_expr::LogicalPlan;
use headwater_sdk::check::{CheckCount, CompiledCheck};
use headwater_sdk::connector::{Delivery, ReadPart, RowsByKey};
use headwater_sdk::engine::{Refresh, WriteMode};
use headwater_sdk::progress::Progress;
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result, TableName};

use self::spool::Spool;
use self::walk::{Ledger, Walk};
use super::decided::{Decided, Rows};
use super::history::Amended;
use super::lanes::Lane;
use super::lanes::by_key::{by_paths, in_lanes};
use super::retype::{is_retyped, verify_exact};
use super::side::SideTable;
use super::stay::{self, Stay};
use crate::Lake;
use crate::lake::table::TableVersion;
use crate::session::{Session, Thrift, sql_error};
use crate::types::{computed_type, lake_schema};

/// The columns of a load, and those of its key.
#[derive(Debug)]
struct Layout {
    /// As the lake keeps them.
    lake: SchemaRef,
    /// In the types in which they are compared.
    fields: SchemaRef,
    /// The places of the key's columns.
    key: Vec<usize>,
    /// Whether a key comes once.
    once: bool,
    /// Whether rows that come as they were are known to.
    compared: bool,
}

/// A load whose rows take the place of others.
pub(super) struct Taking {
    table: TableName,
    layout: Arc<Layout>,
    events: LogicalPlan,
    /// The paths of the table's files.
    paths: Vec<String>,
    /// Whether all of the table's rows are written again.
    anew: bool,
    /// Whether the table's values are known to the walk, and not the keys alone.
    has_values: bool,
    /// How rows are read whose values the table does not have.
    by_key: Option<Arc<dyn RowsByKey>>,
    /// Rows that came, bad ones included.
    pub(super) rows_in: u64,
    /// Bad ones among them.
    pub(super) rejected_rows: u64,
    /// Where these were put.
    pub(super) rejected: Option<tokio::sync::Mutex<SideTable>>,
}

/// What is read, and what it is read for.
pub(super) struct Load<'a> {
    pub(super) lake: &'a Lake,
    pub(super) session: &'a Session,
    pub(super) table: &'a TableName,
    pub(super) schema: SchemaRef,
    pub(super) parts: Vec<Box<dyn ReadPart>>,
    pub(super) delivery: &'a Delivery,
    /// The table as it is, unless it begins anew.
    pub(super) previous: Option<&'a TableVersion>,
    /// Where bad rows are put.
    pub(super) rejected: Option<SideTable>,
    pub(super) progress: &'a Arc<Progress>,
}

impl Taking {
    /// Reads a load to its end, and decides what is to be done with it.
    ///
    /// # Errors
    /// When it cannot be read, or cannot be by its key.
    pub(super) async fn begin(load: Load<'_>, checks: &[CompiledCheck], seen: &[CheckCount]) -> Result<Decided> {
        let Load { lake, session, table, schema, parts, delivery, previous, rejected, progress } = load;
        let layout = Arc::new(Layout::new(table, &schema, delivery)?);
        // A table that is written anew has its `__rejected` table written anew, too.
        let is_anew = previous.is_none_or(|previous| is_retyped(&previous.schema(), &layout.lake));
        let rejected = rejected.map(|side| if is_anew { side.knowing(None) } else { side });
        let by_key = parts.iter().find_map(|part| part.rows_by_key());
        let spool = Spool::fill(session, &layout, parts, lake.threads(), rejected, progress).await?;
        let previous = previous.filter(|_| spool.emptied_at.is_none());
        let anew = previous.is_some_and(|previous| is_retyped(&previous.schema(), &layout.lake));
        let has_values = anew || layout.compared || spool.has_kept;
        let (kept, paths) = match previous {
            Some(previous) if anew || !spool.is_empty() => {
                verify_exact(lake, session, table, previous, &layout.lake).await?;
                let (kept, paths) = events::kept(lake, session, table, &layout, &spool, previous, anew).await?;
                (Some(kept), paths)
            }
            _ => (None, Vec::new()),
        };
        let events = events::events(&layout, &spool, kept, has_values).map_err(|e| sql_error(&e))?;
        let mode = if previous.is_none() || anew { WriteMode::Replace } else { WriteMode::Append };
        let stay =
            (mode == WriteMode::Append).then(|| Stay::of_keys(seen, layout.key_names(), stay::referenced(checks)));
        let (rows_in, rejected_rows) = (spool.rows_in, spool.rejected_rows);
        let table = table.clone();
        let rejected = spool.rejected;
        let taking = Self { table, layout, events, paths, anew, has_values, by_key, rows_in, rejected_rows, rejected };
        Ok(Decided { stay, ..Decided::whole(Rows::Keyed(Box::new(taking)), mode, None) })
    }

    /// The rows to write, and what else comes of a walk along them.
    pub(super) async fn walk(&self, session: &Session, thrift: Thrift) -> Result<(SchemaRef, Vec<Lane>, Pass)> {
        let (key, then) = (&self.layout.key, self.layout.width());
        let (_, lanes) = in_lanes(session, &self.events, thrift, key, then).await?;
        let walk = Arc::new(Walk {
            table: self.table.clone(),
            layout: Arc::clone(&self.layout),
            anew: self.anew,
            has_values: self.has_values,
            by_key: self.by_key.clone(),
            ledger: Mutex::default(),
        });
        let lanes = lanes.into_iter().map(|lane| walk.clone().lane(lane)).collect::<Result<Vec<_>>>()?;
        Ok((Arc::clone(&self.layout.fields), lanes, Pass(walk)))
    }

    /// What a pass has led to, when all of its rows are written.
    ///
    /// # Errors
    /// When rows cannot be set aside that it found to be bad.
    pub(super) async fn end(&mut self, pass: &Pass) -> Result<Amended> {
        let ledger = std::mem::take(&mut *pass.0.ledger.lock().unwrap_or_else(PoisonError::into_inner));
        let Ledger { removed, added, replaced, deleted, same, rejected } = ledger;
        self.rejected_rows += match &mut self.rejected {
            Some(side) => side.get_mut().add_rejected(&rejected).await?,
            None => rejected.len() as u64,
        };
        let removed = if self.anew { Default::default() } else { by_paths(removed, &self.paths) };
        let columns = self.layout.key_names();
        Ok(Amended { removed, refresh: Refresh::Changes { columns, added, replaced, deleted, same } })
    }
}

/// One try at the rows of a load.
pub(super) struct Pass(Arc<Walk>);

impl Layout {
    fn new(table: &TableName, schema: &Schema, delivery: &Delivery) -> Result<Self> {
        let lake = lake_schema(schema)?;
        let computed = |field: &FieldRef| Field::new(field.name(), computed_type(field.data_type()), true);
        let fields = Schema::new(lake.fields().iter().map(computed).collect::<Vec<_>>());
        let mut key = Vec::new();
        for column in delivery.key() {
            let refuse = |what: String, help: &str| {
                Err(Error::new("HW0638", Blame::Project, format!("{table}: {what}")).help(help))
            };
            let Ok(place) = fields.index_of(column) else {
                let names: Vec<&str> = fields.fields().iter().map(|field| field.name().as_str()).collect();
                let help = format!("its columns are: {}", names.join(", "));
                return refuse(format!("there is no column '{column}', which is to be of its key"), &help);
            };
            let data_type = fields.field(place).data_type();
            if data_type.is_floating() || data_type.is_nested() {
                let what =
                    format!("'{column}' is of type {}, by which rows cannot be told apart", type_name(data_type));
                return refuse(what, "declare it as a text, an integer or a decimal, or choose another `key`");
            }
            key.push(place);
        }
        Ok(Self {
            lake: Arc::new(lake),
            fields: Arc::new(fields),
            key,
            once: matches!(delivery, Delivery::Upserts { .. }),
            compared: !matches!(delivery, Delivery::Changes { .. }),
        })
    }

    fn key_names(&self) -> Vec<String> {
        self.key.iter().map(|place| self.fields.field(*place).name().clone()).collect()
    }

    fn width(&self) -> usize {
        self.fields.fields().len()
    }
}
