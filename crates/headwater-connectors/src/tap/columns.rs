//! How the columns of a stream are read: as what its schema says, or in a type that the project declares.

use arrow_schema::{DataType, TimeUnit};
use headwater_sdk::connector::Drift;

use crate::codes;
use crate::database::{ColumnRead, NativeType};
use crate::lake_types::reads_as;

/// The type of a column, as its JSON Schema has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonType {
    /// As a person writes it.
    pub(crate) written: String,
    /// In the lake.
    pub(crate) data_type: DataType,
}

/// What a column becomes in the lake. A value that is none makes a bad row.
#[derive(Debug, Clone)]
pub(crate) struct ReadAs(DataType);

impl ColumnRead for ReadAs {
    fn data_type(&self) -> &DataType {
        &self.0
    }

    fn nulls(data_type: &DataType) -> Self {
        Self(data_type.clone())
    }
}

impl NativeType for JsonType {
    type Reading = ReadAs;
    const OPTIONS: &'static str = codes::TAP_OPTIONS;

    fn written(&self) -> &str {
        &self.written
    }

    fn natural(&self) -> ReadAs {
        ReadAs(self.data_type.clone())
    }

    /// Every value is judged by itself, so that any type can be declared that a JSON value can be.
    fn declared(&self, wanted: &DataType) -> Option<ReadAs> {
        let known = match wanted {
            DataType::Boolean
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Utf8
            | DataType::Date32
            | DataType::Timestamp(TimeUnit::Microsecond, _) => true,
            DataType::Decimal128(_, scale) => *scale >= 0,
            other => *other == self.data_type,
        };
        known.then(|| ReadAs(wanted.clone()))
    }

    fn kept(&self, table: &DataType, drift: Drift) -> Option<ReadAs> {
        let stays = drift == Drift::Ignore || reads_as(&self.data_type, table);
        self.declared(table).filter(|_| stays)
    }
}
