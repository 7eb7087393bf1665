//! A workbook's sheets, and their rows.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calamine::{Data, DataRef, Ods, Range, Reader, SheetType, Xls, Xlsb, Xlsx};
use headwater_diagnostics::nearest;
use headwater_sdk::{Blame, Error};

use super::cell::{Cell, NOT_COMPUTED, of_data, of_ref};
use super::compound;
use super::container::{self, Kind, damaged, too_large};
use crate::codes;
use crate::files::options::SheetName;

type Bytes = Cursor<Arc<[u8]>>;

enum Sheets {
    Xlsx(Box<Xlsx<Bytes>>),
    Xlsb(Box<Xlsb<Bytes>>),
    Xls(Box<Xls<Bytes>>),
    Ods(Box<Ods<Bytes>>),
}

/// A workbook in memory.
pub(super) struct Book {
    sheets: Sheets,
    name: Arc<str>,
}

/// Is given a row's number from 0 and its cells that hold something, each with its column from 0, in order. False when no more rows
/// are wanted.
pub(super) type TakeRow<'t> = dyn FnMut(u32, &[(u32, Cell<'_>)]) -> Result<bool, Error> + 't;

impl Book {
    /// Opens a workbook.
    ///
    /// # Errors
    /// When it is none, damaged, encrypted or too large.
    pub(super) fn open(bytes: Vec<u8>, name: &Arc<str>, most: u64) -> Result<Self, Error> {
        if bytes.len() as u64 > most {
            return Err(too_large(name, bytes.len() as u64, most));
        }
        let kind = container::inspect(&bytes, name, most)?;
        let bytes: Bytes = Cursor::new(bytes.into());
        let sheets = match kind {
            Kind::Xlsx => Sheets::Xlsx(Box::new(caught(name, || Xlsx::new(bytes))?)),
            Kind::Xlsb => Sheets::Xlsb(Box::new(caught(name, || Xlsb::new(bytes))?)),
            Kind::Ods => Sheets::Ods(Box::new(caught(name, || Ods::new(bytes))?)),
            Kind::Compound => {
                // An encrypted workbook is a compound file, whichever kind it is; this reader knows them.
                match caught(name, || Xlsx::new(bytes.clone())) {
                    Err(error) if error.code == codes::UNREADABLE => return Err(error),
                    _ => {}
                }
                let size = compound::unpacked_size(bytes.get_ref()).ok_or_else(|| damaged(name))?;
                let size = size.saturating_add(bytes.get_ref().len() as u64);
                if size > most {
                    return Err(too_large(name, size, most));
                }
                Sheets::Xls(Box::new(caught(name, || Xls::new(bytes))?))
            }
        };
        Ok(Self { sheets, name: Arc::clone(name) })
    }

    /// The name of a sheet of tables.
    ///
    /// # Errors
    /// `HW0315` when there is no such sheet.
    pub(super) fn sheet(&self, wanted: Option<&SheetName>) -> Result<String, Error> {
        let sheets = match &self.sheets {
            Sheets::Xlsx(book) => book.sheets_metadata(),
            Sheets::Xlsb(book) => book.sheets_metadata(),
            Sheets::Xls(book) => book.sheets_metadata(),
            Sheets::Ods(book) => book.sheets_metadata(),
        };
        let names: Vec<&str> =
            sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.as_str()).collect();
        let found = match wanted {
            None => names.first(),
            Some(SheetName::Number(number)) => (*number as usize).checked_sub(1).and_then(|at| names.get(at)),
            Some(SheetName::Name(name)) => names.iter().find(|known| **known == name.as_str()),
        };
        found.map(|name| (*name).to_owned()).ok_or_else(|| {
            let name = &self.name;
            let message = match wanted {
                None => format!("the workbook {name} has no sheet of cells"),
                Some(SheetName::Number(number)) => format!("the workbook {name} has no sheet {number}"),
                Some(SheetName::Name(sheet)) => format!("the workbook {name} has no sheet '{sheet}'"),
            };
            let near = match wanted {
                Some(SheetName::Name(sheet)) => nearest(sheet, names.iter().copied()),
                _ => None,
            };
            let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            let listed: Vec<String> = names.iter().take(20).map(|name| format!("'{name}'")).collect();
            Error::new(codes::NO_SHEET, Blame::Project, message)
                .help(format!("its sheets are {}{near}", listed.join(", ")))
        })
    }

    /// Hands on the rows of a sheet that hold something, in order.
    ///
    /// # Errors
    /// When the sheet is damaged, or those of `take`.
    pub(super) fn rows(&mut self, sheet: &str, take: &mut TakeRow<'_>) -> Result<(), Error> {
        let name = Arc::clone(&self.name);
        match &mut self.sheets {
            Sheets::Xlsx(book) => {
                let mut cells = caught(&name, || book.worksheet_cells_reader(sheet))?;
                let next = || {
                    let Some(cell) = caught(&name, || cells.next_cell_with_formula_metadata())? else {
                        return Ok(None);
                    };
                    // A formula that came to an empty text has a value.
                    let computed = cell.formula.is_none() || cell.value != DataRef::Empty;
                    let value = if computed { of_ref(cell.value) } else { Cell::Broken(NOT_COMPUTED) };
                    Ok(Some((cell.pos, value)))
                };
                by_rows(&name, next, take)
            }
            Sheets::Xlsb(book) => {
                let mut cells = caught(&name, || book.worksheet_cells_reader(sheet))?;
                let next = || {
                    let cell = caught(&name, || cells.next_cell())?;
                    Ok(cell.map(|cell| (cell.get_position(), of_ref(cell.get_value().clone()))))
                };
                by_rows(&name, next, take)
            }
            Sheets::Xls(book) => {
                let range = caught(&name, || book.worksheet_range(sheet))?;
                whole(&range, &Range::empty(), false, take)
            }
            Sheets::Ods(book) => {
                let range = caught(&name, || book.worksheet_range(sheet))?;
                let formulas = caught(&name, || book.worksheet_formula(sheet))?;
                whole(&range, &formulas, true, take)
            }
        }
    }
}

/// What a reader of workbooks says. Some of its readers trust what is written in a file so far that damage makes them panic.
fn caught<T, E>(name: &str, read: impl FnOnce() -> Result<T, E>) -> Result<T, Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) if error.to_string().contains("password protected") => Err(encrypted(name)),
        Ok(Err(error)) => Err(damaged(name).caused_by(error)),
        Err(_panic) => Err(damaged(name)),
    }
}

fn encrypted(name: &str) -> Error {
    Error::new(codes::UNREADABLE, Blame::Data, format!("the workbook {name} is protected by a password"))
        .help("save it without a password; who may read it is better said by the rights to the file")
}

/// Puts cells that come one by one together into rows.
fn by_rows<'a>(
    name: &str,
    mut next: impl FnMut() -> Result<Option<((u32, u32), Cell<'a>)>, Error>,
    take: &mut TakeRow<'_>,
) -> Result<(), Error> {
    let mut row: Vec<(u32, Cell<'a>)> = Vec::new();
    let mut number = 0;
    loop {
        let cell = next()?;
        let at = cell.as_ref().map(|((at, _), _)| *at);
        if at != Some(number) {
            if at.is_some_and(|at| at < number) {
                return Err(damaged(name).caused_by("its rows are not in order"));
            }
            if !row.is_empty() {
                if !row.is_sorted_by_key(|(column, _)| *column) {
                    row.sort_by_key(|(column, _)| *column);
                }
                if !take(number, &row)? {
                    return Ok(());
                }
                row.clear();
            }
        }
        let Some(((at, column), cell)) = cell else { return Ok(()) };
        number = at;
        if cell != Cell::Empty {
            row.push((column, cell));
        }
    }
}

/// Hands on the rows of a sheet that is unpacked whole. `formulas` tells which cells should have a value.
fn whole(
    range: &Range<Data>,
    formulas: &Range<String>,
    error_texts: bool,
    take: &mut TakeRow<'_>,
) -> Result<(), Error> {
    // Formulas without a value, by row.
    let mut missing: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let (top, left) = formulas.start().unwrap_or_default();
    for (row, column, _) in formulas.used_cells() {
        let (row, column) = (top + row as u32, left + column as u32);
        if range.get_value((row, column)).is_none_or(|value| *value == Data::Empty) {
            missing.entry(row).or_default().push(column);
        }
    }
    let (top, left) = range.start().unwrap_or_default();
    let mut rows = range.rows().enumerate().map(|(at, row)| (top + at as u32, row)).peekable();
    let mut cells: Vec<(u32, Cell<'_>)> = Vec::new();
    loop {
        let next = [rows.peek().map(|(at, _)| *at), missing.keys().next().copied()].into_iter().flatten().min();
        let Some(number) = next else { return Ok(()) };
        cells.clear();
        if let Some((_, row)) = rows.next_if(|(at, _)| *at == number) {
            let filled = row.iter().enumerate().map(|(at, value)| (left + at as u32, of_data(value, error_texts)));
            cells.extend(filled.filter(|(_, cell)| *cell != Cell::Empty));
        }
        if let Some(columns) = missing.remove(&number) {
            cells.extend(columns.into_iter().map(|column| (column, Cell::Broken(NOT_COMPUTED))));
            cells.sort_by_key(|(column, _)| *column);
        }
        if !cells.is_empty() && !take(number, &cells)? {
            return Ok(());
        }
    }
}
