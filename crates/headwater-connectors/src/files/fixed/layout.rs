//! Where the columns stand.

use headwater_sdk::check::OptionsError;

use crate::columns::MAX_COLUMNS;
use crate::files::options::FixedColumn;

/// The most characters of a line that columns may reach.
const MOST_CHARACTERS: u32 = 1 << 20;

/// Columns by their places, counted in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FixedLayout {
    /// For each column, where it begins and where it ends.
    pub(super) places: Vec<(u32, u32)>,
    /// The names that the project gives them; none where only widths are given.
    pub(super) names: Vec<String>,
    /// Where the last one ends.
    pub(super) end: u32,
    /// Whether the columns are all that a line holds.
    pub(super) whole: bool,
}

fn wrong(message: impl Into<String>, help: &str) -> OptionsError {
    OptionsError { key: Some("format"), message: message.into(), help: Some(help.into()) }
}

impl FixedLayout {
    /// The layout that `columns` or `widths` describe.
    ///
    /// # Errors
    /// [`OptionsError`] when it is none.
    pub(crate) fn new(columns: Option<&[FixedColumn]>, widths: Option<&[u32]>) -> Result<Self, OptionsError> {
        const HELP: &str = "write e.g. `columns: [{ name: id, start: 1, width: 8 }]`, or `widths: [8, 20, 10]`";
        let layout = match (columns, widths) {
            (Some(columns), None) => Self::of_columns(columns)?,
            (None, Some(widths)) => Self::of_widths(widths)?,
            (Some(_), Some(_)) => {
                return Err(wrong("both `columns` and `widths` say where the columns stand", "keep one of them"));
            }
            (None, None) => return Err(wrong("nothing says where the columns of fixed_width files stand", HELP)),
        };
        if layout.places.is_empty() {
            return Err(wrong("fixed_width files have no columns", HELP));
        }
        if layout.places.len() > MAX_COLUMNS {
            let message = format!("there are {} columns; a table has at most {MAX_COLUMNS}", layout.places.len());
            return Err(wrong(message, "leave some of them out"));
        }
        Ok(layout)
    }

    fn of_columns(columns: &[FixedColumn]) -> Result<Self, OptionsError> {
        let mut layout = Self::default();
        for FixedColumn { name, start, width } in columns {
            let end = start.checked_sub(1).and_then(|before| before.checked_add(*width));
            let Some(end) = end.filter(|end| *width > 0 && *end <= MOST_CHARACTERS && !name.is_empty()) else {
                let help = "`start` counts characters from 1, and `width` is at least 1";
                return Err(wrong(format!("column '{name}' stands nowhere (start {start}, width {width})"), help));
            };
            if layout.names.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
                return Err(wrong(format!("column '{name}' is there twice"), "give every column a name of its own"));
            }
            layout.places.push((start - 1, end));
            layout.names.push(name.clone());
            layout.end = layout.end.max(end);
        }
        Ok(layout)
    }

    fn of_widths(widths: &[u32]) -> Result<Self, OptionsError> {
        let mut layout = Self { whole: true, ..Self::default() };
        for width in widths {
            let end = layout.end.checked_add(*width).filter(|end| *width > 0 && *end <= MOST_CHARACTERS);
            let end =
                end.ok_or_else(|| wrong(format!("a width is {width}"), "write numbers of characters, at least 1"))?;
            layout.places.push((layout.end, end));
            layout.end = end;
        }
        Ok(layout)
    }

    /// The names that the project gives the columns.
    pub(super) fn names(&self, declared: &[String]) -> Vec<String> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        let named = |at: usize| declared.get(at).cloned().unwrap_or_else(|| format!("column_{}", at + 1));
        (0..self.places.len()).map(named).collect()
    }

    /// Finds the columns of a line. `spans` gets the bytes that each stands in.
    ///
    /// # Errors
    /// What is wrong with the line, when it does not hold all of them (and may not end early), or more.
    pub(super) fn split(&self, line: &str, pad: bool, spans: &mut Vec<(u32, u32)>) -> Result<(), String> {
        let ascii = line.is_ascii();
        let length = if ascii { line.len() } else { line.chars().count() };
        if length < self.end as usize && !pad {
            return Err(format!(
                "the line has {length} characters where {} are expected; say `pad: true` if blanks at the end are left out",
                self.end
            ));
        }
        let byte = |character: u32| -> usize {
            if ascii {
                return (character as usize).min(line.len());
            }
            line.char_indices().nth(character as usize).map_or(line.len(), |(at, _)| at)
        };
        if self.whole && !line[byte(self.end)..].trim().is_empty() {
            return Err(format!("the line has {length} characters where {} are expected", self.end));
        }
        spans.extend(self.places.iter().map(|(start, end)| (byte(*start) as u32, byte(*end) as u32)));
        Ok(())
    }
}
