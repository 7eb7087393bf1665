//! The columns of a table as its newest schema has them, found in data files of any age.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StringArray, StructArray, new_null_array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields};
use headwater_sdk::types::{list_of, type_name};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::columns::Evidence;
use crate::columns::cast as checked_cast;
use crate::text::uuid;

/// How data files name what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// By the name that a field has in files ([`TableField::physical`]).
    Names,
    /// By numbers that stand in the files.
    Ids,
}

/// A column, or a field within one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TableField {
    /// Its name now.
    pub(crate) name: String,
    /// Its names in data files, where they go by names.
    pub(crate) physical: Vec<String>,
    /// Its number, where files go by numbers.
    pub(crate) id: Option<i32>,
    /// Its type.
    pub(crate) kind: Kind,
}

/// A type, in the lake's terms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A type without fields.
    Leaf(DataType),
    /// Fields by their names.
    Struct(Vec<TableField>),
    /// Several of one type.
    List(Box<TableField>),
    /// Values by their keys.
    Map(Box<TableField>, Box<TableField>),
}

impl TableField {
    /// Its type in the lake.
    pub(crate) fn data_type(&self) -> DataType {
        match &self.kind {
            Kind::Leaf(data_type) => data_type.clone(),
            Kind::Struct(fields) => DataType::Struct(arrow_fields(fields)),
            Kind::List(item) => list_of(item.data_type()),
            Kind::Map(key, value) => {
                let key = Field::new("key", key.data_type(), false);
                let entries = vec![key, Field::new("value", value.data_type(), true)];
                DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries.into()), false)), false)
            }
        }
    }

    /// Whether a field of a file is this one.
    pub(crate) fn is(&self, field: &Field, naming: Naming) -> bool {
        match naming {
            Naming::Names => self.physical.iter().any(|name| name == field.name()),
            Naming::Ids => {
                let id = field.metadata().get(PARQUET_FIELD_ID_META_KEY);
                self.id.is_some() && id.and_then(|id| id.parse().ok()) == self.id
            }
        }
    }

    /// An array of a file in this field's names. Its values may have a narrower type than the table's.
    ///
    /// # Errors
    /// When the file holds something else.
    pub(crate) fn conform(&self, array: &ArrayRef, naming: Naming) -> Result<ArrayRef, ArrowError> {
        let other = || {
            let message =
                format!("'{}' is {} and not {}", self.name, type_name(array.data_type()), type_name(&self.data_type()));
            Err(ArrowError::CastError(message))
        };
        match (&self.kind, array.data_type()) {
            (Kind::Leaf(wanted), found) => leaf(array, wanted, found),
            (Kind::Struct(fields), DataType::Struct(found)) => {
                let whole = array.as_struct();
                let child = |field: &Self| match found.iter().position(|found| field.is(found, naming)) {
                    Some(place) => field.conform(whole.column(place), naming),
                    None => Ok(new_null_array(&field.data_type(), array.len())),
                };
                let children = fields.iter().map(child).collect::<Result<Vec<_>, _>>()?;
                let names = fields.iter().zip(&children);
                let names: Fields = names.map(|(f, c)| Field::new(&f.name, c.data_type().clone(), true)).collect();
                let nulls = whole.nulls().cloned();
                Ok(Arc::new(StructArray::try_new_with_length(names, children, nulls, array.len())?))
            }
            (Kind::List(item), DataType::List(_)) => {
                let list = array.as_list::<i32>();
                let items = item.conform(list.values(), naming)?;
                let DataType::List(field) = list_of(items.data_type().clone()) else { return other() };
                Ok(Arc::new(ListArray::try_new(field, list.offsets().clone(), items, list.nulls().cloned())?))
            }
            (Kind::Map(key, value), DataType::Map(..)) => {
                let map = array.as_map();
                let keys = key.conform(map.keys(), naming)?;
                let values = value.conform(map.values(), naming)?;
                let key = Field::new("key", keys.data_type().clone(), false);
                let fields: Fields = vec![key, Field::new("value", values.data_type().clone(), true)].into();
                let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
                let field: FieldRef = Arc::new(Field::new("key_value", DataType::Struct(fields), false));
                let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
                Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls, false)?))
            }
            _ => other(),
        }
    }
}

/// Values without fields. Times that files keep without a zone mean UTC where the table says so, and 16 bytes can be a UUID.
pub(crate) fn leaf(array: &ArrayRef, wanted: &DataType, found: &DataType) -> Result<ArrayRef, ArrowError> {
    match (wanted, found) {
        (DataType::Timestamp(..), DataType::Timestamp(..)) => cast(array, wanted),
        (DataType::Utf8, DataType::FixedSizeBinary(16)) => {
            let bytes = array.as_fixed_size_binary();
            Ok(Arc::new(bytes.iter().map(|value| Some(uuid(value?.try_into().ok()?))).collect::<StringArray>()))
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn arrow_fields(fields: &[TableField]) -> Fields {
    fields.iter().map(|field| Field::new(&field.name, field.data_type(), true)).collect()
}

/// The columns of a table for the judgement of drift.
pub(crate) fn table_columns(fields: &[TableField]) -> Vec<(String, Evidence)> {
    fields.iter().map(|field| (field.name.clone(), Evidence::Typed(field.data_type()))).collect()
}

/// The one value of a partition, written as a text; `None` when the text is none of the column's type.
pub(crate) fn constant(text: Option<&str>, data_type: &DataType) -> Option<ArrayRef> {
    let Some(text) = text else { return Some(new_null_array(data_type, 1)) };
    if *data_type == DataType::Binary {
        return Some(Arc::new(arrow_array::BinaryArray::from(vec![text.as_bytes()])));
    }
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let mut bad = false;
    let value = checked_cast(&texts, data_type, &mut |_, _| bad = true).ok()?;
    (!bad).then_some(value)
}
