//! What the database itself keeps of deliveries: the marks of what its tables hold, and the rows that it has refused.

use std::collections::BTreeMap;

use arrow_schema::SchemaRef;
use headwater_sdk::Result;
use headwater_sdk::destination::{self, Mark, Undelivered};

use super::super::quote;
use super::columns::is_text;
use super::rows::{key_of, staged_row};
use super::stage::{self, AGAIN, Filling, OPERATION, PLACE};
use super::work::Work;
use crate::database::{Faults, HOPELESS, LEFT_OUT, MARKS, REFUSED, SAMPLES, STAGE, Stage};
use crate::delivered::{mark_of, row_of, text_of};

const MARK_COLUMNS: &str = "delivery varchar(255) character set utf8mb4 collate utf8mb4_bin primary key, mark longtext, \
    pending longtext comment 'the mark that stands when a new table has taken the place of the old one', \
    delivered_at datetime(6) not null";
const REFUSED_COLUMNS: &str = "id bigint auto_increment primary key, \
    delivery varchar(255) character set utf8mb4 collate utf8mb4_bin not null, operation tinyint not null, \
    `row` longtext character set utf8mb4 not null, reason text character set utf8mb4 not null, since datetime(6) not null, key (delivery)";

/// The mark that stands, and one that would if a new table has taken the old one's place.
#[derive(Default)]
pub(super) struct Found {
    pub(super) mark: Option<Mark>,
    pub(super) pending: Option<Mark>,
}

/// A row that was refused by an earlier delivery.
pub(super) struct Kept {
    operation: i8,
    row: String,
    reason: String,
    since: String,
}

/// Rows that were refused by earlier deliveries, by the places that they have in the temporary table.
pub(super) type KeptRows = BTreeMap<i64, Kept>;

fn name(work: &Work<'_>) -> String {
    quote::text(&work.outlet.settings.name)
}

/// What is kept of the delivery.
pub(super) async fn find(work: &mut Work<'_>) -> Result<Found> {
    if !work.is_there(MARKS).await? {
        return Ok(Found::default());
    }
    let marks = work.outlet.target.beside(MARKS);
    let rows = work.ask(&format!("select mark, pending from {marks} where delivery = {}", name(work))).await?;
    let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
    let mut next = || {
        let text = row.next().flatten();
        text.map(|text| mark_of(&text, &work.outlet.settings.name, &marks)).transpose()
    };
    Ok(Found { mark: next()?, pending: next()? })
}

/// Makes the tables if they are not there.
pub(super) async fn make(work: &mut Work<'_>) -> Result<()> {
    for (table, columns) in [(MARKS, MARK_COLUMNS), (REFUSED, REFUSED_COLUMNS)] {
        // To make a table that is there already takes a right that nobody needs.
        if !work.is_there(table).await? {
            let table = work.outlet.target.beside(table);
            work.run(format!("create table if not exists {table} ({columns}) engine = InnoDB")).await?;
        }
    }
    Ok(())
}

/// Puts the rows that were refused earlier into the temporary table, unless they have come again. Those that are not tried again are
/// returned, too.
pub(super) async fn restage(work: &mut Work<'_>, schema: &SchemaRef) -> Result<KeptRows> {
    let outlet = work.outlet;
    let (refused, key) = (outlet.target.beside(REFUSED), outlet.settings.key.as_slice());
    let sql =
        format!("select operation, `row`, reason, since from {refused} where delivery = {} order by id", name(work));
    let mut kept = KeptRows::new();
    for row in work.ask(&sql).await? {
        if let [Some(operation), Some(row), Some(reason), Some(since)] = row.as_slice() {
            let operation = operation.parse().unwrap_or(HOPELESS);
            let place = -1 - kept.len() as i64;
            kept.insert(place, Kept { operation, row: row.clone(), reason: reason.clone(), since: since.clone() });
        }
    }
    if kept.is_empty() {
        return Ok(kept);
    }
    stage::make(work, AGAIN, schema, key).await?;
    let (again, staged) = (outlet.target.beside(AGAIN), outlet.target.beside(STAGE));
    let mut filling = Filling::new(work, AGAIN);
    let mut gone: Vec<i64> = Vec::new();
    for (place, row) in &mut kept {
        let whole = (row.operation != HOPELESS).then(|| row_of(schema, &row.row)).flatten();
        if whole.is_none() {
            row.operation = HOPELESS;
        }
        let Some(rows) = whole.or_else(|| key_of(schema, key, &row.row)) else {
            // Its key is of another type now: with that, all rows come again.
            gone.extend((!key.is_empty()).then_some(*place));
            continue;
        };
        let (what, mut is_refused) = ((*place, row.operation), false);
        filling.add(work, &rows, |_| what, |_, _| is_refused = true).await?;
        if is_refused {
            row.operation = HOPELESS;
        }
    }
    filling.end(work).await?;
    if !key.is_empty() {
        let same = key.iter().map(|name| {
            let is_text = schema.field_with_name(name).is_ok_and(|field| is_text(field.data_type()));
            let name = quote::name(name);
            let exactly = if is_text {
                format!(" and cast(a.{name} as binary) = cast(s.{name} as binary)")
            } else {
                String::new()
            };
            format!("a.{name} = s.{name}{exactly}")
        });
        let same = same.collect::<Vec<_>>().join(" and ");
        let come = format!("select a.{PLACE} from {staged} s straight_join {again} a on {same}");
        let come = work.ask(&come).await?;
        gone.extend(come.into_iter().flatten().flatten().filter_map(|place| place.parse::<i64>().ok()));
    }
    for place in gone {
        kept.remove(&place);
        work.run(format!("delete from {again} where {PLACE} = {place}")).await?;
    }
    work.run(format!("insert into {staged} select * from {again} where {OPERATION} >= 0")).await?;
    Ok(kept)
}

/// Keeps the rows that are refused, in place of those that were, and returns some of them.
pub(super) async fn set_aside(
    work: &mut Work<'_>,
    schema: &SchemaRef,
    stage: &Stage,
    faults: Faults,
    mut kept: KeptRows,
) -> Result<Vec<Undelivered>> {
    let outlet = work.outlet;
    let refused = outlet.target.beside(REFUSED);
    work.run(format!("delete from {refused} where delivery = {}", name(work))).await?;
    let now = "utc_timestamp(6)".to_owned();
    let mut rows: Vec<(i8, String, String, String)> = Vec::new();
    let staged = outlet.target.beside(STAGE);
    for (place, reason) in faults.rows {
        match kept.remove(&place) {
            Some(Kept { operation, row, since, .. }) => rows.push((operation, row, reason, quote::text(&since))),
            None => {
                let operation =
                    work.one(&format!("select {OPERATION} % {LEFT_OUT} from {staged} where {PLACE} = {place}")).await?;
                let row = staged_row(work, schema, place).await?;
                let operation = operation.and_then(|operation| operation.parse().ok()).unwrap_or(0);
                rows.push((operation, row, reason, now.clone()));
            }
        }
    }
    let unsendable = stage.unsendable.rows.iter();
    rows.extend(unsendable.map(|(row, reason)| (HOPELESS, row.clone(), reason.clone(), now.clone())));
    let samples =
        rows.iter().take(SAMPLES).map(|(_, row, reason, _)| Undelivered { row: row.clone(), reason: reason.clone() });
    let samples = samples.collect();
    let hopeless = kept.into_values().filter(|kept| kept.operation == HOPELESS);
    rows.extend(hopeless.map(|Kept { operation, row, reason, since }| (operation, row, reason, quote::text(&since))));
    for (mut operation, mut row, reason, since) in rows {
        if 2 * row.len() > work.longest {
            // Larger than what can be sent: its key tells which it is.
            operation = HOPELESS;
            row = key_of(schema, &outlet.settings.key, &row)
                .map_or_else(|| "{}".to_owned(), |key| crate::delivered::as_json(&key));
        }
        work.run(format!(
            "insert into {refused} (delivery, operation, `row`, reason, since) values ({}, {operation}, {}, {}, {since})",
            name(work),
            quote::text(&row),
            quote::text(&reason)
        ))
        .await?;
    }
    Ok(samples)
}

/// How many rows are kept.
pub(super) async fn kept(work: &mut Work<'_>) -> Result<destination::Kept> {
    if !work.is_there(REFUSED).await? {
        return Ok(destination::Kept::default());
    }
    let which = format!("from {} where delivery = {}", work.outlet.target.beside(REFUSED), name(work));
    let sql = format!("select count(*), count(case when operation <> {HOPELESS} then 1 end) {which}");
    let row = work.ask(&sql).await?.into_iter().next().unwrap_or_default();
    let mut counts = row.into_iter().map(|count| count.and_then(|count| count.parse().ok()).unwrap_or_default());
    let mut next = || counts.next().unwrap_or_default();
    Ok(destination::Kept { rows: next(), again: next() })
}

/// Sets the mark, and that there is none that waits.
pub(super) async fn set(work: &mut Work<'_>, mark: Option<&Mark>) -> Result<()> {
    put(work, "mark", mark, "pending = null").await
}

/// Sets the mark that stands once a new table has taken the old one's place.
pub(super) async fn set_pending(work: &mut Work<'_>, mark: &Mark) -> Result<()> {
    put(work, "pending", Some(mark), "mark = mark").await
}

async fn put(work: &mut Work<'_>, column: &str, mark: Option<&Mark>, others: &str) -> Result<()> {
    let mark = mark.map(text_of).transpose()?.map_or_else(|| "null".to_owned(), |mark| quote::text(&mark));
    let (marks, name) = (work.outlet.target.beside(MARKS), name(work));
    work.run(format!(
        "insert into {marks} (delivery, {column}, delivered_at) values ({name}, {mark}, utc_timestamp(6)) \
         on duplicate key update {column} = values({column}), {others}, delivered_at = values(delivered_at)"
    ))
    .await?;
    Ok(())
}
