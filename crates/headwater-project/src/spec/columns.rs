//! What a project says about columns.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};

use super::formats::ColumnType;

/// A column of a stream or a seed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-not-built" = ["classification", "mask"]))]
pub(crate) struct StreamColumn {
    /// Its type: boolean, smallint, int, bigint, float, double, decimal(p,s), string, binary, date, timestamp or
    /// `timestamp_ntz`. Default: inferred.
    #[serde(rename = "type")]
    pub(crate) data_type: Option<ColumnType>,
    /// What it means.
    pub(crate) description: Option<String>,
    /// Its tags, e.g. `pii`.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// A column of a model. Its type comes from the SQL.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-not-built" = ["classification", "mask"]))]
pub(crate) struct ModelColumn {
    /// What it means.
    pub(crate) description: Option<String>,
    /// Its tags, e.g. `pii`.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
}

/// Things by name, in the order in which they are written. A name without a value stands for the thing's default.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Named<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for InOrder<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut items = Vec::new();
                while let Some((name, item)) = map.next_entry::<String, Option<T>>()? {
                    items.push((name, item.unwrap_or_default()));
                }
                Ok(Named(items))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<Option<T>>() })
    }
}
