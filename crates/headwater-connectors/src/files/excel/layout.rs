//! Where in a sheet the table stands.

use headwater_sdk::{Blame, Error};

use super::area::cell_name;
use super::cell::{Cell, write_number};
use super::{Area, ExcelOptions};
use crate::codes;
use crate::columns::MAX_COLUMNS;
use crate::files::csv::refuse_duplicates;

/// A table's place, once it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// The names of its columns.
    pub(super) names: Vec<String>,
    /// Its first column in the sheet.
    pub(super) left: u32,
}

/// What a row is.
pub(super) enum Found {
    /// Above the table, beside it, or empty.
    Nothing,
    /// The table begins here; this row holds the names.
    Header(Layout),
    /// The table begins here, with a row of values.
    First(Layout),
    /// Past the table.
    End,
}

/// Looks at a row where no table was found yet. `declared` names the columns of a sheet without a header.
///
/// # Errors
/// When the header cannot be used.
pub(super) fn find(
    options: &ExcelOptions,
    declared: &[String],
    number: u32,
    row: &[(u32, Cell<'_>)],
    place: &str,
) -> Result<Found, Error> {
    let area = options.area;
    if number > area.bottom {
        return Ok(Found::End);
    }
    let mut inside = row.iter().filter(|(column, _)| area.has_column(*column)).map(|(column, _)| *column);
    let Some(first) = inside.next().filter(|_| number >= area.top) else { return Ok(Found::Nothing) };
    let last = inside.next_back().unwrap_or(first);
    let (left, right) = area.columns.unwrap_or((first, last));
    let mut width = (right - left) as usize + 1;
    if !options.header && area.columns.is_none() {
        width = width.max(declared.len());
    }
    if width > MAX_COLUMNS {
        let message = format!("{place} has {width} columns; a table has at most {MAX_COLUMNS}");
        return Err(Error::new(codes::TOO_MANY_COLUMNS, Blame::Data, message)
            .help("say with `range` which of them are the table's"));
    }
    if !options.header {
        let named = |at: usize| declared.get(at).cloned().unwrap_or_else(|| format!("column_{}", at + 1));
        let names: Vec<String> = (0..width).map(named).collect();
        refuse_duplicates(&names, place)?;
        return Ok(Found::First(Layout { names, left }));
    }
    let mut names = vec![String::new(); width];
    for (column, cell) in row {
        if (left..=right).contains(column) {
            names[(column - left) as usize] = name_in(cell, place, number, *column)?;
        }
    }
    if let Some(at) = names.iter().position(String::is_empty) {
        let cell = cell_name(number, left + at as u32);
        let message = format!("column {} of {place} has no name: the cell {cell} is empty", at + 1);
        return Err(Error::new(codes::BAD_HEADER, Blame::Data, message).help(format!(
            "name every column in row {} (of merged cells the first one holds the text), leave rows above the header out with \
             `skip` and columns with `range`, or say `header: false`",
            u64::from(number) + 1
        )));
    }
    refuse_duplicates(&names, place)?;
    Ok(Found::Header(Layout { names, left }))
}

/// The name that a cell of the header gives: its text on one line.
fn name_in(cell: &Cell<'_>, place: &str, row: u32, column: u32) -> Result<String, Error> {
    Ok(match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Cell::Number(number) => {
            let mut name = String::new();
            write_number(*number, true, &mut name);
            name
        }
        Cell::Bool(value) => value.to_string(),
        Cell::Broken(why) => {
            let message = format!("the cell {} in the header of {place} {why}", cell_name(row, column));
            return Err(Error::new(codes::BAD_HEADER, Blame::Data, message).help("write the column's name as a text"));
        }
    })
}

impl Layout {
    /// What of a row is a row of the table: whether it is past the end, and the cells in the table's columns and beside them.
    pub(super) fn judge<'r, 'c>(&self, area: &Area, number: u32, row: &'r [(u32, Cell<'c>)]) -> Judged<'r, 'c> {
        if number > area.bottom {
            return Judged::End;
        }
        let right = self.left + self.names.len() as u32;
        let begin = row.partition_point(|(column, _)| *column < self.left);
        let end = row.partition_point(|(column, _)| *column < right);
        let mut beside = row[..begin].iter().chain(&row[end..]).map(|(column, _)| *column);
        let beside = beside.find(|column| area.has_column(*column));
        if begin == end && beside.is_none() { Judged::Empty } else { Judged::Row { cells: &row[begin..end], beside } }
    }
}

/// What a row below the header is.
pub(super) enum Judged<'r, 'c> {
    /// Past the table.
    End,
    /// It holds nothing of the table.
    Empty,
    /// A row: its cells, and the first column beside the table's that holds something.
    Row { cells: &'r [(u32, Cell<'c>)], beside: Option<u32> },
}
