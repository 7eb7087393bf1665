//! Numbers for people.

use headwater_sdk::engine::Refresh;

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number, or nothing for zero.
pub(crate) fn count_or_blank(number: u64) -> String {
    if number == 0 { String::new() } else { count(number) }
}

/// `1.2 MB`, in powers of 1000; nothing for zero.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if number == 0 {
        return String::new();
    }
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `0.4 s`, `12.3 s`, `4 min 05 s`, `2 h 07 min`; nothing for zero.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds <= 0.0 {
        return String::new();
    }
    if seconds < 60.0 {
        return if seconds < 9.95 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") };
    }
    let whole = seconds.round() as u64;
    match whole / 3600 {
        0 => format!("{} min {:02} s", whole / 60, whole % 60),
        hours => format!("{hours} h {:02} min", whole % 3600 / 60),
    }
}

/// A time in UTC, to the second.
pub(crate) fn time(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => ms.to_string(),
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn plural(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", count(number)) }
}

/// How a table was brought up to date, in a word or two.
pub(crate) fn refreshed(refresh: &Refresh) -> String {
    match refresh {
        Refresh::Full { .. } => "all rows".to_owned(),
        Refresh::Append => "new rows".to_owned(),
        Refresh::Keys { keys, .. } => plural(*keys, "key"),
        Refresh::Chosen { what, .. } => what.clone(),
        Refresh::Changes { added, replaced, deleted, .. } => {
            numbers(&[(*added, "added"), (*replaced, "replaced"), (*deleted, "deleted")])
        }
        Refresh::History { opened, changed, deleted, corrected, overwritten, .. } => {
            let [opened, changed, deleted] = [(*opened, "opened"), (*changed, "changed"), (*deleted, "deleted")];
            numbers(&[opened, changed, deleted, (*corrected, "corrected"), (*overwritten, "overwritten")])
        }
        Refresh::Snapshot { replaced: 0, .. } => "a snapshot".to_owned(),
        Refresh::Snapshot { .. } => "a snapshot again".to_owned(),
        Refresh::Nothing => "nothing".to_owned(),
    }
}

/// What there are some of: `2 added, 1 deleted`.
fn numbers(of: &[(u64, &str)]) -> String {
    let some = of.iter().filter(|(number, _)| *number > 0);
    some.map(|(number, what)| format!("{} {what}", count(*number))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_scaled() {
        assert_eq!((count(0), count(999), count(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
        assert_eq!(
            (bytes(0), bytes(999), bytes(1_200), bytes(999_960)),
            (String::new(), "999 B".into(), "1.2 kB".into(), "1.0 MB".into())
        );
        assert_eq!(
            (seconds(0.416), seconds(12.34), seconds(245.0), seconds(7_620.0)),
            ("0.42 s".into(), "12.3 s".into(), "4 min 05 s".into(), "2 h 07 min".into())
        );
        assert_eq!((plural(1, "row"), plural(2, "row")), ("1 row".into(), "2 rows".into()));
        assert_eq!(time(0), "1970-01-01 00:00:00");
    }
}
