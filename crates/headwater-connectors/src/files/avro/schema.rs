//! The schema of a file, and the lake's types for it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::lake_types::widened;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use headwater_sdk::types::{list_of, timestamp_utc};
use serde_json::{Map, Value};

/// Types may be nested this deep.
const MAX_DEPTH: usize = 32;

/// How a value is written, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Arc<[String]>),
    Array(Box<Self>),
    Map(Box<Self>),
    Record(Vec<(String, Self)>),
    Union(Vec<Self>),
    /// Digits, and those after the point; bytes, or as many as this.
    Decimal(u8, i8, Option<usize>),
    Date,
    /// A time of day.
    Clock(Unit),
    /// A time, and whether it is an instant; otherwise it is wall-clock time.
    Moment(Unit, bool),
    Uuid,
    UuidBytes,
    Duration,
}

/// What a time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// The columns that a schema describes.
///
/// # Errors
/// A clause about the schema: `is …` or `has …`.
pub(super) fn parse(json: &[u8]) -> Result<Vec<(String, Type)>, String> {
    let value: Value =
        serde_json::from_slice(json).map_err(|error| format!("has a schema that is no JSON: {error}"))?;
    let mut names = Names::default();
    match names.parse(&value, "", 0)? {
        Type::Record(fields) => Ok(fields),
        other => Err(format!("holds values of the type {}, and not records", kind(&other))),
    }
}

/// The types that have a name; those being read have none yet.
#[derive(Default)]
struct Names {
    known: HashMap<String, Option<Type>>,
}

impl Names {
    fn parse(&mut self, value: &Value, namespace: &str, depth: usize) -> Result<Type, String> {
        if depth > MAX_DEPTH {
            return Err(format!("has types nested deeper than {MAX_DEPTH}"));
        }
        match value {
            Value::String(name) => self.named(name, namespace),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.parse(branch, namespace, depth + 1));
                Ok(Type::Union(branches.collect::<Result<_, _>>()?))
            }
            Value::Object(object) => self.object(object, namespace, depth),
            _ => Err("has a schema that is none".into()),
        }
    }

    fn named(&self, name: &str, namespace: &str) -> Result<Type, String> {
        Ok(match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" => Type::Int,
            "long" => Type::Long,
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes,
            "string" => Type::String,
            name => {
                let full = full_name(name, namespace);
                return match self.known.get(&full).or_else(|| self.known.get(name)) {
                    Some(Some(known)) => Ok(known.clone()),
                    Some(None) => Err(format!("has the type '{name}', which holds itself")),
                    None => Err(format!("has the type '{name}', which its schema does not describe")),
                };
            }
        })
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str, depth: usize) -> Result<Type, String> {
        let kind = object.get("type").ok_or("has a schema with a type that is not named")?;
        let Value::String(kind) = kind else { return self.parse(kind, namespace, depth + 1) };
        let part = |key: &str| object.get(key).ok_or_else(|| format!("has a schema with {kind} without '{key}'"));
        match kind.as_str() {
            "array" => Ok(Type::Array(Box::new(self.parse(part("items")?, namespace, depth + 1)?))),
            "map" => Ok(Type::Map(Box::new(self.parse(part("values")?, namespace, depth + 1)?))),
            "record" | "error" | "enum" | "fixed" => {
                let name = part("name")?.as_str().unwrap_or_default();
                let own = object.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
                let full = full_name(name, own);
                let inner = full.rsplit_once('.').map_or("", |(before, _)| before).to_owned();
                self.known.insert(full.clone(), None);
                let made = match kind.as_str() {
                    "enum" => {
                        let symbols = part("symbols")?.as_array().map(Vec::as_slice).unwrap_or_default();
                        Type::Enum(symbols.iter().map(|s| s.as_str().unwrap_or_default().to_owned()).collect())
                    }
                    "fixed" => {
                        let size = part("size")?.as_u64().filter(|size| *size <= 1 << 24);
                        fixed(size.ok_or("has a schema with a fixed of no size")? as usize, object)
                    }
                    _ => {
                        let fields = part("fields")?.as_array().map(Vec::as_slice).unwrap_or_default();
                        let mut read = Vec::with_capacity(fields.len());
                        for field in fields {
                            let name = field.get("name").and_then(Value::as_str);
                            let (Some(name), Some(of)) = (name, field.get("type")) else {
                                return Err("has a schema with a field without a name or a type".into());
                            };
                            read.push((name.to_owned(), self.parse(of, &inner, depth + 1)?));
                        }
                        Type::Record(read)
                    }
                };
                self.known.insert(full, Some(made.clone()));
                Ok(made)
            }
            primitive => Ok(logical(self.named(primitive, namespace)?, object)),
        }
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// What a primitive type means. A logical type that is unknown or does not fit is left aside, as the specification asks.
fn logical(plain: Type, object: &Map<String, Value>) -> Type {
    use Unit::{Micros, Millis, Nanos};
    let name = object.get("logicalType").and_then(Value::as_str).unwrap_or_default();
    match (&plain, name) {
        (Type::Int, "date") => Type::Date,
        (Type::Int, "time-millis") => Type::Clock(Millis),
        (Type::Long, "time-micros") => Type::Clock(Micros),
        (Type::Long, "timestamp-millis") => Type::Moment(Millis, true),
        (Type::Long, "timestamp-micros") => Type::Moment(Micros, true),
        (Type::Long, "timestamp-nanos") => Type::Moment(Nanos, true),
        (Type::Long, "local-timestamp-millis") => Type::Moment(Millis, false),
        (Type::Long, "local-timestamp-micros") => Type::Moment(Micros, false),
        (Type::Long, "local-timestamp-nanos") => Type::Moment(Nanos, false),
        (Type::String, "uuid") => Type::Uuid,
        (Type::Bytes, "decimal") => decimal(object, None).unwrap_or(plain),
        _ => plain,
    }
}

fn fixed(size: usize, object: &Map<String, Value>) -> Type {
    match (object.get("logicalType").and_then(Value::as_str), size) {
        (Some("decimal"), _) => decimal(object, Some(size)).unwrap_or(Type::Fixed(size)),
        (Some("uuid"), 16) => Type::UuidBytes,
        (Some("duration"), 12) => Type::Duration,
        _ => Type::Fixed(size),
    }
}

fn decimal(object: &Map<String, Value>, size: Option<usize>) -> Option<Type> {
    let precision = object.get("precision")?.as_u64().filter(|precision| (1..=255).contains(precision))?;
    let scale = object.get("scale").map_or(Some(0), Value::as_u64).filter(|scale| *scale <= precision.min(127))?;
    Some(Type::Decimal(precision as u8, scale as i8, size))
}

/// A type's name, for messages.
pub(super) fn kind(of: &Type) -> String {
    match of {
        Type::Null => "null".into(),
        Type::Boolean => "boolean".into(),
        Type::Int => "int".into(),
        Type::Long => "long".into(),
        Type::Float => "float".into(),
        Type::Double => "double".into(),
        Type::Bytes => "bytes".into(),
        Type::String | Type::Uuid => "string".into(),
        Type::Fixed(_) | Type::UuidBytes | Type::Duration => "fixed".into(),
        Type::Enum(_) => "enum".into(),
        Type::Array(_) => "array".into(),
        Type::Map(_) => "map".into(),
        Type::Record(_) => "record".into(),
        Type::Union(branches) => branches.iter().map(kind).collect::<Vec<_>>().join(" or "),
        Type::Decimal(precision, scale, _) => format!("decimal({precision},{scale})"),
        Type::Date => "date".into(),
        Type::Clock(_) => "time".into(),
        Type::Moment(..) => "timestamp".into(),
    }
}

impl Type {
    /// The lake type that takes its values; `None` when there is none.
    pub(super) fn lake(&self) -> Option<DataType> {
        Some(match self {
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Bytes | Self::Fixed(_) => DataType::Binary,
            Self::Null
            | Self::String
            | Self::Enum(_)
            | Self::Clock(_)
            | Self::Uuid
            | Self::UuidBytes
            | Self::Duration => DataType::Utf8,
            Self::Decimal(precision, scale, _) if *precision <= 38 => DataType::Decimal128(*precision, *scale),
            Self::Decimal(..) => return None,
            Self::Date => DataType::Date32,
            Self::Moment(_, true) => timestamp_utc(),
            Self::Moment(_, false) => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Array(item) => list_of(item.lake()?),
            Self::Map(value) => map_of(value.lake()?),
            Self::Record(fields) => {
                let field = |(name, of): &(String, Self)| Some(Field::new(name, of.lake()?, true));
                DataType::Struct(fields.iter().map(field).collect::<Option<Fields>>()?)
            }
            Self::Union(branches) => {
                let mut types = branches.iter().filter(|branch| **branch != Self::Null);
                let Some(first) = types.next() else { return Some(DataType::Utf8) };
                let rest: Vec<&Self> = types.collect();
                if rest.is_empty() {
                    return first.lake();
                }
                // Several: numbers widen, other values that have a text are texts.
                let numeric = |of: &Self| matches!(of, Self::Int | Self::Long | Self::Float | Self::Double);
                if numeric(first) && rest.iter().all(|of| numeric(of)) {
                    return rest.iter().try_fold(first.lake()?, |joined, of| widened(&joined, &of.lake()?));
                }
                let scalar = |of: &Self| {
                    !matches!(
                        of,
                        Self::Array(_) | Self::Map(_) | Self::Record(_) | Self::Union(_) | Self::Bytes | Self::Fixed(_)
                    ) && of.lake().is_some()
                };
                if !scalar(first) || !rest.iter().all(|of| scalar(of)) {
                    return None;
                }
                DataType::Utf8
            }
        })
    }
}

/// A map of texts to values, with the names that Delta's readers use.
fn map_of(value: DataType) -> DataType {
    let entries = vec![Field::new("key", DataType::Utf8, false), Field::new("value", value, true)];
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entries.into()), false)), false)
}
