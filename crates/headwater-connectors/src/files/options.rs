//! The connector's keys in YAML.

use std::collections::BTreeMap;

use headwater_sdk::connector::Scalar;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Compression;
use super::sftp::SftpOptions;

/// Keys of a source of files.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceOptions {
    /// Where the files are: a folder relative to the project, an absolute path, `s3://bucket/prefix`,
    /// `sftp://user@host/path`, or `https://host/path`.
    #[serde(default = "here")]
    pub location: String,
    /// Allows a location (or a symbolic link in it) outside the project's folder.
    #[serde(default)]
    pub allow_outside: bool,
    /// Options of the object store, e.g. `region`, `endpoint`, `allow_http`; over those of the environment.
    #[serde(default)]
    pub storage: BTreeMap<String, Scalar>,
    /// Web servers: headers of every request, e.g. `authorization: "Bearer ${TOKEN}"`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// SFTP servers: how to log in, and how the server is known again.
    #[serde(default)]
    pub sftp: Option<SftpOptions>,
}

fn here() -> String {
    ".".into()
}

/// Keys of a stream of files.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamOptions {
    /// The files: a path or a glob (`*`, `?`, `[a-z]`, `{a,b}`, `**` across folders) relative to the location, or a list of them.
    /// Of a web server each file is named, with what may follow it after `?`.
    pub path: OneOrMany,
    /// How the files are written.
    #[serde(default)]
    pub format: FormatOptions,
}

/// How files are written.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatOptions {
    /// The format; by default what the path's extension says: `.csv`, `.tsv`, `.json`, `.jsonl`, `.ndjson`, `.parquet`,
    /// `.avro`, `.xml`, `.xlsx`, `.xlsm`, `.xlsb`, `.xls`, `.ods`.
    #[serde(rename = "type")]
    pub kind: Option<FormatType>,
    /// CSV, Excel and fixed width: unquoted texts that stand for null, beside the empty one, in every column.
    pub null: Option<OneOrMany>,
    /// CSV: the character between fields, in ASCII; a comma by default, a tab for `.tsv`.
    pub delimiter: Option<String>,
    /// CSV and Excel: whether the first row holds the columns' names (the default). Without it, declared columns name the
    /// fields in their order, and further ones are `column_N`. Fixed width, with `widths`: the same, `false` by default.
    pub header: Option<bool>,
    /// CSV: the character around fields, in ASCII; `"` by default, an empty text for none.
    pub quote: Option<String>,
    /// CSV: the character, in ASCII, that lines begin with which are no rows, e.g. `#`; none by default.
    pub comment: Option<String>,
    /// CSV and fixed width: the character before the fraction of a number, e.g. `,`; a point by default.
    pub decimal: Option<String>,
    /// CSV and fixed width: the character that may stand between groups of digits, e.g. `.` in `1.234,50`; none by default. A blank stands
    /// for those that do not break lines, too.
    pub grouping: Option<String>,
    /// CSV, JSON, XML and fixed width: a label of the WHATWG Encoding Standard, e.g. `windows-1252`; UTF-8 by default. A byte order mark
    /// in a file goes before it.
    pub encoding: Option<String>,
    /// CSV, JSON, XML and fixed width: how the files are compressed; by default what their names say (`.gz`, `.zst`).
    pub compression: Option<Compression>,
    /// CSV, JSON, XML, fixed width and texts in Excel: how timestamps are written, in `strftime` directives; ISO 8601 by default.
    pub timestamp_format: Option<String>,
    /// CSV, JSON, XML, fixed width and texts in Excel: how dates are written, in `strftime` directives; `%Y-%m-%d` by default.
    pub date_format: Option<String>,
    /// CSV, JSON, XML and fixed width: the most bytes of a row, from 1 to 268435456; longer ones are bad rows. 16 MiB by default.
    pub max_line: Option<u64>,
    /// JSON: where the records are in a file that is one document: keys with dots between them (`data.items`), `[]` behind a list that is gone
    /// through, `?` behind a key that may be missing, `$` for a list or for objects one behind the other. By default a file has one object
    /// a line, or is one list of them.
    pub records: Option<String>,
    /// Excel: the sheet, by its name or by its number from 1 (hidden ones count); the first one by default.
    pub sheet: Option<SheetName>,
    /// Excel: the cells that are read, e.g. `B3:F200`, `B3:F` (down to the end), `B:F` or `3:200`; all by default.
    pub range: Option<String>,
    /// Excel, CSV and fixed width: rows to leave out at the top of the sheet or of `range`, lines at the top of the file.
    pub skip: Option<u32>,
    /// Excel: the most bytes of a workbook in memory: the file, and what is held of it unpacked (the texts of `.xlsx` and
    /// `.xlsb`, all of `.ods`). 256 MiB by default.
    pub max_workbook: Option<u64>,
    /// Fixed width: the columns, by their places; what stands elsewhere is not read. This or `widths`.
    pub columns: Option<Vec<FixedColumn>>,
    /// Fixed width: how many characters each column has, one beside the other. Declared columns name them in their order.
    pub widths: Option<Vec<u32>>,
    /// Fixed width: whether blanks around a value are no part of it (the default).
    pub trim: Option<bool>,
    /// Fixed width: whether a line may end before its last column does, as where blanks at the end are left out. Otherwise (the
    /// default) such a line is a bad row.
    pub pad: Option<bool>,
    /// XML: the element that is a record, by its name or by the end of its path, e.g. `order` or `orders/order`.
    pub record: Option<String>,
    /// XML: names of elements that are lists, also in records where one comes alone.
    pub lists: Option<OneOrMany>,
}

/// A column of fixed-width files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedColumn {
    /// Its name.
    pub name: String,
    /// Its first character in a line, from 1.
    pub start: u32,
    /// How many characters it has.
    pub width: u32,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SheetName {
    /// Its place, from 1.
    Number(u32),
    /// Its name.
    Name(String),
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

impl OneOrMany {
    /// All of them.
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormatType {
    /// Delimited text (RFC 4180 and its kin).
    Csv,
    /// One JSON object a line, or documents with records in them.
    Json,
    /// Apache Parquet.
    Parquet,
    /// A sheet of a workbook of Excel or LibreOffice: `.xlsx`, `.xlsm`, `.xlsb`, `.xls` or `.ods`.
    Excel,
    /// Apache Avro object container files.
    Avro,
    /// Text whose columns begin at the same place in every line.
    FixedWidth,
    /// XML, with a record for each element of a name.
    Xml,
}

impl FormatType {
    /// Its name in YAML.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Excel => "excel",
            Self::Avro => "avro",
            Self::FixedWidth => "fixed_width",
            Self::Xml => "xml",
        }
    }
}
