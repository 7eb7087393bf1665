//! What was delivered: a line for each delivery, and what a person has to know of it.

use headwater_run::{DeliveryState, DeliverySummary};

use super::problem::labelled;
use super::style::{Style, cut, one_line};
use super::table::{Cell, Column, Table};
use super::units::{count_or_blank, plural, seconds};

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
    let quiet = |delivery: &&DeliverySummary| delivery.state == DeliveryState::UpToDate;
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
        DeliveryState::NotPublished => "not published yet",
        DeliveryState::Failed => "failed",
    }
}

fn style(delivery: &DeliverySummary) -> Style {
    match delivery.state {
        DeliveryState::Delivered if delivery.undelivered > 0 => Style::Warn,
        DeliveryState::Delivered | DeliveryState::Due => Style::Good,
        DeliveryState::Failed => Style::Bad,
        DeliveryState::UpToDate | DeliveryState::NotPublished => Style::Dim,
    }
}

/// Why it failed, which rows were refused, what is worth knowing.
fn details(delivery: &DeliverySummary, width: usize, color: bool) -> String {
    let mut out = String::new();
    if delivery.message.is_none() && delivery.samples.is_empty() && delivery.notes.is_empty() {
        return out;
    }
    let name = Style::Bold.paint(&delivery.delivery, color);
    match &delivery.message {
        Some(message) => {
            let code = delivery.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
            out.push_str(&format!("\n{name}: {}{code}: {message}\n", Style::Bad.paint("failed", color)));
        }
        None => out.push_str(&format!("\n{name}\n")),
    }
    if delivery.undelivered > 0 {
        let rows = plural(delivery.undelivered, "row");
        out.push_str(&format!("  {rows} refused, kept there in headwater_undelivered and tried again next time\n"));
    }
    for sample in &delivery.samples {
        let row = cut(&one_line(&sample.row), width.saturating_sub(4).max(20));
        out.push_str(&format!("    {row}\n      {}\n", one_line(&sample.reason)));
    }
    out.extend(delivery.notes.iter().map(|note| labelled("note", note, color)));
    out.extend(delivery.help.iter().map(|help| labelled("help", help, color)));
    out
}
