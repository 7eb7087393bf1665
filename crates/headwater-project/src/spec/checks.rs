//! The keys that every check takes beside its own options.

use headwater_sdk::check::{Severity, Threshold};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use super::formats::parse_share;

/// The keys that every check takes beside its own.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct CheckCommon {
    /// What a failure does: `error` (default: nothing is published), `warn`, or `quarantine` (failing rows go to
    /// `<table>__quarantine`).
    #[serde(default)]
    pub(crate) severity: Severity,
    /// A SQL condition: only rows for which it is true are checked.
    pub(crate) r#where: Option<String>,
    /// How many failing rows are tolerated: a number of rows, or a share of the rows checked such as `0.5%`. Default: 0.
    pub(crate) threshold: Option<ThresholdText>,
    /// What results are kept under. Default: the check and its arguments, e.g. `not_null(carrier)`.
    pub(crate) name: Option<String>,
    /// Why it is there.
    pub(crate) description: Option<String>,
}

/// A threshold as people write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThresholdText(pub(crate) Threshold);

impl<'de> Deserialize<'de> for ThresholdText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let malformed = || serde::de::Error::custom("malformed threshold");
        match Value::deserialize(deserializer)? {
            Value::Number(rows) => rows.as_u64().map(|r| Self(Threshold::Rows(r))).ok_or_else(malformed),
            Value::String(share) => parse_share(&share).map(|p| Self(Threshold::Percent(p))).ok_or_else(malformed),
            _ => Err(malformed()),
        }
    }
}

impl JsonSchema for ThresholdText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "format": "headwater-share", "pattern": r"^\s*[\d.]+\s*%\s*$" },
        ] })
    }
}
