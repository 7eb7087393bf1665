//! Rows of a sheet side by side, to be read column by column.

use std::ops::Range;

use super::area::cell_name;
use super::cell::{Cell, write_number};
use super::layout::Layout;
use crate::columns::{BATCH_ROWS, Cells, Value};
use crate::files::csv::NullTokens;

/// Cells after which a grid is full, whatever its number of rows.
const MOST_CELLS: usize = 1 << 18;
/// Bytes of text after which a grid is full.
const MOST_TEXT: usize = 4 << 20;

/// A cell in a grid.
#[derive(Debug, Clone, PartialEq)]
enum Slot {
    Null,
    /// A place in the grid's text.
    Text(Range<u32>),
    Number(f64),
    Bool(bool),
    Broken(&'static str),
}

/// Rows of a table being collected.
#[derive(Debug)]
pub(super) struct Grid {
    columns: usize,
    left: u32,
    /// The rows' numbers in the sheet, from 0.
    numbers: Vec<u32>,
    /// Row by row.
    slots: Vec<Slot>,
    text: String,
    /// Rows that hold something beside the table, and in which column.
    beside: Vec<(usize, u32)>,
}

impl Grid {
    /// A grid for a table's rows.
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            columns: layout.names.len(),
            left: layout.left,
            numbers: Vec::new(),
            slots: Vec::new(),
            text: String::new(),
            beside: Vec::new(),
        }
    }

    /// Takes a row.
    pub(super) fn push(&mut self, number: u32, cells: &[(u32, Cell<'_>)], beside: Option<u32>, nulls: &NullTokens) {
        let start = self.slots.len();
        self.slots.resize(start + self.columns, Slot::Null);
        for (column, cell) in cells {
            self.slots[start + (column - self.left) as usize] = match cell {
                Cell::Empty => Slot::Null,
                Cell::Text(text) if nulls.is_null(text.as_bytes()) => Slot::Null,
                Cell::Text(text) => {
                    let begin = self.text.len() as u32;
                    self.text.push_str(text);
                    Slot::Text(begin..self.text.len() as u32)
                }
                Cell::Number(number) => Slot::Number(*number),
                Cell::Bool(value) => Slot::Bool(*value),
                Cell::Broken(why) => Slot::Broken(why),
            };
        }
        if let Some(column) = beside {
            self.beside.push((self.numbers.len(), column));
        }
        self.numbers.push(number);
    }

    /// Whether its rows are to be read before more come.
    pub(super) fn is_full(&self) -> bool {
        self.numbers.len() >= BATCH_ROWS || self.slots.len() >= MOST_CELLS || self.text.len() >= MOST_TEXT
    }

    /// Forgets its rows.
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.slots.clear();
        self.text.clear();
        self.beside.clear();
    }

    /// The table's first column in the sheet.
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.numbers.len()
    }

    /// The rows that hold something beside the table, each with the name of such a cell.
    pub(super) fn beside(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        self.beside.iter().map(|(row, column)| (*row, cell_name(self.numbers[*row], *column)))
    }

    /// The name of a cell.
    pub(super) fn cell(&self, row: usize, column: usize) -> String {
        cell_name(self.numbers[row], self.left + column as u32)
    }

    /// A row's number in its sheet, from 1.
    pub(super) fn line(&self, row: usize) -> u64 {
        u64::from(self.numbers[row]) + 1
    }

    /// A row as text, for people.
    pub(super) fn raw(&self, row: usize, names: &[String]) -> String {
        let mut raw = String::new();
        for (column, name) in names.iter().enumerate() {
            if column > 0 {
                raw.push_str(", ");
            }
            raw.push_str(name);
            raw.push('=');
            match &self.slots[row * self.columns + column] {
                Slot::Null => {}
                Slot::Text(place) => raw.push_str(self.text_at(place)),
                Slot::Number(number) => write_number(*number, true, &mut raw),
                Slot::Bool(value) => raw.push_str(if *value { "true" } else { "false" }),
                Slot::Broken(why) => {
                    raw.push_str(why.rsplit(' ').next().filter(|word| word.starts_with('#')).unwrap_or("?"));
                }
            }
        }
        raw
    }

    /// A column. `shown` says that numbers are to be read as they are shown.
    pub(super) fn column(&self, column: usize, shown: bool) -> GridCells<'_> {
        GridCells { grid: self, column, shown }
    }

    fn text_at(&self, place: &Range<u32>) -> &str {
        &self.text[place.start as usize..place.end as usize]
    }
}

/// A column of a grid.
pub(super) struct GridCells<'g> {
    grid: &'g Grid,
    column: usize,
    shown: bool,
}

impl Cells for GridCells<'_> {
    fn rows(&self) -> usize {
        self.grid.rows()
    }

    fn value<'a>(&'a self, row: usize, scratch: &'a mut Vec<u8>) -> Value<'a> {
        match &self.grid.slots[row * self.grid.columns + self.column] {
            Slot::Null => Value::Null,
            Slot::Text(place) => Value::Text(self.grid.text_at(place).as_bytes()),
            Slot::Number(number) => {
                let mut text = String::new();
                write_number(*number, self.shown, &mut text);
                scratch.clear();
                scratch.extend_from_slice(text.as_bytes());
                Value::Text(scratch)
            }
            Slot::Bool(true) => Value::Text(b"true"),
            Slot::Bool(false) => Value::Text(b"false"),
            Slot::Broken(why) => Value::Broken(why),
        }
    }
}
