//! Workbooks of Excel and LibreOffice: a sheet, or a part of one, as a table.
//!
//! ```text
//! bytes ─► checked container ─► rows of cells ─► columns found by the header ─► grid of slots ─► columns
//! ```
//!
//! A workbook cannot be read as it comes: its texts stand in a part of their own, and its directory at the end of the file. So
//! the file is held in memory, with its texts unpacked; the cells of `.xlsx` and `.xlsb` pass by one row at a time. `.xls` and
//! `.ods` are unpacked whole.

mod area;
mod book;
mod cell;
mod compound;
mod container;
mod grid;
mod layout;
mod read;
mod serial;

use std::sync::Arc;

pub(crate) use area::Area;
pub(crate) use read::{inspect, read};

use super::csv::NullTokens;
use super::options::SheetName;

/// The options of workbooks, checked.
#[derive(Debug, Clone)]
pub(crate) struct ExcelOptions {
    /// The sheet; the first one for none.
    pub(crate) sheet: Option<SheetName>,
    /// The cells that are read.
    pub(crate) area: Area,
    /// Whether the first row holds names.
    pub(crate) header: bool,
    /// Texts that stand for null.
    pub(crate) nulls: Arc<NullTokens>,
    /// The most bytes held of a workbook.
    pub(crate) max_workbook: u64,
}
