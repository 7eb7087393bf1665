//! What databases have in common. Of streams: what is asked of one, how far it was read, and which of its columns are read. Of
//! deliveries: what is in the temporary table that they go through, and which rows are refused.
//!
//! Invariant: no database is known here. A connector says what its types are by [`NativeType`].

mod asked;
mod batch;
mod builder;
mod columns;
mod fields;
mod keyed;
mod kinds;
mod longest;
mod refused;
mod spool;
mod stage;
mod tls;

pub(crate) use asked::{Asked, Names, Relation, Wanted, filter, table_name as parts_of};
pub(crate) use batch::{BatchRows, Finished, defect, raw};
pub(crate) use builder::Builder;
pub(crate) use columns::{
    ColumnRead, NativeType, SourceColumn, chosen, names, no_column, other_values, schema, unlogged,
};
pub(crate) use fields::{Change, FieldBatch, FieldColumn, Target};
pub(crate) use keyed::{Constants, KeyedRows};
pub(crate) use kinds::{Kind, LEFT_OUT, Loss, MADE, noise, numbers};
pub(crate) use longest::{POSTGRES_LONGEST, postgres_refuses};
pub(crate) use refused::{Faults, HOPELESS, KEPT, MARKS, REFUSED, SAMPLES, Statements, Unsendable, apply};
pub(crate) use spool::{Gathering, Messages, Spool, Spooled};
pub(crate) use stage::{STAGE, Stage};
pub use tls::Tls;
pub(crate) use tls::{TlsCodes, encryption, is_here};

pub(crate) use crate::position::{Position, followed, written};
