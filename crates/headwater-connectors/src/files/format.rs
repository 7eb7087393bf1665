//! What the keys of `format:` mean together.

use std::sync::Arc;

use encoding_rs::Encoding;
use headwater_sdk::check::OptionsError;

use super::csv::{CsvOptions, NullTokens};
use super::excel::{Area, ExcelOptions};
use super::fixed::{FixedLayout, FixedOptions};
use super::input::Compression;
use super::listing::FileEntry;
use super::options::{FormatOptions, FormatType, OneOrMany, SheetName};
use super::xml::XmlOptions;
use crate::columns::{JsonPath, Reading, Step, check_format};
use crate::text::NumberFormat;

/// The longest row by default, in bytes.
const MAX_LINE: u64 = 16 << 20;

/// The longest row that may be asked for: offsets within a block have 30 bits.
const MAX_MAX_LINE: u64 = 256 << 20;

/// The most bytes of a workbook by default.
const MAX_WORKBOOK: u64 = 256 << 20;

/// The options of a stream, checked.
#[derive(Debug, Clone)]
pub(crate) struct Format {
    pub(crate) kind: FormatType,
    pub(crate) csv: CsvOptions,
    pub(crate) excel: ExcelOptions,
    pub(crate) fixed: FixedOptions,
    pub(crate) xml: Arc<XmlOptions>,
    /// Where the records of JSON are, in a document.
    pub(crate) records: Option<Arc<JsonPath>>,
    pub(crate) encoding: Option<&'static Encoding>,
    pub(crate) compression: Option<Compression>,
    pub(crate) reading: Reading,
    pub(crate) max_line: usize,
}

fn wrong(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> OptionsError {
    OptionsError { key: Some(key), message: message.into(), help: Some(help.into()) }
}

/// The format that a path's extension tells, and whether it is that of tabs.
pub(super) fn kind_of_path(path: &str) -> Option<(FormatType, bool)> {
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
        "avro" => Some((FormatType::Avro, false)),
        "xml" => Some((FormatType::Xml, false)),
        "xlsx" | "xlsm" | "xlsb" | "xls" | "ods" => Some((FormatType::Excel, false)),
        _ => None,
    }
}

/// A single ASCII character that can stand in a file beside text and row ends.
fn one_byte(key: &'static str, text: &str, examples: &[&str]) -> Result<u8, OptionsError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(*byte),
        _ => Err(wrong(
            "format",
            format!("`{key}` is {text:?}, and must be one ASCII character other than a line end"),
            format!(
                "write e.g. {}",
                examples.iter().map(|e| format!("`{key}: \"{e}\"`")).collect::<Vec<_>>().join(" or ")
            ),
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
                "say `format: { type: csv }`, or `json`, `parquet`, `avro`, `xml`, `excel` or `fixed_width`",
            ));
        };
        refuse_foreign_keys(kind, options)?;
        let tabs = matches!(of_path, Some((_, true)));
        let delimiter = match &options.delimiter {
            Some(text) => one_byte("delimiter", text, &[";", "\\t"])?,
            None if tabs => b'\t',
            None => b',',
        };
        let quote = match options.quote.as_deref() {
            Some("") => None,
            Some(text) => Some(one_byte("quote", text, &["'"])?),
            None => Some(b'"'),
        };
        if quote == Some(delimiter) {
            return Err(wrong("format", "`delimiter` and `quote` are the same", "use two different characters"));
        }
        let comment = options.comment.as_deref().map(|text| one_byte("comment", text, &["#"])).transpose()?;
        if comment.is_some() && (comment == Some(delimiter) || comment == quote) {
            let message = "`comment` is the same as `delimiter` or `quote`";
            return Err(wrong("format", message, "use three different characters"));
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
        let nulls = Arc::new(NullTokens::new(options.null.as_ref().map(OneOrMany::as_slice).unwrap_or_default()));
        let header = options.header.unwrap_or(true);
        Ok(Self {
            kind,
            csv: CsvOptions {
                delimiter,
                quote,
                comment,
                header,
                skip: options.skip.unwrap_or(0),
                nulls: Arc::clone(&nulls),
            },
            fixed: if kind == FormatType::FixedWidth {
                fixed_options(options, &nulls)?
            } else {
                FixedOptions::default()
            },
            excel: excel_options(options, header, nulls)?,
            xml: Arc::new(xml_options(kind, options)?),
            records: options.records.as_deref().map(records_at).transpose()?,
            encoding: encoding.transpose()?,
            compression: options.compression,
            reading: Reading {
                timestamp_format: options.timestamp_format.as_deref().map(Into::into),
                date_format: options.date_format.as_deref().map(Into::into),
                ignore_unknown_keys: false,
                lone_items: kind == FormatType::Xml,
                also_iso: kind == FormatType::Excel,
                numbers: number_format(options)?.map(Arc::new),
            },
            max_line: max_line as usize,
        })
    }
}

/// How numbers are written, where it is not with a point and digits alone.
fn number_format(options: &FormatOptions) -> Result<Option<NumberFormat>, OptionsError> {
    let mark = |key: &'static str, text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(mark), None) if !mark.is_alphanumeric() && !matches!(mark, '-' | '+' | '\n' | '\r') => Ok(Some(mark)),
            _ => {
                let message = format!("`{key}` is {text:?}, and must be one character that numbers do not have anyway");
                Err(wrong("format", message, "write e.g. `decimal: \",\"` and `grouping: \".\"` for 1.234,50"))
            }
        }
    };
    let (decimal, grouping) = (mark("decimal", &options.decimal)?, mark("grouping", &options.grouping)?);
    if decimal.is_none() && grouping.is_none() {
        return Ok(None);
    }
    let decimal = decimal.unwrap_or('.');
    if grouping == Some(decimal) {
        let help = "say both, e.g. `decimal: \",\"` and `grouping: \".\"`";
        return Err(wrong("format", format!("`decimal` and `grouping` are both '{decimal}'"), help));
    }
    Ok(Some(NumberFormat { decimal, grouping }))
}

impl Format {
    /// How a file is compressed.
    pub(crate) fn compression_of(&self, file: &FileEntry) -> Compression {
        self.compression.unwrap_or_else(|| match Compression::of_name(&file.path) {
            // What a name tells is what the server may tell once more.
            Compression::None => file.compression.unwrap_or(Compression::None),
            told => told,
        })
    }

    /// What a file has to be that is known to have no byte, where such a file cannot be one: text may be empty, but what has a header of its
    /// own is cut off then.
    pub(crate) fn not_empty(&self, file: &FileEntry) -> Option<&'static str> {
        match self.kind {
            _ if !file.is_empty() => None,
            FormatType::Parquet => Some("Parquet file"),
            FormatType::Avro => Some("Avro container file"),
            FormatType::Excel => Some("workbook"),
            FormatType::Csv | FormatType::Json | FormatType::Xml | FormatType::FixedWidth => {
                match self.compression_of(file) {
                    Compression::Gzip => Some("gzip file"),
                    Compression::Zstd => Some("zstd file"),
                    Compression::None => None,
                }
            }
        }
    }
}

/// The keys of workbooks, checked.
fn excel_options(options: &FormatOptions, header: bool, nulls: Arc<NullTokens>) -> Result<ExcelOptions, OptionsError> {
    let area = match options.range.as_deref() {
        None => Area::default(),
        Some(text) => Area::parse(text).ok_or_else(|| {
            let help = "write e.g. `range: B3:F200`, `B3:F`, `B:F` or `3:200`";
            wrong("format", format!("`range` is {text:?}, which names no cells"), help)
        })?,
    };
    if options.sheet == Some(SheetName::Number(0)) {
        return Err(wrong("format", "there is no sheet 0", "sheets are counted from 1"));
    }
    let max_workbook = options.max_workbook.unwrap_or(MAX_WORKBOOK);
    if max_workbook == 0 {
        return Err(wrong("format", "`max_workbook` is 0", "write a number of bytes"));
    }
    let area = area.below(options.skip.unwrap_or(0));
    Ok(ExcelOptions { sheet: options.sheet.clone(), area, header, nulls, max_workbook })
}

/// The keys of fixed-width files, checked.
fn fixed_options(options: &FormatOptions, nulls: &Arc<NullTokens>) -> Result<FixedOptions, OptionsError> {
    let header = options.header.unwrap_or(false);
    if header && options.columns.is_some() {
        let help = "remove `header`, and leave the first line out with `skip: 1`";
        return Err(wrong("format", "`columns` names the columns, and so would `header`", help));
    }
    Ok(FixedOptions {
        layout: FixedLayout::new(options.columns.as_deref(), options.widths.as_deref())?,
        header,
        skip: options.skip.unwrap_or(0),
        trim: options.trim.unwrap_or(true),
        pad: options.pad.unwrap_or(false),
        nulls: Some(Arc::clone(nulls)),
    })
}

/// Where records are in a document.
fn records_at(text: &str) -> Result<Arc<JsonPath>, OptionsError> {
    let help = "write keys with dots between them, `[]` behind the key of a list, `$` for the document itself";
    let path = JsonPath::parse(text);
    let mut path =
        path.map_err(|what| wrong("format", format!("`records` is {text:?}, which is no path: {what}"), help))?;
    // A list at the end is gone through anyway.
    if path.steps.last() == Some(&Step::Each) {
        path.steps.pop();
    }
    Ok(Arc::new(path))
}

/// The keys of XML, checked.
fn xml_options(kind: FormatType, options: &FormatOptions) -> Result<XmlOptions, OptionsError> {
    let record = options.record.as_deref().unwrap_or_default().split('/').filter(|name| !name.is_empty());
    let record: Vec<String> = record.map(str::to_owned).collect();
    if kind == FormatType::Xml && record.is_empty() {
        let help = "name the element that is a record: `format: { type: xml, record: order }`";
        return Err(wrong("format", "`record` is missing", help));
    }
    let lists = options.lists.as_ref().map(OneOrMany::as_slice).unwrap_or_default();
    Ok(XmlOptions {
        record,
        lists: lists.iter().cloned().collect(),
        plain: options.encoding.is_none(),
        ..XmlOptions::default()
    })
}

/// Keys that the format has no use for are errors: they would be believed to have an effect.
fn refuse_foreign_keys(kind: FormatType, options: &FormatOptions) -> Result<(), OptionsError> {
    use FormatType::{Csv, Excel, FixedWidth, Json, Xml};
    let keys: [(&str, bool, &[FormatType]); 23] = [
        ("records", options.records.is_some(), &[Json]),
        ("null", options.null.is_some(), &[Csv, Excel, FixedWidth]),
        ("delimiter", options.delimiter.is_some(), &[Csv]),
        ("header", options.header.is_some(), &[Csv, Excel, FixedWidth]),
        ("quote", options.quote.is_some(), &[Csv]),
        ("encoding", options.encoding.is_some(), &[Csv, Json, Xml, FixedWidth]),
        ("compression", options.compression.is_some(), &[Csv, Json, Xml, FixedWidth]),
        ("timestamp_format", options.timestamp_format.is_some(), &[Csv, Json, Xml, Excel, FixedWidth]),
        ("date_format", options.date_format.is_some(), &[Csv, Json, Xml, Excel, FixedWidth]),
        ("max_line", options.max_line.is_some(), &[Csv, Json, Xml, FixedWidth]),
        ("sheet", options.sheet.is_some(), &[Excel]),
        ("range", options.range.is_some(), &[Excel]),
        ("comment", options.comment.is_some(), &[Csv]),
        ("decimal", options.decimal.is_some(), &[Csv, FixedWidth]),
        ("grouping", options.grouping.is_some(), &[Csv, FixedWidth]),
        ("skip", options.skip.is_some(), &[Csv, Excel, FixedWidth]),
        ("max_workbook", options.max_workbook.is_some(), &[Excel]),
        ("columns", options.columns.is_some(), &[FixedWidth]),
        ("widths", options.widths.is_some(), &[FixedWidth]),
        ("trim", options.trim.is_some(), &[FixedWidth]),
        ("pad", options.pad.is_some(), &[FixedWidth]),
        ("record", options.record.is_some(), &[Xml]),
        ("lists", options.lists.is_some(), &[Xml]),
    ];
    let foreign = keys.iter().find(|(_, given, of)| *given && !of.contains(&kind));
    foreign.map_or(Ok(()), |(key, ..)| {
        Err(wrong("format", format!("`{key}` has no meaning for {} files", kind.name()), format!("remove `{key}`")))
    })
}
