//! What was delivered: a line for each delivery, and what a person has to know of it.

use headwater_run::{DeliveryState, DeliveryStatus, DeliverySummary, Standing};
use headwater_sdk::store::{DeliveryOutcome, DeliveryRecord, UndeliveredRecord};

use super::problem::labelled;
use super::style::{Style, cut, one_line};
use super::table::{Cell, Column, Table};
use super::units::{bytes, count_or_blank, plural, seconds, time};

/// The report of deliveries.
pub(crate) fn report(deliveries: &[DeliverySummary], width: usize, color: bool) -> String {
    let mut table = Table::new(vec![
        Column::text("delivery"),
        Column::text("result"),
        Column::number("written"),
        Column::number("deleted").optional(2),
        Column::number("refused").optional(3),
        Column::number("time").optional(1),
    ]);
    let quiet = |delivery: &&DeliverySummary| delivery.state == DeliveryState::UpToDate && delivery.undelivered == 0;
    for delivery in deliveries.iter().filter(|delivery| !quiet(delivery)) {
        table.push(vec![
            delivery.delivery.clone().into(),
            Cell::styled(word(delivery.state).to_owned(), style(delivery)),
            count_or_blank(delivery.written).into(),
            count_or_blank(delivery.deleted).into(),
            count_or_blank(delivery.undelivered).into(),
            seconds(delivery.seconds).into(),
        ]);
    }
    let mut out = if table.is_empty() { String::new() } else { table.render(width, color) };
    let unchanged = deliveries.iter().filter(quiet).count() as u64;
    if unchanged > 0 {
        let (what, are) = (deliveries_of(unchanged), if unchanged == 1 { "is" } else { "are" });
        out.push_str(&Style::Dim.paint(&format!("{what} {are} up to date"), color));
        out.push('\n');
    }
    deliveries.iter().for_each(|delivery| out.push_str(&details(delivery, width, color)));
    out
}

fn deliveries_of(number: u64) -> String {
    if number == 1 { "1 delivery".to_owned() } else { format!("{number} deliveries") }
}

fn word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::Due => "to be delivered",
        DeliveryState::UpToDate => "up to date",
        DeliveryState::Refused => "all refused",
        DeliveryState::NotPublished => "not published yet",
        DeliveryState::Failed => "failed",
    }
}

fn style(delivery: &DeliverySummary) -> Style {
    match delivery.state {
        DeliveryState::Delivered if delivery.undelivered > 0 => Style::Warn,
        DeliveryState::Delivered | DeliveryState::Due => Style::Good,
        DeliveryState::Failed | DeliveryState::Refused => Style::Bad,
        DeliveryState::UpToDate if delivery.undelivered > 0 => Style::Warn,
        DeliveryState::UpToDate | DeliveryState::NotPublished => Style::Dim,
    }
}

/// Why it failed, which rows were refused, what is worth knowing.
fn details(delivery: &DeliverySummary, width: usize, color: bool) -> String {
    let mut out = String::new();
    if delivery.message.is_none() && delivery.undelivered == 0 && delivery.notes.is_empty() {
        return out;
    }
    let name = Style::Bold.paint(&delivery.delivery, color);
    match &delivery.message {
        Some(message) => {
            let code = delivery.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
            let word = Style::Bad.paint(word(delivery.state), color);
            out.push_str(&format!("\n{name}: {word}{code}: {message}\n"));
        }
        None => out.push_str(&format!("\n{name}\n")),
    }
    if delivery.undelivered > 0 {
        let rows = plural(delivery.undelivered, "row");
        let kept = if delivery.kept.is_empty() { String::new() } else { format!("kept {} and ", delivery.kept) };
        out.push_str(&format!("  {rows} refused, {kept}tried again next time\n"));
    }
    for sample in &delivery.samples {
        let row = cut(&one_line(&sample.row), width.saturating_sub(4).max(20));
        out.push_str(&format!("    {row}\n      {}\n", one_line(&sample.reason)));
    }
    out.extend(delivery.notes.iter().map(|note| labelled("note", note, color)));
    out.extend(delivery.help.iter().map(|help| labelled("help", help, color)));
    out
}

/// What was delivered in a run, as it was recorded.
pub(crate) fn recorded(records: &[DeliveryRecord], width: usize, color: bool) -> String {
    let mut table = Table::new(vec![
        Column::text("delivery"),
        Column::text("result"),
        Column::text("snapshots").optional(4),
        Column::number("written"),
        Column::number("deleted").optional(2),
        Column::number("refused").optional(3),
        Column::number("sent").optional(5),
        Column::number("time").optional(1),
        Column::number("tries").optional(6),
    ]);
    let mut problems = String::new();
    for record in records {
        let number = |snapshot: Option<u64>| snapshot.map_or_else(|| "-".to_owned(), |snapshot| snapshot.to_string());
        let took = (record.ended_ms - record.started_ms) as f64 / 1000.0;
        let tries = if record.attempts > 1 { record.attempts.to_string() } else { String::new() };
        table.push(vec![
            record.delivery.clone().into(),
            outcome(record),
            format!("{} → {}", number(record.from), number(record.to)).into(),
            count_or_blank(record.written).into(),
            count_or_blank(record.deleted).into(),
            count_or_blank(record.undelivered).into(),
            (if record.bytes == 0 { String::new() } else { bytes(record.bytes) }).into(),
            seconds(took).into(),
            tries.into(),
        ]);
        if let Some(message) = &record.message {
            let code = record.code.as_ref().map(|code| format!("[{code}] ")).unwrap_or_default();
            problems.push_str(&format!("{}: {code}{}\n", record.delivery, one_line(message)));
        }
    }
    let problems = if problems.is_empty() { problems } else { format!("\n{problems}") };
    format!("{}{problems}", table.render(width, color))
}

fn outcome(record: &DeliveryRecord) -> Cell {
    let (word, style) = match record.outcome {
        DeliveryOutcome::Delivered if record.code.is_some() => ("all refused", Style::Bad),
        DeliveryOutcome::Delivered if record.undelivered > 0 => ("delivered", Style::Warn),
        DeliveryOutcome::Delivered => ("delivered", Style::Good),
        DeliveryOutcome::UpToDate => ("up to date", Style::Dim),
        DeliveryOutcome::NotPublished => ("not published yet", Style::Dim),
        DeliveryOutcome::Failed => ("failed", Style::Bad),
    };
    Cell::styled(word.to_owned(), style)
}

/// How deliveries stand.
pub(crate) fn standings(all: &[DeliveryStatus], width: usize, color: bool) -> String {
    let mut table = Table::new(vec![
        Column::text("delivery"),
        Column::text("stands"),
        Column::number("holds"),
        Column::number("newest").optional(3),
        Column::text("behind"),
        Column::number("refused").optional(2),
        Column::text("last").optional(1),
        Column::text("at (UTC)").optional(4),
    ]);
    let mut problems = String::new();
    for status in all {
        let (word, style) = match status.standing {
            Standing::UpToDate => ("up to date", Style::Good),
            Standing::Behind => ("behind", Style::Warn),
            Standing::Never => ("never delivered", Style::Warn),
            Standing::NotPublished => ("not published yet", Style::Dim),
        };
        let standing = match status.undelivered {
            0 => Cell::styled(word.to_owned(), style),
            rows => {
                let (name, rows) = (&status.delivery, plural(rows, "row"));
                let shown = match status.connector.as_str() {
                    "webhook" => format!("`headwater deliver --undelivered {name}` shows them"),
                    _ => format!("`select * from headwater_undelivered where delivery = '{name}'` shows them there"),
                };
                let again = format!("`headwater deliver {name}` tries them again");
                problems.push_str(&format!("{name}: {rows} refused: {shown}, {again}\n"));
                Cell::styled(format!("{word}, {rows} refused"), Style::Warn)
            }
        };
        let number = |snapshot: Option<u64>| snapshot.map(|snapshot| snapshot.to_string()).unwrap_or_default();
        let behind = match status.snapshots_behind {
            0 => String::new(),
            many => format!("{}, {}", plural(many, "snapshot"), seconds(status.seconds_behind)),
        };
        let last = status.last.as_ref();
        table.push(vec![
            status.delivery.clone().into(),
            standing,
            number(status.holds).into(),
            number(status.newest).into(),
            behind.into(),
            count_or_blank(status.undelivered).into(),
            last.map_or_else(|| Cell::from(String::new()), outcome),
            last.map(|last| time(last.started_ms)).unwrap_or_default().into(),
        ]);
        if let Some((code, message)) = last.and_then(|last| last.code.as_ref().zip(last.message.as_ref())) {
            problems.push_str(&format!("{}: [{code}] {}\n", status.delivery, one_line(message)));
        }
    }
    let problems = if problems.is_empty() { problems } else { format!("\n{problems}") };
    format!("{}{problems}", table.render(width, color))
}

/// Rows that the catalogue keeps of what was refused.
pub(crate) fn kept(rows: &[UndeliveredRecord], color: bool) -> String {
    let mut out = String::new();
    let mut last = "";
    for kept in rows {
        if kept.delivery != last {
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}{}\n", Style::Bold.paint(&kept.delivery, color)));
            last = &kept.delivery;
        }
        let (row, reason) = (one_line(&kept.row.row), one_line(&kept.row.reason));
        out.push_str(&format!("  {row}\n    since {} UTC: {reason}\n", time(kept.since_ms)));
    }
    out
}
