//! The names of columns: whether a row holds them, and what they are where it does not.

use std::collections::HashSet;

use super::cut::{Cut, Field, Kind};

/// Rows at the top that may be titles which a program has filled up to the width of the table.
const TITLES: usize = 20;
/// So many numbers that follow each other are no chance.
const SERIES: usize = 3;
/// Years that columns are named by.
const YEARS: std::ops::RangeInclusive<u32> = 1800..=2200;

/// Where a table has its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// In a row.
    Row(usize),
    /// In a row whose names cannot be used as they are: made of what it says.
    Made(usize, Vec<String>),
    /// Nowhere; why the first row is not taken for names.
    Missing(String),
}

impl Header {
    /// Looks for the names from a row on.
    pub(super) fn find(cut: &Cut<'_>, from: usize) -> Self {
        let why = match row_of_names(cut, from) {
            Ok(()) => return Self::Row(from),
            Err(why) => why,
        };
        if is_made(cut, from) {
            return Self::Made(from, made(cut.fields(from)));
        }
        // A title that is filled up leaves fields empty, and names do not.
        let titled = (from + 1..cut.len().min(from + TITLES)).take_while(|row| has_empty(cut, *row - 1));
        let below = titled.into_iter().find(|row| row_of_names(cut, *row).is_ok() && cut.is_told_from_below(*row));
        below.map_or(Self::Missing(why), Self::Row)
    }
}

fn has_empty(cut: &Cut<'_>, row: usize) -> bool {
    cut.fields(row).any(|field| field.kind() == Kind::Empty)
}

/// Whether a row is one of names: each is there, none comes twice, and none is a value; or why it is not.
fn row_of_names(cut: &Cut<'_>, row: usize) -> Result<(), String> {
    let (mut taken, series) = (HashSet::new(), is_series_of_names(cut, row));
    for (at, field) in cut.fields(row).enumerate() {
        let name = field.name();
        let shown = name.trim();
        match field.kind() {
            Kind::Empty => return Err(format!("column {} has no name in it", at + 1)),
            Kind::Figure | Kind::Truth if !series => return Err(format!("'{shown}' is a value")),
            _ if !taken.insert(shown.to_lowercase()) => return Err(format!("'{shown}' comes twice in it")),
            _ => {}
        }
    }
    Ok(())
}

/// Whether names are to be made of a row: some are missing, or come twice, and what stands below is of another kind.
fn is_made(cut: &Cut<'_>, row: usize) -> bool {
    let value = |field: Field<'_>| matches!(field.kind(), Kind::Figure | Kind::Truth);
    (!cut.fields(row).any(value) || is_series_of_names(cut, row)) && cut.is_told_from_below(row)
}

/// Whether the numbers of a row are names: years or hours beside each other, above rows of which some are not so.
fn is_series_of_names(cut: &Cut<'_>, row: usize) -> bool {
    let has_word = cut.fields(row).any(|field| field.kind() == Kind::Word);
    let series = |row: usize| series(cut, row);
    let Some(names) = series(row).filter(|_| has_word) else { return false };
    // Years stand above other numbers, also where these happen to follow each other.
    let is_other =
        |below: Option<Vec<u32>>| below.is_none_or(|below| YEARS.contains(&names[0]) && !YEARS.contains(&below[0]));
    (row + 1..cut.len()).any(|below| is_other(series(below)))
}

/// The figures of a row, if they are whole numbers that grow by one, and [`SERIES`] or more.
fn series(cut: &Cut<'_>, row: usize) -> Option<Vec<u32>> {
    let figures = cut.fields(row).filter(|field| field.kind() == Kind::Figure);
    let numbers: Vec<u32> = figures.map(|field| field.name().trim().parse().ok()).collect::<Option<_>>()?;
    let grows = numbers.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
    (numbers.len() >= SERIES && grows).then_some(numbers)
}

/// Names that are there and differ.
fn made<'a>(fields: impl Iterator<Item = Field<'a>>) -> Vec<String> {
    let written: Vec<String> = fields.map(|field| field.name().trim().to_owned()).collect();
    let mut taken: HashSet<String> = written.iter().map(|name| name.to_lowercase()).collect();
    let mut used = HashSet::new();
    let name = |(at, name): (usize, String)| {
        if !name.is_empty() && used.insert(name.to_lowercase()) {
            return name;
        }
        let (stem, first) = if name.is_empty() { ("column".to_owned(), at + 1) } else { (name, 2) };
        let mut tried = (first..).map(|number| format!("{stem}_{number}"));
        tried.find(|name| taken.insert(name.to_lowercase())).unwrap_or(stem)
    };
    written.into_iter().enumerate().map(name).collect()
}
