//! How files of delimited text are written, as keys of `format`.

use std::collections::BTreeSet;

use encoding_rs::{Encoding, UTF_8};
use headwater_sdk::{Blame, Error, Result};
use serde_json::{Map, Value, json};

use super::sniff::{self, Sniffed};
use super::trial::{Open, Trial};
use crate::codes;
use crate::delivered::options_error;
use crate::files::format::{Format, kind_of_path};
use crate::files::listing::FileEntry;
use crate::files::options::FormatOptions;
use crate::files::part::{Source, feed};

/// How files of delimited text are written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) options: FormatOptions,
    /// The columns' names in the file that was looked at.
    pub(super) names: Vec<String>,
    /// Whether its header does not tell them.
    pub(super) is_made: bool,
    /// The places of columns that stay texts though they could be read as numbers.
    pub(super) texts: BTreeSet<usize>,
    /// What may be otherwise: clauses.
    pub(super) guesses: Vec<String>,
}

/// Looks at the first file.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn written(files: &[FileEntry]) -> Result<Written> {
    let Some(first) = files.first() else { return Ok(Written::default()) };
    let (sniffed, encoding) = look(first).await?;
    let Sniffed { delimiter, comment, skip, header, is_made, names, numbers, dates, notes: mut guesses } = sniffed;
    let mut options = FormatOptions {
        delimiter: (delimiter != usual(first)).then(|| char::from(delimiter).to_string()),
        header: (!header).then_some(false),
        encoding: (encoding != UTF_8).then(|| encoding.name().to_ascii_lowercase()),
        comment: comment.map(|comment| char::from(comment).to_string()),
        skip: (skip > 0).then_some(skip),
        ..FormatOptions::default()
    };
    if let Some(encoding) = &options.encoding {
        guesses.push(format!("it is not UTF-8: taken for {encoding}"));
    }
    let Open { notes, mut texts } =
        Trial { file: first, path: &first.path }.complete(&mut options, dates, &numbers).await?;
    guesses.extend(notes);
    let names_of = |places: &BTreeSet<usize>| {
        let named = places.iter().filter_map(|at| names.get(*at)).map(String::as_str);
        named.collect::<Vec<_>>().join(", ")
    };
    if !texts.is_empty() {
        guesses.push(format!(
            "{}: texts, as all values have as many groups (addresses, telephone numbers, codes); say the type where they are numbers",
            names_of(&texts)
        ));
    }
    if options.decimal.is_none() && options.grouping.is_none() && delimiter == b';' && !numbers.thousands.is_empty() {
        guesses.push(format!(
            "{}: all values are like 1.000, which is 1 or a thousand: texts; say `grouping: \".\"` and the type bigint, or the type double alone",
            names_of(&numbers.thousands)
        ));
        texts.extend(&numbers.thousands);
    }
    Ok(Written { options, names, is_made, texts, guesses })
}

/// The columns' names in each file.
///
/// # Errors
/// When one cannot be read.
pub(super) async fn names_of(files: &[FileEntry]) -> Result<Vec<Vec<String>>> {
    let mut names = Vec::with_capacity(files.len());
    for file in files {
        names.push(look(file).await?.0.names);
    }
    Ok(names)
}

/// What stands between fields, by the name of a file.
fn usual(file: &FileEntry) -> u8 {
    if matches!(kind_of_path(&file.path), Some((_, true))) { b'\t' } else { b',' }
}

async fn look(file: &FileEntry) -> Result<(Sniffed, &'static Encoding)> {
    let (source, file, usual) = (Source::start(file, None), file.clone(), usual(file));
    let format = Format::resolve(&file.path, &FormatOptions::default()).map_err(options_error)?;
    let look = move || -> Result<(Sniffed, &'static Encoding)> {
        let mut text = feed(source, &file, &format)?;
        text.more()?;
        let (bytes, ended) = (text.bytes(), text.ended());
        Ok((sniff::sniff(bytes, ended, usual), sniff::encoding(bytes)))
    };
    tokio::task::spawn_blocking(look).await.map_err(|error| {
        Error::new(codes::DEFECT, Blame::Headwater, "looking at a file was cut off").caused_by(error)
    })?
}

/// The keys of `format` that are not the default.
pub(super) fn keys_of(options: &FormatOptions) -> Map<String, Value> {
    let mut keys = Map::new();
    let mut put = |key: &str, value: Option<Value>| keys.extend(value.map(|value| (key.to_owned(), value)));
    put("delimiter", options.delimiter.as_ref().map(|delimiter| json!(delimiter)));
    put("comment", options.comment.as_ref().map(|comment| json!(comment)));
    put("skip", options.skip.map(|skip| json!(skip)));
    put("decimal", options.decimal.as_ref().map(|decimal| json!(decimal)));
    put("grouping", options.grouping.as_ref().map(|grouping| json!(grouping)));
    put("header", options.header.map(Value::Bool));
    put("date_format", options.date_format.as_ref().map(|format| json!(format)));
    put("timestamp_format", options.timestamp_format.as_ref().map(|format| json!(format)));
    put("encoding", options.encoding.as_ref().map(|encoding| json!(encoding)));
    put("null", options.null.as_ref().map(|null| json!(null.as_slice())));
    keys
}
