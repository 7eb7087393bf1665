//! Times and spans of Avro that the lake has no type for, as texts.

/// `HH:MM:SS`, with microseconds where there are some; `None` when it is no time of a day.
pub(super) fn clock(micros: i64) -> Option<String> {
    if !(0..86_400_000_000).contains(&micros) {
        return None;
    }
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let fraction = format!(".{micros:06}");
    let fraction = if micros == 0 { "" } else { fraction.trim_end_matches('0') };
    Some(format!("{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// A span of ISO 8601 from the months, days and milliseconds of a `duration`.
pub(super) fn span(parts: [u8; 12]) -> String {
    let part = |at: usize| u32::from_le_bytes([parts[at], parts[at + 1], parts[at + 2], parts[at + 3]]);
    let (months, days, millis) = (part(0), part(4), part(8));
    let mut text = String::from("P");
    for (value, unit) in [(months, 'M'), (days, 'D')] {
        if value > 0 {
            text.push_str(&format!("{value}{unit}"));
        }
    }
    if millis > 0 || text.len() == 1 {
        let fraction = format!(".{:03}", millis % 1000);
        let fraction = if millis % 1000 == 0 { "" } else { fraction.trim_end_matches('0') };
        text.push_str(&format!("T{}{fraction}S", millis / 1000));
    }
    text
}
