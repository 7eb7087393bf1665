//! Tables that fit the terminal: columns that matter least go first, then texts are cut.

use super::style::{Style, cut, width};

/// Blanks between columns.
const GAP: usize = 2;
/// No text is cut shorter than this.
const SHORTEST: usize = 8;
/// Optional texts are cut to this before a column goes.
const READABLE: usize = 24;

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    title: String,
    right: bool,
    /// 0 stays; of the others the largest goes first when there is no room.
    priority: u8,
}

impl Column {
    /// A column of texts.
    pub(crate) fn text(title: &str) -> Self {
        Self { title: title.to_owned(), right: false, priority: 0 }
    }

    /// A column of numbers.
    pub(crate) fn number(title: &str) -> Self {
        Self { right: true, ..Self::text(title) }
    }

    /// May be left out; the largest priority goes first.
    pub(crate) fn optional(self, priority: u8) -> Self {
        Self { priority, ..self }
    }
}

/// A cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::Plain)
    }
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    marks_gaps: bool,
}

impl Table {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new(), marks_gaps: false }
    }

    /// Ends the line of titles with `…` when there was no room for all columns.
    pub(crate) fn marking_gaps(self) -> Self {
        Self { marks_gaps: true, ..self }
    }

    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines, none wider than `limit` as long as that is possible. Optional columns in which nothing
    /// stands are left out.
    pub(crate) fn render(&self, limit: usize, color: bool) -> String {
        let mut shown: Vec<usize> = (0..self.columns.len()).filter(|index| !self.is_blank(*index)).collect();
        let mut widths: Vec<usize> = shown.iter().map(|index| self.natural_width(*index)).collect();
        let mut floors: Vec<usize> =
            shown.iter().zip(&widths).map(|(index, width)| self.floor(*index, *width)).collect();
        let all = shown.len();
        let mut limit = limit;
        while total(&floors) > limit
            && let Some(place) = self.least(&shown)
        {
            if self.marks_gaps && shown.len() == all {
                limit = limit.saturating_sub(GAP + 1);
            }
            shown.remove(place);
            widths.remove(place);
            floors.remove(place);
        }
        shrink(&mut widths, &floors, limit);
        shrink(&mut widths, &vec![SHORTEST; floors.len()], limit);
        let mut out = String::new();
        let titles: Vec<Cell> =
            self.columns.iter().map(|column| Cell::styled(column.title.clone(), Style::Bold)).collect();
        for (index, row) in std::iter::once(&titles).chain(&self.rows).enumerate() {
            out.push_str(&self.line(row, &shown, &widths, color));
            if index == 0 && self.marks_gaps && shown.len() < all {
                out.push_str("  …");
            }
            out.push('\n');
        }
        out
    }

    fn is_blank(&self, index: usize) -> bool {
        let nothing = |row: &Vec<Cell>| row.get(index).is_none_or(|cell| cell.text.is_empty());
        self.columns[index].priority > 0 && self.rows.iter().all(nothing)
    }

    fn natural_width(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| width(&cell.text));
        cells.chain([width(&self.columns[index].title)]).max().unwrap_or(0)
    }

    /// How narrow a column may get before it is better left out.
    fn floor(&self, index: usize, width: usize) -> usize {
        let column = &self.columns[index];
        if column.priority > 0 && !column.right { width.min(READABLE) } else { width }
    }

    /// The place of the shown column that matters least.
    fn least(&self, shown: &[usize]) -> Option<usize> {
        let places = (0..shown.len()).filter(|place| self.columns[shown[*place]].priority > 0);
        places.max_by_key(|place| self.columns[shown[*place]].priority)
    }

    fn line(&self, row: &[Cell], shown: &[usize], widths: &[usize], color: bool) -> String {
        let blank = Cell::default();
        let mut line = String::new();
        let mut owed = 0;
        for (index, room) in shown.iter().zip(widths) {
            let cell = row.get(*index).unwrap_or(&blank);
            let text = cut(&cell.text, *room);
            let fill = room - width(&text);
            let (before, after) = if self.columns[*index].right { (fill, 0) } else { (0, fill) };
            // Blanks are owed until something follows them: no line ends in blanks.
            if !text.is_empty() {
                line.push_str(&" ".repeat(owed + before));
                line.push_str(&cell.style.paint(&text, color));
                owed = after + GAP;
            } else {
                owed += before + after + GAP;
            }
        }
        line
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Takes room from the widest columns that are above their floors until the line fits.
fn shrink(widths: &mut [usize], floors: &[usize], limit: usize) {
    while total(widths) > limit {
        let above = widths.iter_mut().zip(floors).filter(|(width, floor)| **width > **floor);
        match above.map(|(width, _)| width).max() {
            Some(widest) => *widest -= 1,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let columns =
            vec![Column::text("asset"), Column::number("rows").optional(1), Column::number("bytes").optional(2)];
        let mut table = Table::new(columns);
        table.push(vec!["raw.flüge".into(), "12".into(), "1.2 MB".into()]);
        table.push(vec!["marts.日本".into(), "1,234".into(), Cell::default()]);
        table
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let lines = "asset        rows   bytes\nraw.flüge      12  1.2 MB\nmarts.日本  1,234\n";
        assert_eq!(table().render(80, false), lines);
    }

    #[test]
    fn what_matters_least_goes_first_and_texts_are_cut_last() {
        assert_eq!(table().render(20, false), "asset        rows\nraw.flüge      12\nmarts.日本  1,234\n");
        assert_eq!(table().render(10, false), "asset\nraw.flüge\nmarts.日本\n");
        assert_eq!(table().render(9, false), "asset\nraw.flüge\nmarts.日…\n");
    }

    #[test]
    fn optional_texts_are_cut_before_a_column_goes() {
        let mut table =
            Table::new(vec![Column::text("a"), Column::text("text").optional(1), Column::number("n").optional(2)]);
        table.push(vec!["a name that stays".into(), "0123456789 123456789 123456789".into(), "7".into()]);
        assert_eq!(table.render(46, false).lines().nth(1).unwrap(), "a name that stays  0123456789 123456789 12…  7");
        assert_eq!(table.render(30, false).lines().nth(1).unwrap(), "a name that stays");
    }

    #[test]
    fn optional_columns_with_nothing_in_them_are_left_out() {
        let mut table = Table::new(vec![Column::text("a"), Column::text("b").optional(1)]);
        table.push(vec!["x".into(), "".into()]);
        assert_eq!(table.render(80, false), "a\nx\n");
    }
}
