//! A table as JSON lines or CSV, and the names of its columns.

use std::io::Read;

use arrow_schema::Schema;
use headwater_diagnostics::nearest;
use headwater_sdk::connector::SourceBatch;
use headwater_sdk::script::DataFormat;
use headwater_sdk::{Blame, Error};

use super::{Expected, NAME};
use crate::codes;
use crate::columns::{UnknownKeys, shown};
use crate::files::{FormatType, PipedText, Stopped, decode};
use crate::process::Undecoded;

/// Reads the table.
///
/// # Errors
/// When the output cannot be read, has other columns, or has a bad row that is to fail the load.
pub(super) fn read(
    stdout: impl Read + Send + 'static,
    expected: &Expected,
    take: &mut dyn FnMut(SourceBatch) -> bool,
) -> Result<(), Undecoded> {
    let text = PipedText {
        text: stdout,
        name: NAME.into(),
        kind: if expected.format == DataFormat::Csv { FormatType::Csv } else { FormatType::Json },
        schema: expected.schema.clone(),
        on_bad_row: expected.on_bad_row,
        keys: UnknownKeys::Undeclared.into(),
        key: Vec::new(),
        lines: 0,
    };
    let verify = |names: &[String]| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        verify_names(&names, &expected.schema)
    };
    decode(text, &verify, &mut |batch, _| take(batch)).map_err(|stopped| match stopped {
        Stopped::GivenUp => Undecoded::GivenUp,
        Stopped::Wrong(error) => Undecoded::Wrong(error),
        Stopped::Empty => Undecoded::CutOff(
            Error::new(codes::NO_TABLE, Blame::Project, format!("{NAME} is empty: there is not even a header"))
                .help("write the line with the names of the columns even when there are no rows"),
        ),
    })
}

/// The columns that were written have to be those that are declared, in any order.
///
/// # Errors
/// `HW0326` for columns that are missing, that are not declared, or that come twice.
pub(super) fn verify_names(written: &[&str], declared: &Schema) -> Result<(), Error> {
    let wrong = |message: String| Error::new(codes::COLUMNS, Blame::Project, message);
    let names: Vec<&str> = declared.fields().iter().map(|field| field.name().as_str()).collect();
    let list = |names: &[&str]| match names {
        [one] => format!("column '{}'", shown(one.as_bytes())),
        many => {
            let quoted: Vec<String> = many.iter().map(|name| format!("'{}'", shown(name.as_bytes()))).collect();
            format!("columns {}", quoted.join(", "))
        }
    };
    let missing: Vec<&str> = names.iter().copied().filter(|name| !written.contains(name)).collect();
    let foreign: Vec<&str> = written.iter().copied().filter(|name| !names.contains(name)).collect();
    match (missing.as_slice(), foreign.as_slice()) {
        ([], []) => {}
        ([first, ..], foreign) => {
            let help = match nearest(first, foreign.iter().copied()) {
                Some(near) => format!(
                    "it has '{}', which is not declared: give it one name in both places",
                    shown(near.as_bytes())
                ),
                None => format!("it has {}", list(written)),
            };
            return Err(wrong(format!("{NAME} lacks {}", list(&missing))).help(help));
        }
        ([], foreign) => {
            let help = "declare what the table is to have under `columns`, with its type, and let the program leave out the rest";
            return Err(wrong(format!("{NAME} has {}, which is not declared", list(foreign))).help(help));
        }
    }
    let twice = written.iter().enumerate().find(|(at, name)| written[..*at].contains(name));
    match twice {
        Some((_, name)) => {
            let message = format!("{NAME} has {} twice", list(&[name]));
            Err(wrong(message).help("give every column a name of its own"))
        }
        None => Ok(()),
    }
}
