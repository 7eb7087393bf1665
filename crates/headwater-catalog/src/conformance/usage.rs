//! What queries have asked of tables.

use headwater_sdk::Result;
use headwater_sdk::engine::{Asked, Restriction, TableScan};
use headwater_sdk::store::{ColumnUse, MOST_USAGE, MOST_USAGE_OF_A_DAY, RestrictedBy, USAGE_DAYS, UsageRecord};

use super::Subject;
use super::samples::name;

const DAY_MS: i64 = 86_400_000;

/// A scan that read a tenth of a thousand rows.
fn scan(table: &str, restrictions: &[(&str, Asked)]) -> Result<TableScan> {
    let restriction = |(column, asked): &(&str, Asked)| Restriction { column: (*column).to_owned(), asked: *asked };
    let restrictions = restrictions.iter().map(restriction).collect();
    Ok(TableScan { table: name(table)?, restrictions, rows: 1_000, read: 100 })
}

const RANGE: Asked = Asked::Range { share: Some(0.25) };
const UNKNOWN: Asked = Asked::Range { share: None };

pub(super) async fn scans_of_a_day_are_summed_up(subject: Subject) -> Result<()> {
    assert_eq!(subject.store.usage().await?, []);
    let both = [("b", Asked::Values(2)), ("a", RANGE)];
    let scans = [scan("raw.a", &both)?, scan("raw.a", &[("a", RANGE)])?, scan("raw.b", &[])?];
    subject.store.add_usage(&scans).await?;
    // The same columns in another order, and with another amount.
    let again =
        [scan("raw.a", &[("a", UNKNOWN), ("b", Asked::Values(3))])?, scan("raw.a", &[("a", Asked::Values(1))])?];
    subject.other.add_usage(&again).await?;
    subject.store.add_usage(&[]).await?;
    let day = UsageRecord::day_of(subject.clock.now_ms());
    let used = |column: &str, by, known, amount| ColumnUse { column: column.into(), by, known, amount };
    let record = |table: &str, scans, columns| {
        Ok::<_, headwater_sdk::Error>(UsageRecord {
            table: name(table)?,
            day,
            columns,
            scans,
            rows: 1_000 * scans,
            read: 100 * scans,
        })
    };
    let (values, range) = (RestrictedBy::Values, RestrictedBy::Range);
    assert_eq!(
        subject.other.usage().await?,
        [
            record("raw.a", 1, vec![used("a", values, 1, 1.0)])?,
            record("raw.a", 1, vec![used("a", range, 1, 0.25)])?,
            record("raw.a", 2, vec![used("a", range, 1, 0.25), used("b", values, 2, 5.0)])?,
            record("raw.b", 1, vec![])?,
        ]
    );
    Ok(())
}

pub(super) async fn usage_goes_with_time(subject: Subject) -> Result<()> {
    let mut days = Vec::new();
    for _ in 0..=USAGE_DAYS {
        subject.store.add_usage(&[scan("raw.a", &[("a", RANGE)])?]).await?;
        days.push(UsageRecord::day_of(subject.clock.now_ms()));
        subject.clock.advance(DAY_MS);
    }
    let kept = async || Ok::<_, headwater_sdk::Error>(subject.other.usage().await?.iter().map(|r| r.day).collect());
    let found: Vec<i64> = kept().await?;
    assert_eq!(found, days[2..], "the day that was last is yesterday now");
    subject.clock.advance(DAY_MS * (USAGE_DAYS - 3));
    let found: Vec<i64> = kept().await?;
    assert_eq!(found, days[days.len() - 2..]);
    Ok(())
}

pub(super) async fn usage_does_not_grow_without_end(subject: Subject) -> Result<()> {
    let names: Vec<String> = (0..MOST_USAGE_OF_A_DAY + 9).map(|number| format!("c{number}")).collect();
    let many = names.iter().map(|column| scan("raw.a", &[(column, RANGE)])).collect::<Result<Vec<_>>>()?;
    subject.store.add_usage(&many).await?;
    subject.store.add_usage(&many).await?;
    let usage = subject.other.usage().await?;
    assert_eq!(usage.len(), MOST_USAGE_OF_A_DAY);
    assert!(usage.iter().all(|record| record.scans == 2
        && many[..usage.len()].iter().any(|scan| { scan.restrictions[0].column == record.columns[0].column })));
    subject.clock.advance(DAY_MS);
    let tables: Vec<String> = (0..MOST_USAGE).map(|number| format!("raw.t{number}")).collect();
    let more = tables.iter().map(|table| scan(table, &[])).collect::<Result<Vec<_>>>()?;
    subject.store.add_usage(&more).await?;
    let usage = subject.other.usage().await?;
    assert_eq!(usage.len(), MOST_USAGE);
    assert!(usage.iter().all(|record| record.columns.is_empty()), "the oldest have gone");
    Ok(())
}
