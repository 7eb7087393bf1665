//! Texts with a form of their own: durations, sizes, names, types.

use arrow_schema::DataType;
use headwater_sdk::TableName;
use headwater_sdk::duration::parse_duration;
use headwater_sdk::name::is_name_part;
use headwater_sdk::types::{TYPE_NAMES, parse_type};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::codes;

/// A form that a text must have: the `format` of its JSON Schema.
pub(crate) struct Format {
    /// The value of `format`.
    pub(crate) name: &'static str,
    /// What it is, for messages.
    pub(crate) what: &'static str,
    /// The code of the diagnostic for a text that has not the form.
    pub(crate) code: &'static str,
    /// Whether a text has the form; if not, what to do.
    pub(crate) check: fn(&str) -> Result<(), String>,
}

/// All of them.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "headwater-duration",
        what: "a duration such as 36h",
        code: codes::MALFORMED,
        check: |text| parse_duration(text).map(|_| ()).ok_or_else(|| DURATION_HELP.to_owned()),
    },
    Format {
        name: "headwater-size",
        what: "a size such as 1GiB",
        code: codes::MALFORMED,
        check: |text| parse_size(text).map(|_| ()).ok_or_else(|| SIZE_HELP.to_owned()),
    },
    Format {
        name: "headwater-share",
        what: "a share such as 0.5%",
        code: codes::MALFORMED,
        check: |text| {
            parse_share(text).map(|_| ()).ok_or_else(|| "write a number of rows, or a share: 0.5%".to_owned())
        },
    },
    Format {
        name: "headwater-name",
        what: "a name",
        code: codes::MALFORMED,
        check: |text| is_name(text).then_some(()).ok_or_else(|| NAME_HELP.to_owned()),
    },
    Format {
        name: "headwater-table",
        what: "a table's name: schema.table",
        code: codes::TABLE_NAME,
        check: |text| text.parse::<TableName>().map(|_| ()).map_err(|e| table_help(text, &e)),
    },
    Format {
        name: "headwater-type",
        what: "a column type",
        code: codes::MALFORMED,
        check: |text| parse_type(text).map(|_| ()).ok_or_else(|| type_help(text)),
    },
];

const DURATION_HELP: &str = "write a number and a unit: 90s, 15m, 36h, 7d, 2w, or several: 1d12h";
const SIZE_HELP: &str = "write a number and a unit: 512MiB, 1.5GiB, 2GB";
const NAME_HELP: &str = "use lower-case letters, digits, _ and -, starting with a letter";

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase()) && is_name_part(&text.replace('-', "_"))
}

fn table_help(text: &str, error: &headwater_sdk::name::NameError) -> String {
    let lower = text.to_lowercase().replace(['-', ' '], "_");
    match lower.parse::<TableName>() {
        Ok(name) if name.to_string() != text => format!("did you mean '{name}'?"),
        _ => error.to_string(),
    }
}

fn type_help(text: &str) -> String {
    let name = text.split('(').next().unwrap_or(text).trim().to_ascii_lowercase();
    let familiar = match name.as_str() {
        "text" | "varchar" => Some("string"),
        "str" | "char" | "character varying" => Some("string"),
        "int2" | "tinyint" | "short" => Some("smallint"),
        "int4" | "int32" => Some("int"),
        "long" | "int8" | "int64" => Some("bigint"),
        "datetime" | "timestamptz" => Some("timestamp"),
        "float8" | "float64" => Some("double"),
        "float4" | "float32" => Some("float"),
        "numeric" | "decimal" => Some("decimal(p,s)"),
        "bytes" | "blob" | "bytea" => Some("binary"),
        other => headwater_diagnostics::nearest(other, TYPE_NAMES.split(", ")),
    };
    match familiar {
        Some(name) => format!("did you mean '{name}'? The types are {TYPE_NAMES}"),
        None => format!("the types are {TYPE_NAMES}"),
    }
}

/// The bytes of a size such as `1GiB`.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit: u64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" | "k" => 1 << 10,
        "mib" | "m" => 1 << 20,
        "gib" | "g" => 1 << 30,
        "tib" | "t" => 1 << 40,
        _ => return None,
    };
    let bytes = number * unit as f64;
    (bytes >= 1.0 && bytes < (1u64 << 53) as f64).then_some(bytes as u64)
}

/// The percentage of a share such as `0.5%`, from 0 to 100.
pub(crate) fn parse_share(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let percent: f64 = plain.then(|| number.parse().ok())??;
    (0.0..=100.0).contains(&percent).then_some(percent)
}

macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident($inner:ty), $format:literal, $pattern:literal, $parse:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let parse: fn(&str) -> Option<$inner> = $parse;
                parse(&text).map(Self).ok_or_else(|| serde::de::Error::custom("malformed text"))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format, "pattern": $pattern })
            }
        }
    };
}

text_type!(
    /// A duration in seconds.
    Duration(u64), "headwater-duration", r"^\s*(\d+\s*[a-z]+\s*)+$", parse_duration
);
text_type!(
    /// A size in bytes.
    Size(u64), "headwater-size", r"^\s*[\d.]+\s*[A-Za-z]+\s*$", parse_size
);
text_type!(
    /// A name of one part: of a project or an environment.
    Name(String), "headwater-name", r"^[a-z][a-z0-9_-]*$", |text| is_name(text).then(|| text.to_owned())
);
text_type!(
    /// A table: `schema.table`.
    TableText(TableName), "headwater-table", r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$", |text| text.parse().ok()
);
text_type!(
    /// The type of a column.
    ColumnType(DataType), "headwater-type", r"^[A-Za-z_]+\s*(\(\s*\d+\s*,\s*\d+\s*\))?$", parse_type
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares() {
        assert_eq!(parse_size("1GiB"), Some(1 << 30));
        assert_eq!(parse_size("1.5 kb"), Some(1500));
        for bad in ["", "1", "GiB", "0MiB", "1..2GiB", "-1GiB", "99999999TiB"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
        assert_eq!(parse_share("0.5%"), Some(0.5));
        for bad in ["", "%", "0.5", "101%", "-1%", "1e1%", "nan%"] {
            assert_eq!(parse_share(bad), None, "{bad}");
        }
    }
}
