//! Values of one type on their way from blocks to an array.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int32Builder,
    Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields};

use super::cursor::{Cursor, Damage};
use super::duration::{clock, span};
use super::schema::{Type, Unit};
use crate::columns::cast;
use crate::text::uuid;

/// Why a value that is written well has no place in its column, as a clause. A null stands for it.
pub(super) type Flaw = Option<&'static str>;

/// The values of a column, being collected.
#[derive(Debug)]
pub(super) enum Sink {
    Null(usize),
    Boolean(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Bytes(Option<usize>, BinaryBuilder),
    /// Texts, and what is written as something else and read as a text.
    Text(Type, StringBuilder),
    Decimal(Decimals),
    Date(Date32Builder),
    Moment(Unit, TimestampMicrosecondBuilder),
    List(Box<Lists>),
    Map(Box<Maps>),
    Struct(Box<Structs>),
    /// A union of null and one other type, and which branch null is.
    Optional(i64, Box<Self>),
    /// A union of several types that become one.
    Union(Vec<Type>, Box<Self>),
}

#[derive(Debug)]
pub(super) struct Decimals {
    size: Option<usize>,
    /// The least value with too many digits.
    limit: i128,
    builder: Decimal128Builder,
}

#[derive(Debug)]
pub(super) struct Lists {
    item: FieldRef,
    items: Sink,
    count: i32,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

#[derive(Debug)]
pub(super) struct Maps {
    entries: FieldRef,
    keys: StringBuilder,
    values: Sink,
    offsets: Vec<i32>,
    count: i32,
    nulls: NullBufferBuilder,
}

#[derive(Debug)]
pub(super) struct Structs {
    fields: Fields,
    children: Vec<Sink>,
    nulls: NullBufferBuilder,
}

impl Sink {
    /// For the values of a type; `None` when no lake type takes them.
    pub(super) fn new(of: &Type) -> Option<Self> {
        let lake = of.lake()?;
        Some(match of {
            Type::Null => Self::Null(0),
            Type::Boolean => Self::Boolean(BooleanBuilder::new()),
            Type::Int => Self::Int(Int32Builder::new()),
            Type::Long => Self::Long(Int64Builder::new()),
            Type::Float => Self::Float(Float32Builder::new()),
            Type::Double => Self::Double(Float64Builder::new()),
            Type::Bytes => Self::Bytes(None, BinaryBuilder::new()),
            Type::Fixed(size) => Self::Bytes(Some(*size), BinaryBuilder::new()),
            Type::String | Type::Enum(_) | Type::Clock(_) | Type::Uuid | Type::UuidBytes | Type::Duration => {
                Self::Text(of.clone(), StringBuilder::new())
            }
            Type::Decimal(precision, _, size) => Self::Decimal(Decimals {
                size: *size,
                limit: 10_i128.checked_pow(u32::from(*precision))?,
                builder: Decimal128Builder::new().with_data_type(lake),
            }),
            Type::Date => Self::Date(Date32Builder::new()),
            Type::Moment(unit, _) => Self::Moment(*unit, TimestampMicrosecondBuilder::new().with_data_type(lake)),
            Type::Array(item) => {
                let DataType::List(field) = lake else { return None };
                let (offsets, nulls) = (vec![0], NullBufferBuilder::new(0));
                Self::List(Box::new(Lists { item: field, items: Self::new(item)?, count: 0, offsets, nulls }))
            }
            Type::Map(value) => {
                let DataType::Map(entries, _) = lake else { return None };
                let (offsets, nulls) = (vec![0], NullBufferBuilder::new(0));
                let keys = StringBuilder::new();
                Self::Map(Box::new(Maps { entries, keys, values: Self::new(value)?, offsets, count: 0, nulls }))
            }
            Type::Record(fields) => {
                let children = fields.iter().map(|(_, of)| Self::new(of)).collect::<Option<_>>()?;
                let DataType::Struct(fields) = lake else { return None };
                Self::Struct(Box::new(Structs { fields, children, nulls: NullBufferBuilder::new(0) }))
            }
            Type::Union(branches) => match branches.as_slice() {
                [Type::Null, one] => Self::Optional(0, Box::new(Self::new(one)?)),
                [one, Type::Null] => Self::Optional(1, Box::new(Self::new(one)?)),
                branches => {
                    let joined = match lake {
                        DataType::Int32 => Type::Int,
                        DataType::Int64 => Type::Long,
                        DataType::Float32 => Type::Float,
                        DataType::Float64 => Type::Double,
                        DataType::Utf8 => Type::String,
                        // One type beside null, written as a union of one or with null more than once.
                        _ => branches.iter().find(|branch| **branch != Type::Null)?.clone(),
                    };
                    Self::Union(branches.to_vec(), Box::new(Self::new(&joined)?))
                }
            },
        })
    }

    /// Takes the next value.
    ///
    /// # Errors
    /// When the block is damaged.
    pub(super) fn read(&mut self, from: &mut Cursor<'_>, flaw: &mut Flaw) -> Result<(), Damage> {
        match self {
            Self::Null(count) => *count += 1,
            Self::Boolean(builder) => builder.append_value(boolean(from)?),
            Self::Int(builder) => builder.append_value(from.int()?),
            Self::Long(builder) => builder.append_value(from.long()?),
            Self::Float(builder) => builder.append_value(f32::from_le_bytes(from.array()?)),
            Self::Double(builder) => builder.append_value(f64::from_le_bytes(from.array()?)),
            Self::Bytes(None, builder) => builder.append_value(from.bytes()?),
            Self::Bytes(Some(size), builder) => builder.append_value(from.take(*size)?),
            Self::Text(of, builder) => text(of, builder, from, flaw)?,
            Self::Decimal(decimals) => {
                let bytes = match decimals.size {
                    None => from.bytes()?,
                    Some(size) => from.take(size)?,
                };
                let value = big_endian(bytes).filter(|value| value.abs() < decimals.limit);
                if value.is_none() {
                    *flaw = Some("holds a number with more digits than its type has");
                }
                decimals.builder.append_option(value);
            }
            Self::Date(builder) => builder.append_value(from.int()?),
            Self::Moment(unit, builder) => {
                let ticks = from.long()?;
                let micros = match unit {
                    Unit::Millis => ticks.checked_mul(1000),
                    Unit::Micros => Some(ticks),
                    Unit::Nanos => Some(ticks.div_euclid(1000)),
                };
                if micros.is_none() {
                    *flaw = Some("holds a time that is too far away");
                }
                builder.append_option(micros);
            }
            Self::List(list) => {
                loop {
                    let items = from.items()?;
                    if items == 0 {
                        break;
                    }
                    for _ in 0..items {
                        list.items.read(from, flaw)?;
                    }
                    list.count = longer(list.count, items)?;
                }
                list.offsets.push(list.count);
                list.nulls.append_non_null();
            }
            Self::Map(map) => {
                loop {
                    let entries = from.items()?;
                    if entries == 0 {
                        break;
                    }
                    for _ in 0..entries {
                        let key = std::str::from_utf8(from.bytes()?);
                        if key.is_err() {
                            *flaw = Some(NOT_UTF8);
                        }
                        map.keys.append_value(key.unwrap_or_default());
                        map.values.read(from, flaw)?;
                    }
                    map.count = longer(map.count, entries)?;
                }
                map.offsets.push(map.count);
                map.nulls.append_non_null();
            }
            Self::Struct(record) => {
                for child in &mut record.children {
                    child.read(from, flaw)?;
                }
                record.nulls.append_non_null();
            }
            Self::Optional(null, inner) => match from.long()? {
                branch if branch == *null => inner.push_null(),
                0 | 1 => inner.read(from, flaw)?,
                _ => return Err(NO_BRANCH),
            },
            Self::Union(branches, inner) => {
                let branch = usize::try_from(from.long()?).ok().and_then(|at| branches.get(at)).ok_or(NO_BRANCH)?;
                inner.read_as(branch, from, flaw)?;
            }
        }
        Ok(())
    }

    /// Takes a value that is written as another type.
    fn read_as(&mut self, branch: &Type, from: &mut Cursor<'_>, flaw: &mut Flaw) -> Result<(), Damage> {
        match (self, branch) {
            (this, Type::Null) => this.push_null(),
            (Self::Long(builder), Type::Int | Type::Long) => builder.append_value(from.long()?),
            (Self::Double(builder), Type::Int | Type::Long) => builder.append_value(from.long()? as f64),
            (Self::Double(builder), Type::Float) => builder.append_value(f64::from(f32::from_le_bytes(from.array()?))),
            (Self::Text(Type::String, builder), other) => {
                // Seldom: an array of one, for the text that such a value has elsewhere.
                let mut one = Self::new(other).ok_or(NO_BRANCH)?;
                one.read(from, flaw)?;
                let texts = one.finish().and_then(|array| cast(&array, &DataType::Utf8, &mut |_, _| {}));
                let texts = texts.map_err(|_| NO_BRANCH)?;
                let texts = texts.as_string::<i32>();
                builder.append_option(texts.is_valid(0).then(|| texts.value(0)));
            }
            (this, _) => this.read(from, flaw)?,
        }
        Ok(())
    }

    /// Takes a null.
    pub(super) fn push_null(&mut self) {
        match self {
            Self::Null(count) => *count += 1,
            Self::Boolean(builder) => builder.append_null(),
            Self::Int(builder) => builder.append_null(),
            Self::Long(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Double(builder) => builder.append_null(),
            Self::Bytes(_, builder) => builder.append_null(),
            Self::Text(_, builder) => builder.append_null(),
            Self::Decimal(decimals) => decimals.builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Moment(_, builder) => builder.append_null(),
            Self::List(list) => {
                list.offsets.push(list.count);
                list.nulls.append_null();
            }
            Self::Map(map) => {
                map.offsets.push(map.count);
                map.nulls.append_null();
            }
            Self::Struct(record) => {
                record.children.iter_mut().for_each(Self::push_null);
                record.nulls.append_null();
            }
            Self::Optional(_, inner) | Self::Union(_, inner) => inner.push_null(),
        }
    }

    /// The array of the values collected; nothing is then.
    ///
    /// # Errors
    /// Only for a defect.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        fn taken(offsets: &mut Vec<i32>) -> OffsetBuffer<i32> {
            OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])))
        }
        Ok(match self {
            Self::Null(count) => arrow_array::new_null_array(&DataType::Utf8, std::mem::take(count)),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Long(builder) => Arc::new(builder.finish()),
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Bytes(_, builder) => Arc::new(builder.finish()),
            Self::Text(_, builder) => Arc::new(builder.finish()),
            Self::Decimal(decimals) => Arc::new(decimals.builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Moment(_, builder) => Arc::new(builder.finish()),
            Self::List(list) => {
                list.count = 0;
                let (offsets, nulls) = (taken(&mut list.offsets), list.nulls.finish());
                Arc::new(ListArray::try_new(Arc::clone(&list.item), offsets, list.items.finish()?, nulls)?)
            }
            Self::Map(map) => {
                map.count = 0;
                let DataType::Struct(fields) = map.entries.data_type() else {
                    return Err(ArrowError::SchemaError("the entries of a map are no struct".into()));
                };
                let columns: Vec<ArrayRef> = vec![Arc::new(map.keys.finish()), map.values.finish()?];
                let entries = StructArray::try_new(fields.clone(), columns, None)?;
                let (offsets, nulls) = (taken(&mut map.offsets), map.nulls.finish());
                Arc::new(MapArray::try_new(Arc::clone(&map.entries), offsets, entries, nulls, false)?)
            }
            Self::Struct(record) => {
                let rows = record.nulls.len();
                let children = record.children.iter_mut().map(Self::finish).collect::<Result<_, _>>()?;
                let nulls = record.nulls.finish();
                Arc::new(StructArray::try_new_with_length(record.fields.clone(), children, nulls, rows)?)
            }
            Self::Optional(_, inner) | Self::Union(_, inner) => inner.finish()?,
        })
    }
}

const NOT_UTF8: &str = "holds bytes that are not UTF-8";
const NO_BRANCH: Damage = Damage("a value in it is of none of its union's types");

fn longer(count: i32, items: usize) -> Result<i32, Damage> {
    i32::try_from(items).ok().and_then(|items| count.checked_add(items)).ok_or(Damage("it holds too many items"))
}

fn boolean(from: &mut Cursor<'_>) -> Result<bool, Damage> {
    match from.array()? {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(Damage("a truth value in it is neither")),
    }
}

fn text(of: &Type, builder: &mut StringBuilder, from: &mut Cursor<'_>, flaw: &mut Flaw) -> Result<(), Damage> {
    match of {
        Type::Enum(symbols) => {
            let symbol = usize::try_from(from.int()?).ok().and_then(|at| symbols.get(at));
            builder.append_value(symbol.ok_or(Damage("a value in it is none of its enum's"))?);
        }
        Type::Clock(unit) => {
            let micros = match unit {
                Unit::Millis => i64::from(from.int()?) * 1000,
                Unit::Micros | Unit::Nanos => from.long()?,
            };
            let clock = clock(micros);
            if clock.is_none() {
                *flaw = Some("holds a time that no day has");
            }
            builder.append_option(clock);
        }
        Type::UuidBytes => builder.append_value(uuid(from.array()?)),
        Type::Duration => builder.append_value(span(from.array()?)),
        _ => {
            let text = simdutf8::basic::from_utf8(from.bytes()?).ok();
            if text.is_none() {
                *flaw = Some(NOT_UTF8);
            }
            builder.append_option(text);
        }
    }
    Ok(())
}

/// A number of any length in two's complement; `None` when it needs more than 128 bits.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xFF } else { 0 };
    let (extra, last) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut whole = [fill; 16];
    whole[16 - last.len()..].copy_from_slice(last);
    let value = i128::from_be_bytes(whole);
    (extra.iter().all(|byte| *byte == fill) && (value < 0) == negative).then_some(value)
}

/// Passes over a value.
///
/// # Errors
/// When the block is damaged.
pub(super) fn skip(of: &Type, from: &mut Cursor<'_>) -> Result<(), Damage> {
    match of {
        Type::Null => {}
        Type::Boolean => drop(boolean(from)?),
        Type::Int | Type::Long | Type::Enum(_) | Type::Date | Type::Clock(_) | Type::Moment(..) => drop(from.long()?),
        Type::Float => drop(from.take(4)?),
        Type::Double => drop(from.take(8)?),
        Type::Bytes | Type::String | Type::Uuid | Type::Decimal(_, _, None) => drop(from.bytes()?),
        Type::Fixed(size) | Type::Decimal(_, _, Some(size)) => drop(from.take(*size)?),
        Type::UuidBytes => drop(from.take(16)?),
        Type::Duration => drop(from.take(12)?),
        Type::Array(item) => loop {
            let items = from.items()?;
            if items == 0 {
                break;
            }
            for _ in 0..items {
                skip(item, from)?;
            }
        },
        Type::Map(value) => loop {
            let entries = from.items()?;
            if entries == 0 {
                break;
            }
            for _ in 0..entries {
                let _key = from.bytes()?;
                skip(value, from)?;
            }
        },
        Type::Record(fields) => {
            for (_, field) in fields {
                skip(field, from)?;
            }
        }
        Type::Union(branches) => {
            let branch = usize::try_from(from.long()?).ok().and_then(|at| branches.get(at)).ok_or(NO_BRANCH)?;
            skip(branch, from)?;
        }
    }
    Ok(())
}
