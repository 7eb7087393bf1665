//! From cells as they are written to arrays of the columns' types.

mod scalar;

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, ListArray, MapArray, PrimitiveArray, StringArray,
    StructArray, new_null_array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields, TimeUnit};
use headwater_diagnostics::{Diagnostic, Span};
use headwater_project::{CellValue, TestCell, TestText};
use headwater_sdk::TableName;
use headwater_sdk::types::type_name;

/// A cell, or null where nothing is written.
type Cell<'a> = Option<&'a TestCell>;

/// A column, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Column<'a> {
    pub(crate) table: &'a TableName,
    pub(crate) name: &'a str,
}

/// The time of a test, in microseconds.
pub(super) fn time(text: &TestText, wrong: &mut Vec<Diagnostic>) -> Option<i64> {
    match scalar::timestamp(&text.text, true) {
        Ok(time) => Some(time),
        Err(help) => {
            let diagnostic = Diagnostic::error("HW0951", format!("'{}' is no time", text.text)).at(text.span, "");
            wrong.push(diagnostic.help(help));
            None
        }
    }
}

impl Column<'_> {
    /// The cells as values of a type. What is no such value is reported, and null.
    pub(crate) fn array(self, data_type: &DataType, cells: &[Cell<'_>], wrong: &mut Vec<Diagnostic>) -> ArrayRef {
        let made: Result<ArrayRef, ArrowError> = match data_type {
            DataType::Boolean => {
                Ok(Arc::new(self.scalars(data_type, cells, wrong, scalar::boolean).collect::<BooleanArray>()))
            }
            DataType::Int8 => Ok(self.integers::<Int8Type>(cells, wrong)),
            DataType::Int16 => Ok(self.integers::<Int16Type>(cells, wrong)),
            DataType::Int32 => Ok(self.integers::<Int32Type>(cells, wrong)),
            DataType::Int64 => Ok(self.integers::<Int64Type>(cells, wrong)),
            DataType::Float32 => Ok(self.primitives::<Float32Type>(data_type, cells, wrong, scalar::number)),
            DataType::Float64 => Ok(self.primitives::<Float64Type>(data_type, cells, wrong, scalar::number)),
            DataType::Date32 => Ok(self.primitives::<Date32Type>(data_type, cells, wrong, scalar::date)),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let parse = |text: &str| scalar::timestamp(text, zone.is_some());
                let values = self.scalars(data_type, cells, wrong, parse);
                let values: PrimitiveArray<TimestampMicrosecondType> = values.collect();
                Ok(Arc::new(values.with_timezone_opt(zone.clone())))
            }
            DataType::Decimal128(precision, scale) => {
                let parse = |text: &str| scalar::decimal(text, *precision, *scale);
                let values: Decimal128Array = self.scalars(data_type, cells, wrong, parse).collect();
                values.with_precision_and_scale(*precision, *scale).map(|values| Arc::new(values) as ArrayRef)
            }
            DataType::Utf8 => {
                let values = self.scalars(data_type, cells, wrong, |text| Ok(text.to_owned()));
                Ok(Arc::new(values.collect::<StringArray>()))
            }
            DataType::Binary => {
                Ok(Arc::new(self.scalars(data_type, cells, wrong, scalar::bytes).collect::<BinaryArray>()))
            }
            DataType::List(item) => self.lists(item, cells, wrong),
            DataType::Struct(fields) => self.structs(fields, cells, wrong).map(|array| Arc::new(array) as ArrayRef),
            DataType::Map(entries, _) => self.maps(entries, cells, wrong),
            other => {
                for cell in cells.iter().copied().flatten() {
                    wrong.push(self.no_value(cell.span, "this", other, "leave the column out"));
                }
                Ok(new_null_array(other, cells.len()))
            }
        };
        made.unwrap_or_else(|error| {
            let at = cells.iter().copied().flatten().next().map(|cell| cell.span);
            let message = format!("column '{}' of {}: {error}", self.name, self.table);
            let diagnostic = Diagnostic::error("HW0951", message);
            wrong.push(at.into_iter().fold(diagnostic, |diagnostic, at| diagnostic.at(at, "")));
            new_null_array(data_type, cells.len())
        })
    }

    fn no_value(self, at: Span, what: &str, data_type: &DataType, help: &str) -> Diagnostic {
        let name = type_name(data_type);
        let message = format!("{what} is no {name}, as column '{}' of {} is", self.name, self.table);
        Diagnostic::error("HW0951", message).at(at, "").help(help)
    }

    /// The values of scalars.
    fn scalars<'c, T>(
        self,
        data_type: &'c DataType,
        cells: &'c [Cell<'c>],
        wrong: &'c mut Vec<Diagnostic>,
        parse: impl Fn(&str) -> Result<T, String> + 'c,
    ) -> impl Iterator<Item = Option<T>> + 'c
    where
        Self: 'c,
    {
        cells.iter().map(move |cell| {
            let cell = (*cell)?;
            let (what, help) = match &cell.value {
                CellValue::Null => return None,
                CellValue::Scalar(text) => match parse(text) {
                    Ok(value) => return Some(value),
                    Err(help) => (format!("'{text}'"), help),
                },
                CellValue::List(_) => ("a list".to_owned(), "write one value".to_owned()),
                CellValue::Map(_) => ("a mapping".to_owned(), "write one value".to_owned()),
            };
            wrong.push(self.no_value(cell.span, &what, data_type, &help));
            None
        })
    }

    fn primitives<T: ArrowPrimitiveType>(
        self,
        data_type: &DataType,
        cells: &[Cell<'_>],
        wrong: &mut Vec<Diagnostic>,
        parse: impl Fn(&str) -> Result<T::Native, String>,
    ) -> ArrayRef {
        Arc::new(self.scalars(data_type, cells, wrong, parse).collect::<PrimitiveArray<T>>())
    }

    fn integers<T: ArrowPrimitiveType>(self, cells: &[Cell<'_>], wrong: &mut Vec<Diagnostic>) -> ArrayRef
    where
        T::Native: TryFrom<i64>,
    {
        self.primitives::<T>(&T::DATA_TYPE, cells, wrong, scalar::integer)
    }

    fn lists(self, item: &FieldRef, cells: &[Cell<'_>], wrong: &mut Vec<Diagnostic>) -> Result<ArrayRef, ArrowError> {
        let (mut items, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
        for cell in cells {
            let list = match cell.map(|cell| (&cell.value, cell.span)) {
                None | Some((CellValue::Null, _)) => None,
                Some((CellValue::List(list), _)) => Some(list),
                Some((_, span)) => {
                    let list = DataType::List(Arc::clone(item));
                    wrong.push(self.no_value(span, "this", &list, "write a list: [1, 2]"));
                    None
                }
            };
            valid.push(list.is_some());
            lengths.push(list.map_or(0, Vec::len));
            items.extend(list.into_iter().flatten().map(Some));
        }
        let values = self.array(item.data_type(), &items, wrong);
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets, values, Some(NullBuffer::from(valid)))?))
    }

    fn structs(
        self,
        fields: &Fields,
        cells: &[Cell<'_>],
        wrong: &mut Vec<Diagnostic>,
    ) -> Result<StructArray, ArrowError> {
        let mut parts: Vec<Vec<Cell<'_>>> = vec![vec![None; cells.len()]; fields.len()];
        let mut valid = Vec::with_capacity(cells.len());
        for (row, cell) in cells.iter().enumerate() {
            let map = self.mapping(*cell, &DataType::Struct(fields.clone()), wrong);
            valid.push(map.is_some());
            for (key, part) in map.into_iter().flatten() {
                match fields.iter().position(|field| *field.name() == key.text) {
                    Some(place) => parts[place][row] = Some(part),
                    None => {
                        let message = format!("column '{}' of {} has no field '{}'", self.name, self.table, key.text);
                        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                        let diagnostic = Diagnostic::error("HW0950", message).at(key.span, "no such field");
                        wrong.push(diagnostic.help(format!("its fields are: {}", names.join(", "))));
                    }
                }
            }
        }
        let arrays = fields.iter().zip(&parts).map(|(field, cells)| self.array(field.data_type(), cells, wrong));
        let arrays = arrays.collect();
        if fields.is_empty() {
            return Ok(StructArray::new_empty_fields(cells.len(), Some(NullBuffer::from(valid))));
        }
        StructArray::try_new(fields.clone(), arrays, Some(NullBuffer::from(valid)))
    }

    fn maps(self, entries: &FieldRef, cells: &[Cell<'_>], wrong: &mut Vec<Diagnostic>) -> Result<ArrayRef, ArrowError> {
        let whole = DataType::Map(Arc::clone(entries), false);
        let DataType::Struct(fields) = entries.data_type() else { return Ok(new_null_array(&whole, cells.len())) };
        let [key, value] = fields.as_ref() else { return Ok(new_null_array(&whole, cells.len())) };
        let (mut keys, mut values, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for cell in cells {
            let map = self.mapping(*cell, &whole, wrong);
            valid.push(map.is_some());
            lengths.push(map.map_or(0, Vec::len));
            for (key, value) in map.into_iter().flatten() {
                keys.push(TestCell { span: key.span, value: CellValue::Scalar(key.text.clone()) });
                values.push(Some(value));
            }
        }
        let keys: Vec<Cell<'_>> = keys.iter().map(Some).collect();
        let arrays = vec![self.array(key.data_type(), &keys, wrong), self.array(value.data_type(), &values, wrong)];
        let pairs = StructArray::try_new(fields.clone(), arrays, None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let valid = Some(NullBuffer::from(valid));
        Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, valid, false)?))
    }

    /// The entries of a cell that has to be a mapping.
    fn mapping<'c>(
        self,
        cell: Cell<'c>,
        data_type: &DataType,
        wrong: &mut Vec<Diagnostic>,
    ) -> Option<&'c Vec<(TestText, TestCell)>> {
        match &cell?.value {
            CellValue::Null => None,
            CellValue::Map(entries) => Some(entries),
            CellValue::Scalar(_) | CellValue::List(_) => {
                wrong.push(self.no_value(cell?.span, "this", data_type, "write a mapping: { a: 1 }"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
