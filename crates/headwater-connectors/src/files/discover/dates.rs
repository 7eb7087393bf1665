//! How dates and times are written, by what their parts can be.

use super::cut::Cut;

/// How the columns of a text write dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dates {
    /// The format of dates, and of timestamps, in `strftime` directives, where it is not that of ISO 8601.
    pub(super) date: Option<String>,
    pub(super) timestamp: Option<String>,
    /// What cannot be told: clauses.
    pub(super) notes: Vec<String>,
}

/// A value's parts.
#[derive(Debug, Clone, Copy)]
struct Parts<'a> {
    numbers: [&'a str; 3],
    /// Between them.
    separator: char,
    /// The format of what follows, with what stands before it.
    time: Option<&'static str>,
}

/// What stands first where the year does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    DayFirst,
    MonthFirst,
    /// Either may be.
    Open,
}

/// How a column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    separator: char,
    time: Option<&'static str>,
    /// `None` where the year stands first.
    order: Option<Order>,
    /// `%Y` or `%y`.
    year: &'static str,
}

impl Dates {
    /// Looks at the columns from a row on.
    pub(super) fn find(cut: &Cut<'_>, from: usize, names: &[String]) -> Self {
        let mut found = Self::default();
        let mut columns: Vec<(&str, Written)> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            match column(&cut.column(at, from).map(parts).collect::<Option<Vec<_>>>().unwrap_or_default()) {
                Seen::Dates(written) => columns.push((name, written)),
                Seen::Several => found.notes.push(format!("{name}: dates are written in several ways: texts")),
                Seen::Others => {}
            }
        }
        // What one column tells holds for its neighbours.
        let told = columns
            .iter()
            .map(|(_, written)| *written)
            .find(|written| !matches!(written.order, None | Some(Order::Open)));
        for (_, written) in &mut columns {
            if let (Some(Order::Open), Some(told)) = (written.order, told)
                && told.separator == written.separator
            {
                written.order = told.order;
            }
        }
        let is_open = |written: &Written| written.order == Some(Order::Open);
        let open: Vec<&str> = columns.iter().filter(|(_, written)| is_open(written)).map(|(name, _)| *name).collect();
        if !open.is_empty() {
            found.notes.push(format!(
                "{}: whether days or months stand first cannot be told: texts; say `date_format` (or `timestamp_format`) and the type",
                open.join(", ")
            ));
        }
        columns.retain(|(_, written)| !is_open(written));
        if columns.iter().any(|(_, written)| written.year == "%y") {
            found.notes.push("of years with two digits those from 69 on are of the last century".to_owned());
        }
        for (times, format) in [(false, &mut found.date), (true, &mut found.timestamp)] {
            let mut formats: Vec<String> = columns
                .iter()
                .filter(|(_, written)| written.time.is_some() == times)
                .map(|(_, written)| written.format())
                .collect();
            formats.sort();
            formats.dedup();
            match formats.as_slice() {
                [] => {}
                [only] => *format = Some(only.clone()),
                several => found
                    .notes
                    .push(format!("dates are written in several ways, which are left texts: {}", several.join(", "))),
            }
        }
        found
    }
}

impl Written {
    fn format(&self) -> String {
        let (separator, year) = (self.separator, self.year);
        let date = match self.order {
            None => format!("{year}{separator}%m{separator}%d"),
            Some(Order::MonthFirst) => format!("%m{separator}%d{separator}{year}"),
            Some(Order::DayFirst | Order::Open) => format!("%d{separator}%m{separator}{year}"),
        };
        date + self.time.unwrap_or_default()
    }
}

/// What a column holds.
enum Seen {
    Dates(Written),
    /// Dates in more than one form.
    Several,
    /// Anything else, and dates as ISO 8601 has them.
    Others,
}

/// How a column of such values is written.
fn column(values: &[Parts<'_>]) -> Seen {
    let Some(first) = values.first() else { return Seen::Others };
    if values.iter().all(|parts| parts.separator == '-' && parts.numbers[0].len() == 4) {
        return Seen::Others;
    }
    let is_same = |parts: &Parts<'_>| (parts.separator, parts.time) == (first.separator, first.time);
    // Numbers with points in them, as versions of programs, are no dates.
    let has_years = values.iter().all(|parts| parts.numbers.iter().any(|number| number.len() == 4));
    match of_one_form(values, *first).filter(|_| values.iter().all(is_same)) {
        Some(written) => Seen::Dates(written),
        None if has_years => Seen::Several,
        None => Seen::Others,
    }
}

/// How values of one form are written; `None` where they are of several forms, or no dates.
fn of_one_form(values: &[Parts<'_>], first: Parts<'_>) -> Option<Written> {
    let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let most = |at: usize| values.iter().map(|parts| number(parts.numbers[at])).max().unwrap_or(u32::MAX);
    let digits = |at: usize, digits: &[usize]| values.iter().all(|parts| digits.contains(&parts.numbers[at].len()));
    let Parts { separator, time, .. } = first;
    if !digits(1, &[1, 2]) {
        return None;
    }
    if digits(0, &[4]) {
        let is_date = digits(2, &[1, 2]) && most(1) <= 12 && most(2) <= 31;
        return is_date.then_some(Written { separator, time, order: None, year: "%Y" });
    }
    let year = if digits(2, &[4]) { "%Y" } else { "%y" };
    // Versions of programs (`1.2.10`) look like days of short years, but for the zeros.
    let is_short = digits(2, &[2]) && (separator == '/' || digits(0, &[2]) && digits(1, &[2]));
    if !digits(0, &[1, 2]) || year == "%y" && !is_short {
        return None;
    }
    let order = match (most(0), most(1)) {
        (0..=12, 13..=31) => Order::MonthFirst,
        (13..=31, 0..=12) => Order::DayFirst,
        // Where points stand between them, days stand first.
        (0..=12, 0..=12) if separator == '.' => Order::DayFirst,
        (0..=12, 0..=12) => Order::Open,
        _ => return None,
    };
    Some(Written { separator, time, order: Some(order), year })
}

/// The parts of a value, if it is written as dates are.
fn parts(text: &str) -> Option<Parts<'_>> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '/' | '-')).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    let mut numbers = date.split(separator);
    let (first, second, third) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let numbers = [first, second, third]
        .map(|number| (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number));
    let [Some(first), Some(second), Some(third)] = numbers else { return None };
    if date.matches(separator).count() != 2 {
        return None;
    }
    Some(Parts { numbers: [first, second, third], separator, time: time(rest)? })
}

/// The format of a time behind a date: `Some(None)` where there is none, `None` where it is something else.
fn time(text: &str) -> Option<Option<&'static str>> {
    if text.is_empty() {
        return Some(None);
    }
    let (time, half) = match text.strip_prefix(' ')?.rsplit_once(' ') {
        Some((time, half)) if half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm") => (time, true),
        Some(_) => return None,
        None => (&text[1..], false),
    };
    let numbers: Vec<&str> = time.split(':').collect();
    if !numbers.iter().all(|number| (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    match (numbers.len(), half) {
        (2, false) => Some(Some(" %H:%M")),
        (3, false) => Some(Some(" %H:%M:%S")),
        (2, true) => Some(Some(" %I:%M %p")),
        (3, true) => Some(Some(" %I:%M:%S %p")),
        _ => None,
    }
}
