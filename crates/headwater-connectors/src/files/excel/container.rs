//! What a workbook's bytes are, before anything is made of them.

use std::io::{self, Cursor, Read};

use headwater_sdk::{Blame, Error};
use zip::ZipArchive;

use crate::codes;
use crate::columns::shown;

/// A kind of workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Office Open XML: `.xlsx`, `.xlsm`.
    Xlsx,
    /// The same with binary parts.
    Xlsb,
    /// OpenDocument.
    Ods,
    /// A compound file: the binary format of Excel 97 to 2003, or an encrypted workbook.
    Compound,
}

/// Tells the kind of a workbook by its bytes (names are wrong too often), and makes sure that it is whole and not too large. Every
/// part of a zip archive is unpacked once to its end: its checksum is compared there, and readers stop before.
///
/// # Errors
/// `HW0305` when it is no workbook or damaged, `HW0316` when it is too large.
pub(super) fn inspect(bytes: &[u8], name: &str, most: u64) -> Result<Kind, Error> {
    match bytes {
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Ok(Kind::Compound),
        [b'P', b'K', 3, 4, ..] => zipped(bytes, name, most),
        _ => Err(no_workbook(bytes, name)),
    }
}

/// The error for a workbook that is larger than allowed.
pub(super) fn too_large(name: &str, size: u64, most: u64) -> Error {
    let message =
        format!("the workbook {name} takes more memory than it may: {size} bytes, and `max_workbook` is {most}");
    Error::new(codes::WORKBOOK_SIZE, Blame::Data, message)
        .help("save large tables as CSV or Parquet, or allow more with `format: { max_workbook: … }`")
}

/// The error for a workbook that cannot be understood.
pub(super) fn damaged(name: &str) -> Error {
    Error::new(codes::CORRUPT, Blame::Data, format!("the workbook {name} is damaged"))
        .help("open it in a spreadsheet program, save it again, and compare")
}

fn no_workbook(bytes: &[u8], name: &str) -> Error {
    let begin = bytes.trim_ascii_start();
    let message = if begin.is_empty() {
        format!("{name} is no workbook: it is empty")
    } else {
        format!("{name} is no workbook: it begins with '{}'", shown(&begin[..begin.len().min(24)]))
    };
    let help = if begin.first() == Some(&b'<') {
        "some programs write HTML or XML under the name of a workbook: open it in a spreadsheet program and save it as .xlsx"
    } else {
        "if it is text under the name of a workbook, say `format: { type: csv }`; otherwise save it as .xlsx"
    };
    Error::new(codes::CORRUPT, Blame::Data, message).help(help)
}

fn zipped(bytes: &[u8], name: &str, most: u64) -> Result<Kind, Error> {
    let fail = |error: zip::result::ZipError| damaged(name).caused_by(error);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(fail)?;
    let mut kind = None;
    let mut held = bytes.len() as u64;
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(fail)?;
        // A part stands in the archive with its name, and is listed with it: a damaged name would be a part less.
        if local_name(bytes, part.header_start()) != Some(part.name_raw()) {
            return Err(damaged(name));
        }
        let path = String::from_utf8_lossy(part.name_raw()).into_owned();
        kind = match path.as_str() {
            "xl/workbook.bin" => Some(Kind::Xlsb),
            "content.xml" => Some(Kind::Ods),
            "[Content_Types].xml" => kind.or(Some(Kind::Xlsx)),
            _ => kind,
        };
        // The parts that are held unpacked.
        let is_held = path == "content.xml" || path.to_ascii_lowercase().contains("sharedstrings");
        let room = if is_held { most.saturating_sub(held) } else { u64::MAX };
        let size = io::copy(&mut part.by_ref().take(room.saturating_add(1)), &mut io::sink())
            .map_err(|error| damaged(name).caused_by(error))?;
        if size > room {
            return Err(too_large(name, held.saturating_add(size), most));
        }
        if is_held {
            held += size;
        }
    }
    kind.ok_or_else(|| no_workbook(bytes, name))
}

/// The name in the header before a part (APPNOTE.TXT 4.3.7).
fn local_name(bytes: &[u8], header: u64) -> Option<&[u8]> {
    let header = bytes.get(usize::try_from(header).ok()?..)?;
    let length = u16::from_le_bytes([*header.get(26)?, *header.get(27)?]);
    header.get(30..30 + usize::from(length))
}
