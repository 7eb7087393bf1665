//! A sheet's columns, and its rows in the table's columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Schema};
use headwater_sdk::Error;
use headwater_sdk::connector::{RejectedRow, SourceBatch};

use super::ExcelOptions;
use super::area::column_letters;
use super::book::Book;
use super::cell::{Cell, write_number};
use super::grid::Grid;
use super::layout::{Found, Judged, Layout, find};
use crate::columns::{Batch, Flaws, Sample};

/// Is given each row of a table: the table's place, the row's number from 0, its cells, and the first column beside the table that
/// holds something. False when no more are wanted.
type Each<'t> = dyn FnMut(&Layout, u32, &[(u32, Cell<'_>)], Option<u32>) -> Result<bool, Error> + 't;

/// Finds the table of a sheet and hands its rows on. Gives its place; `None` when the sheet holds nothing.
fn scan(
    book: &mut Book,
    sheet: &str,
    options: &ExcelOptions,
    declared: &[String],
    place: &str,
    each: &mut Each<'_>,
) -> Result<Option<Layout>, Error> {
    let mut layout: Option<Layout> = None;
    book.rows(sheet, &mut |number, row| {
        let layout = match &layout {
            Some(layout) => layout,
            None => match find(options, declared, number, row, place)? {
                Found::End => return Ok(false),
                Found::Nothing => return Ok(true),
                Found::Header(found) => {
                    layout = Some(found);
                    return Ok(true);
                }
                Found::First(found) => &*layout.insert(found),
            },
        };
        match layout.judge(&options.area, number, row) {
            Judged::End => Ok(false),
            Judged::Empty => Ok(true),
            Judged::Row { cells, beside } => each(layout, number, cells, beside),
        }
    })?;
    Ok(layout)
}

/// What messages call a sheet.
fn place_of(sheet: &str, file: &str) -> String {
    format!("the sheet '{sheet}' of {file}")
}

/// Looks at a sheet's columns and at a sample of its rows. `None` when it holds nothing.
///
/// # Errors
/// When it cannot be read or its header cannot be used.
pub(crate) fn inspect(
    bytes: Vec<u8>,
    file: &Arc<str>,
    options: &ExcelOptions,
    declared: &[String],
    table: Option<&Schema>,
    rows: usize,
    sample: &mut Sample,
) -> Result<bool, Error> {
    let mut book = Book::open(bytes, file, options.max_workbook)?;
    let sheet = book.sheet(options.sheet.as_ref())?;
    let mut left = rows;
    let name_all = |layout: &Layout, sample: &mut Sample| {
        for name in &layout.names {
            sample.column(name, table);
        }
    };
    let found = scan(&mut book, &sheet, options, declared, &place_of(&sheet, file), &mut |layout, _, cells, _| {
        if left == 0 {
            return Ok(false);
        }
        left -= 1;
        name_all(layout, sample);
        let mut token = String::new();
        for (column, cell) in cells {
            let at = (column - layout.left) as usize;
            match cell {
                Cell::Text(text) if !options.nulls.is_null(text.as_bytes()) => sample.see_text(at, text.as_bytes()),
                Cell::Number(number) => {
                    token.clear();
                    write_number(*number, false, &mut token);
                    sample.see_token(at, token.as_bytes());
                }
                Cell::Bool(value) => sample.see_token(at, if *value { b"true" } else { b"false" }),
                Cell::Empty | Cell::Text(_) | Cell::Broken(_) => {}
            }
        }
        Ok(true)
    })?;
    if let Some(layout) = &found {
        name_all(layout, sample);
    }
    Ok(found.is_some())
}

/// Reads a sheet's rows. `take` returns whether it wants more; it is told how many rows were read for each batch, good and bad.
///
/// # Errors
/// When the sheet cannot be read, or a bad row fails the load.
pub(crate) fn read(
    bytes: Vec<u8>,
    file: &Arc<str>,
    options: &ExcelOptions,
    declared: &[String],
    batch: Batch,
    take: &mut dyn FnMut(SourceBatch, u64) -> bool,
) -> Result<(), Error> {
    let mut book = Book::open(bytes, file, options.max_workbook)?;
    let sheet = book.sheet(options.sheet.as_ref())?;
    let mut reading: Option<Reading> = None;
    let mut batch = Some(batch);
    let mut wanted = true;
    scan(&mut book, &sheet, options, declared, &place_of(&sheet, file), &mut |layout, number, cells, beside| {
        if let Some(batch) = batch.take() {
            reading = Some(Reading::new(batch, layout, &sheet));
        }
        let Some(reading) = &mut reading else { return Ok(true) };
        reading.grid.push(number, cells, beside, &options.nulls);
        if reading.grid.is_full() {
            reading.take_rows()?;
            if reading.batch.is_full() {
                wanted = take(reading.batch.finish()?, std::mem::take(&mut reading.count));
            }
        }
        Ok(wanted)
    })?;
    if let Some(mut reading) = reading.filter(|_| wanted) {
        reading.take_rows()?;
        if !reading.batch.is_empty() {
            let _last = take(reading.batch.finish()?, reading.count);
        }
    }
    Ok(())
}

/// A sheet being read.
struct Reading {
    batch: Batch,
    flaws: Flaws,
    grid: Grid,
    names: Vec<String>,
    sheet: String,
    /// For each column of the table, the column of the sheet that holds it, and whether its numbers are read as shown.
    places: Vec<(Option<usize>, bool)>,
    scratch: Vec<u8>,
    /// Rows read, good and bad, since the last batch.
    count: u64,
}

impl Reading {
    fn new(batch: Batch, layout: &Layout, sheet: &str) -> Self {
        let by_name: HashMap<&str, usize> =
            layout.names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let places = batch.target().schema.fields().iter().map(|field| {
            let floats = matches!(field.data_type(), DataType::Float32 | DataType::Float64);
            (by_name.get(field.name().as_str()).copied(), !floats)
        });
        Self {
            places: places.collect(),
            batch,
            flaws: Flaws::default(),
            grid: Grid::new(layout),
            names: layout.names.clone(),
            sheet: sheet.to_owned(),
            scratch: Vec::new(),
            count: 0,
        }
    }

    /// Reads the rows collected into the batch.
    fn take_rows(&mut self) -> Result<(), Error> {
        let Self { batch, flaws, grid, names, sheet, places, scratch, count } = self;
        let rows = grid.rows();
        *count += rows as u64;
        flaws.begin(rows);
        let last = column_letters((grid.left() + names.len() as u32).saturating_sub(1));
        for (row, cell) in grid.beside() {
            flaws.add(row, || {
                format!(
                    "cell {cell} of sheet '{sheet}' holds something beside the table, whose columns are {} to {last}; name the \
                     column, or say with `range` which cells are the table's",
                    column_letters(grid.left())
                )
            });
        }
        let target = Arc::clone(batch.target());
        for (at, (column, (place, shown))) in batch.columns().iter_mut().zip(places.iter()).enumerate() {
            let Some(place) = *place else {
                column.push_nulls(rows);
                continue;
            };
            column.fill(&grid.column(place, *shown), scratch, &mut |row, flaw| {
                flaws.add(row, || {
                    format!("cell {} of sheet '{sheet}': {}", grid.cell(row, place), target.reason(at, flaw))
                });
            });
        }
        batch.require_key(rows, flaws);
        batch.add_rows(rows, flaws.bad_rows());
        let mut rejected: Vec<RejectedRow> = flaws
            .reasons()
            .map(|(row, reason)| batch.rejected_row(grid.line(row), reason, grid.raw(row, names).as_bytes()))
            .collect();
        rejected.sort_by_key(|row| row.line);
        grid.clear();
        batch.reject(rejected)
    }
}
