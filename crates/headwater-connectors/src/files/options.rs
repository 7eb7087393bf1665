//! The connector's keys in YAML, and what they mean together.

use std::collections::BTreeMap;
use std::sync::Arc;

use encoding_rs::Encoding;
use headwater_sdk::check::OptionsError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::csv::{CsvOptions, NullTokens};
use super::input::Compression;
use super::values::{Reading, check_format};

/// Keys of a source of files.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the files are: a folder relative to the project, an absolute path, or `s3://bucket/prefix`.
    #[serde(default = "here")]
    pub location: String,
    /// Allows a location (or a symbolic link in it) outside the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// Options of the object store, e.g. `region`, `endpoint`, `allow_http`; over those of the environment.
    #[serde(default)]
    pub storage: BTreeMap<String, Scalar>,
}

fn here() -> String {
    ".".into()
}

/// A text, a number or a truth value.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
}

impl Scalar {
    /// The value as an object store takes it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
        }
    }
}

/// Keys of a stream of files.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The files: a path or a glob (`*`, `?`, `[a-z]`, `{a,b}`, `**` across folders) relative to the location.
    pub path: String,
    /// How the files are written.
    #[serde(default)]
    pub format: FormatOptions,
}

/// How files are written.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatOptions {
    /// The format; by default what the path's extension says: `.csv`, `.tsv`, `.json`, `.jsonl`, `.ndjson`, `.parquet`.
    #[serde(rename = "type")]
    pub kind: Option<FormatType>,
    /// CSV: unquoted texts that stand for null, beside the empty one, in every column.
    pub null: Option<OneOrMany>,
    /// CSV: the character between fields, in ASCII; a comma by default, a tab for `.tsv`.
    pub delimiter: Option<String>,
    /// CSV: whether the first row holds the columns' names (the default). Without it, declared columns name the fields
    /// in their order, and further ones are `column_N`.
    pub header: Option<bool>,
    /// CSV: the character around fields, in ASCII; `"` by default, an empty text for none.
    pub quote: Option<String>,
    /// CSV and JSON: a label of the WHATWG Encoding Standard, e.g. `windows-1252`; UTF-8 by default. A byte order mark
    /// in a file goes before it.
    pub encoding: Option<String>,
    /// CSV and JSON: how the files are compressed; by default what their names say (`.gz`, `.zst`).
    pub compression: Option<Compression>,
    /// CSV and JSON: how timestamps are written, in `strftime` directives; ISO 8601 by default.
    pub timestamp_format: Option<String>,
    /// CSV and JSON: how dates are written, in `strftime` directives; `%Y-%m-%d` by default.
    pub date_format: Option<String>,
    /// CSV and JSON: the most bytes of a row, from 1 to 268435456; longer ones are bad rows. 16 MiB by default.
    pub max_line: Option<u64>,
}

/// A text or a list of texts.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormatType {
    /// Delimited text (RFC 4180 and its kin).
    Csv,
    /// One JSON object a line.
    Json,
    /// Apache Parquet.
    Parquet,
}

impl FormatType {
    /// Its name in YAML.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// The longest row by default, in bytes.
const MAX_LINE: u64 = 16 << 20;

/// The longest row that may be asked for: offsets within a block have 30 bits.
const MAX_MAX_LINE: u64 = 256 << 20;

/// The options of a stream, checked.
#[derive(Debug, Clone)]
pub(crate) struct Format {
    pub(crate) kind: FormatType,
    pub(crate) csv: CsvOptions,
    pub(crate) encoding: Option<&'static Encoding>,
    pub(crate) compression: Option<Compression>,
    pub(crate) reading: Reading,
    pub(crate) max_line: usize,
}

fn wrong(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.into()) }
}

/// The format that a path's extension tells, and whether it is that of tabs.
fn kind_of_path(path: &str) -> Option<(FormatType, bool)> {
    let path = path.to_ascii_lowercase();
    // `*.csv*` is for files with and without compression.
    let path = path.trim_end_matches(['*', '.']);
    let compressed = [".gz", ".gzip", ".zst", ".zstd"];
    let path = compressed.iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path);
    match path.rsplit_once('.')?.1 {
        "csv" => Some((FormatType::Csv, false)),
        "tsv" | "tab" => Some((FormatType::Csv, true)),
        "json" | "jsonl" | "ndjson" => Some((FormatType::Json, false)),
        "parquet" | "pq" => Some((FormatType::Parquet, false)),
        _ => None,
    }
}

/// A single ASCII character that can stand in a file beside text and row ends.
fn one_byte(key: &'static str, text: &str) -> Result<u8, OptionsError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(*byte),
        _ => Err(wrong(
            "format",
            format!("`{key}` is {text:?}, and must be one ASCII character other than a line end"),
            format!("write e.g. `{key}: \";\"` or `{key}: \"\\t\"`"),
        )),
    }
}

impl Format {
    /// Checks the keys of `format:` for files under `path`.
    pub(crate) fn resolve(path: &str, options: &FormatOptions) -> Result<Self, OptionsError> {
        let of_path = kind_of_path(path);
        let Some(kind) = options.kind.or(of_path.map(|(kind, _)| kind)) else {
            return Err(wrong(
                "format",
                format!("the extension of '{path}' does not say which format the files have"),
                "say `format: { type: csv }`, or `json` or `parquet`",
            ));
        };
        refuse_foreign_keys(kind, options)?;
        let tabs = matches!(of_path, Some((_, true)));
        let delimiter = match &options.delimiter {
            Some(text) => one_byte("delimiter", text)?,
            None if tabs => b'\t',
            None => b',',
        };
        let quote = match options.quote.as_deref() {
            Some("") => None,
            Some(text) => Some(one_byte("quote", text)?),
            None => Some(b'"'),
        };
        if quote == Some(delimiter) {
            return Err(wrong("format", "`delimiter` and `quote` are the same", "use two different characters"));
        }
        let encoding = options.encoding.as_deref().map(|label| {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                let help = "use a label of the WHATWG Encoding Standard, e.g. utf-8, windows-1252, utf-16le, shift_jis";
                wrong("format", format!("there is no encoding '{label}'"), help)
            })
        });
        for (key, format) in [("timestamp_format", &options.timestamp_format), ("date_format", &options.date_format)] {
            if let Some(format) = format {
                check_format(format).map_err(|why| {
                    let help = "use strftime directives that name a day, e.g. %d/%m/%Y %H:%M:%S";
                    wrong("format", format!("`{key}` {format:?} cannot be used: {why}"), help)
                })?;
            }
        }
        let max_line = options.max_line.unwrap_or(MAX_LINE);
        if !(1..=MAX_MAX_LINE).contains(&max_line) {
            let help = format!("write a number of bytes from 1 to {MAX_MAX_LINE}");
            return Err(wrong("format", format!("`max_line` is {max_line}"), help));
        }
        let nulls = match &options.null {
            None => Vec::new(),
            Some(OneOrMany::One(token)) => vec![token.clone()],
            Some(OneOrMany::Many(tokens)) => tokens.clone(),
        };
        Ok(Self {
            kind,
            csv: CsvOptions {
                delimiter,
                quote,
                header: options.header.unwrap_or(true),
                nulls: Arc::new(NullTokens::new(&nulls)),
            },
            encoding: encoding.transpose()?,
            compression: options.compression,
            reading: Reading {
                timestamp_format: options.timestamp_format.as_deref().map(Into::into),
                date_format: options.date_format.as_deref().map(Into::into),
                ignore_unknown_keys: false,
            },
            max_line: max_line as usize,
        })
    }
}

/// Keys that the format has no use for are errors: they would be believed to have an effect.
fn refuse_foreign_keys(kind: FormatType, options: &FormatOptions) -> Result<(), OptionsError> {
    let csv_only = [
        ("null", options.null.is_some()),
        ("delimiter", options.delimiter.is_some()),
        ("header", options.header.is_some()),
        ("quote", options.quote.is_some()),
    ];
    let text_only = [
        ("encoding", options.encoding.is_some()),
        ("compression", options.compression.is_some()),
        ("timestamp_format", options.timestamp_format.is_some()),
        ("date_format", options.date_format.is_some()),
        ("max_line", options.max_line.is_some()),
    ];
    let given = |keys: &[(&'static str, bool)]| keys.iter().find(|(_, given)| *given).map(|(key, _)| *key);
    let foreign = match kind {
        FormatType::Csv => None,
        FormatType::Json => given(&csv_only),
        FormatType::Parquet => given(&csv_only).or_else(|| given(&text_only)),
    };
    foreign.map_or(Ok(()), |key| {
        Err(wrong("format", format!("`{key}` has no meaning for {} files", kind.name()), format!("remove `{key}`")))
    })
}
