//! Parts of a sheet, as people write them: `B3:F200`.

/// Rows and columns of a sheet, counted from 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    /// The first row.
    pub(crate) top: u32,
    /// The last row; `u32::MAX` for the end of the sheet.
    pub(crate) bottom: u32,
    /// The first and the last column; `None` when the cells tell.
    pub(crate) columns: Option<(u32, u32)>,
}

impl Default for Area {
    fn default() -> Self {
        Self { top: 0, bottom: u32::MAX, columns: None }
    }
}

impl Area {
    /// Reads `B3:F200`, `B3:F`, `B:F` or `3:200`, with or without `$`; `None` when it is none of them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.trim().split_once(':')?;
        let (left, top) = corner(from)?;
        let (right, bottom) = corner(to)?;
        let columns = match (left, right) {
            (Some(left), Some(right)) if left <= right => Some((left, right)),
            (None, None) => None,
            _ => return None,
        };
        if columns.is_none() && top.is_none() && bottom.is_none() {
            return None;
        }
        let (top, bottom) = (top.unwrap_or(0), bottom.unwrap_or(u32::MAX));
        (top <= bottom).then_some(Self { top, bottom, columns })
    }

    /// The area without its first rows.
    pub(crate) fn below(self, rows: u32) -> Self {
        Self { top: self.top.saturating_add(rows), ..self }
    }

    /// Whether a column may be one of the table's.
    pub(super) fn has_column(&self, column: u32) -> bool {
        self.columns.is_none_or(|(left, right)| (left..=right).contains(&column))
    }
}

/// A column and a row, counted from 0; either may be left out.
fn corner(text: &str) -> Option<(Option<u32>, Option<u32>)> {
    let text: String = text.trim().chars().filter(|c| *c != '$').collect();
    let digits = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (letters, digits) = text.split_at(digits);
    let column = if letters.is_empty() { None } else { Some(column_number(letters)?) };
    let row = match digits {
        "" => None,
        digits => Some(digits.parse::<u32>().ok().filter(|row| (1..=MOST_ROWS).contains(row))? - 1),
    };
    Some((column, row))
}

/// Rows of a sheet of today's formats.
const MOST_ROWS: u32 = 1 << 20;
/// Columns of a sheet of today's formats.
const MOST_COLUMNS: u32 = 1 << 14;

/// The number of a column, from 0, by its letters.
fn column_number(letters: &str) -> Option<u32> {
    let mut number = 0_u32;
    for letter in letters.bytes() {
        number = number * 26 + u32::from(letter.to_ascii_uppercase() - b'A' + 1);
        if number > MOST_COLUMNS {
            return None;
        }
    }
    number.checked_sub(1)
}

/// The letters of a column by its number from 0.
pub(super) fn column_letters(number: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(number) + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.reverse();
    letters.into_iter().map(char::from).collect()
}

/// The name of a cell by its row and column from 0: `C7`.
pub(super) fn cell_name(row: u32, column: u32) -> String {
    format!("{}{}", column_letters(column), u64::from(row) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn areas_are_read_as_people_write_them() {
        let area = |top, bottom, columns| Some(Area { top, bottom, columns });
        assert_eq!(Area::parse("B3:F200"), area(2, 199, Some((1, 5))));
        assert_eq!(Area::parse(" $b$3:$f "), area(2, u32::MAX, Some((1, 5))));
        assert_eq!(Area::parse("A:A"), area(0, u32::MAX, Some((0, 0))));
        assert_eq!(Area::parse("3:200"), area(2, 199, None));
        assert_eq!(Area::parse("XFD1048576:XFD1048576"), area(1_048_575, 1_048_575, Some((16_383, 16_383))));
        for wrong in
            ["", ":", "B3", "B3:2", "F1:B2", "B9:F3", "B0:F3", "XFE1:XFE2", "A1:B1048577", "Sheet!A1:B2", "A1:B2:C3"]
        {
            assert_eq!(Area::parse(wrong), None, "{wrong}");
        }
        assert_eq!(cell_name(6, 2), "C7");
        assert_eq!(
            ["A", "Z", "AA", "AZ", "ZZ", "AAA"],
            [0, 25, 26, 51, 701, 702].map(column_letters).each_ref().map(String::as_str)
        );
    }

    proptest! {
        #[test]
        fn columns_have_the_names_that_they_are_found_by(column in 0..MOST_COLUMNS) {
            prop_assert_eq!(column_number(&column_letters(column)), Some(column));
        }

        #[test]
        fn no_text_is_too_odd(text in "[A-Za-z0-9:$ ]{0,12}") {
            let _parsed = Area::parse(&text);
        }
    }
}
