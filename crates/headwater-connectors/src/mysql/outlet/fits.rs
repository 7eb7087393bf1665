//! Columns of the table that are of another type than the values that are sent: which of these lose something there, and which columns can be
//! made wider.

use arrow_schema::Field;
use headwater_sdk::Result;

use super::super::quote;
use super::columns::{of_key, type_of};
use super::stage::{OPERATION, PLACE};
use super::work::Work;
use crate::database::{Faults, Kind, LEFT_OUT, Loss, STAGE, noise, numbers};

/// The largest double below 2^63.
const BELOW_MOST: &str = "9223372036854774784";

/// A column's kind, by its type as the server writes it.
pub(super) fn kind_of(written: &str) -> Kind {
    let (numbers, signed) = (numbers(written), !written.contains("unsigned"));
    let first = numbers.first().copied();
    let name = written.split(['(', ' ']).next().unwrap_or_default();
    let digits = || first.map(|digits| (digits, numbers.get(1).copied().unwrap_or(0)));
    match name {
        "tinyint" => Kind::Integer { bits: 8, signed },
        "smallint" => Kind::Integer { bits: 16, signed },
        "mediumint" => Kind::Integer { bits: 24, signed },
        "int" => Kind::Integer { bits: 32, signed },
        "bigint" => Kind::Integer { bits: 64, signed },
        // `float(10)` is one of so many bits; `double(10,2)` rounds.
        "float" | "double" if numbers.len() == 2 => Kind::Decimal(digits()),
        "float" => Kind::Float { double: first.is_some_and(|bits| bits > 24) },
        "double" => Kind::Float { double: true },
        "decimal" => Kind::Decimal(digits()),
        "char" | "varchar" => Kind::Text(first.and_then(|most| u64::try_from(most).ok())),
        "tinytext" => Kind::Text(Some(255)),
        "text" => Kind::Text(Some(65_535)),
        "mediumtext" => Kind::Text(Some(16_777_215)),
        "longtext" => Kind::Text(None),
        "date" => Kind::Date,
        // What it is of an instant, it has in UTC.
        "datetime" | "timestamp" => Kind::Timestamp {
            digits: first.and_then(|digits| u32::try_from(digits).ok()).unwrap_or(0),
            zone: name == "timestamp",
        },
        _ => Kind::Other,
    }
}

/// The kind in which values of a column of the lake are sent.
pub(super) fn sent(field: &Field) -> Kind {
    kind_of(&type_of(field.data_type()).replace("boolean", "tinyint(1)"))
}

/// The condition under which a column's value loses something. `of` is the column's kind.
fn loses(loss: Loss, column: &str, of: &Kind) -> String {
    match (loss, of) {
        (Loss::Digits(places), Kind::Text(_)) => {
            format!("{column} regexp '^[[:space:]]*[-+]?[0-9]*[.][0-9]{{{}}}[0-9]*[1-9]'", places.max(0))
        }
        (Loss::Digits(places), Kind::Float { double }) if places > 0 => {
            format!("abs(round({column} + 0e0, {places}) - {column}) > abs({column}) * {}", noise(*double))
        }
        (Loss::Digits(places), Kind::Float { .. }) => format!("round({column} + 0e0, {places}) <> {column} + 0e0"),
        (Loss::Digits(places), _) => format!("truncate({column}, {places}) <> {column}"),
        (Loss::Mantissa { double }, Kind::Integer { .. }) => {
            let most = if double { 1_i64 << 53 } else { 1 << 24 };
            let float = if double { column.to_owned() } else { format!("cast({column} as float)") };
            format!(
                "({column} not between -{most} and {most}) and ({column} > {BELOW_MOST} or cast({float} + 0e0 as signed) <> {column})"
            )
        }
        (Loss::Mantissa { double }, Kind::Decimal(digits)) => {
            let places = digits.map_or(0, |(_, places)| places);
            let float = if double { format!("{column} + 0e0") } else { format!("cast({column} as float)") };
            format!("cast({float} as decimal(65,{places})) <> {column}")
        }
        (Loss::Mantissa { double }, _) => {
            let float = if double { format!("{column} + 0e0") } else { format!("cast({column} as float)") };
            format!(
                "{column} regexp '^[-+]?[0-9]{{1,30}}([.][0-9]*)?$' and cast({float} as decimal(65,30)) <> cast({column} as decimal(65,30))"
            )
        }
        (Loss::TimeOfDay, Kind::Text(_)) => {
            format!("{column} regexp ':' and {column} not regexp '[ T]00:00(:00([.]0*)?)?([-+Zz ].*)?$'")
        }
        (Loss::TimeOfDay, _) => format!("{column} <> cast({column} as date)"),
        (Loss::Seconds(digits), Kind::Text(_)) => {
            format!("{column} regexp ':[0-9][0-9][.][0-9]{{{digits}}}[0-9]*[1-9]'")
        }
        (Loss::Seconds(digits), _) => {
            format!("microsecond({column}) % {} <> 0", 10_u32.pow(6_u32.saturating_sub(digits)))
        }
        (Loss::Length(most), _) => format!("char_length({column}) > {most}"),
        (Loss::Number, _) => format!("{column} not in (0, 1)"),
    }
}

/// A column whose values can lose something in the table.
pub(super) struct Lossy {
    pub(super) name: String,
    /// Its type in the table.
    pub(super) there: String,
    pub(super) sent: Kind,
    pub(super) loss: Loss,
}

/// Leaves the rows of the temporary table out whose values would be others in the table, and takes them up as refused.
///
/// # Errors
/// When the database fails, or these are too many.
pub(super) async fn leave_out(work: &mut Work<'_>, lossy: &[Lossy], faults: &mut Faults) -> Result<()> {
    let (outlet, stage) = (work.outlet, work.outlet.target.beside(STAGE));
    for Lossy { name, there, sent, loss } in lossy {
        let column = quote::name(name);
        let condition = loses(*loss, &column, sent);
        let sql = format!(
            "select {PLACE}, left({column}, 60) from {stage} where {OPERATION} = 0 and ({condition}) limit {}",
            faults.room() + 1
        );
        for row in work.ask(&sql).await? {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let place = row.next().and_then(|place| place.parse().ok()).unwrap_or_default();
            let value = row.next().unwrap_or_default();
            faults.add(place, format!("column '{name}': {there} cannot hold {value} as it is"))?;
        }
        // A row whose key the table cannot have is not there either.
        let operations = if outlet.settings.key.contains(name) { "(0, 1)" } else { "(0)" };
        // Conversions within a statement that changes rows are errors where one cuts a value: the places are collected first.
        let places = format!("select {PLACE} from {stage} where {OPERATION} in {operations} and ({condition})");
        let places: Vec<String> = work.ask(&places).await?.into_iter().flatten().flatten().collect();
        for some in places.chunks(1000) {
            let some = some.join(", ");
            let leave = format!("update {stage} set {OPERATION} = {OPERATION} + {LEFT_OUT} where {PLACE} in ({some})");
            work.run(leave).await?;
        }
    }
    Ok(())
}

/// Makes a column of a table as wide as the lake's, where each of its values stays what it is. Whether it has done so.
///
/// # Errors
/// When the database fails.
pub(super) async fn widen(work: &mut Work<'_>, field: &Field, there: &str) -> Result<bool> {
    let (was, becomes, table) = (kind_of(there), sent(field), work.outlet.target.sql());
    if !becomes.holds(&was) {
        let Some(loss @ Loss::Mantissa { .. }) = becomes.loses(&was) else { return Ok(false) };
        let lost = loses(loss, &quote::name(field.name()), &was);
        if work.one(&format!("select exists (select 1 from {table} where {lost})")).await?.as_deref() != Some("0") {
            return Ok(false);
        }
    }
    let statement = widening(work, field);
    Ok(work.attempt(&statement).await?.is_ok())
}

/// The statement that makes a column as wide as the lake's.
pub(super) fn widening(work: &Work<'_>, field: &Field) -> String {
    let (table, column, key) = (work.outlet.target.sql(), quote::name(field.name()), &work.outlet.settings.key);
    match key.contains(field.name()) {
        true => format!("alter table {table} modify {column} {} not null", of_key(field, key.len(), work.flavour)),
        false => format!("alter table {table} modify {column} {} null", type_of(field.data_type())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_what_the_server_writes() {
        for (written, kind) in [
            ("tinyint(1)", Kind::integer(8)),
            ("int(10) unsigned", Kind::Integer { bits: 32, signed: false }),
            ("bigint", Kind::integer(64)),
            ("double(10,2)", Kind::Decimal(Some((10, 2)))),
            ("decimal(10,2)", Kind::Decimal(Some((10, 2)))),
            ("varchar(5)", Kind::Text(Some(5))),
            ("longtext", Kind::Text(None)),
            ("datetime", Kind::Timestamp { digits: 0, zone: false }),
            ("timestamp(6)", Kind::Timestamp { digits: 6, zone: true }),
            ("enum('a','b')", Kind::Other),
        ] {
            assert_eq!(kind_of(written), kind, "{written}");
        }
    }
}
