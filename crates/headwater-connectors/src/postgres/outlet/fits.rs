//! Columns of the table that are of another type than the values that are sent: which of these lose something there, and which columns can be
//! made wider.

use arrow_schema::Field;
use headwater_sdk::Result;
use headwater_sdk::name::quote_identifier;
use tokio_postgres::Client;

use super::TableOutlet;
use super::columns::type_of;
use super::stage::{OPERATION, PLACE};
use crate::database::{Faults, Kind, LEFT_OUT, Loss, STAGE, noise, numbers};

/// A column's kind, by its type as PostgreSQL writes it.
pub(super) fn kind_of(written: &str) -> Kind {
    let (numbers, name) = (numbers(written), written.split('(').next().unwrap_or_default().trim());
    let first = numbers.first().copied();
    match name {
        _ if written.ends_with("[]") => Kind::Other,
        "boolean" => Kind::Boolean,
        "smallint" => Kind::integer(16),
        "integer" => Kind::integer(32),
        "bigint" => Kind::integer(64),
        "real" => Kind::Float { double: false },
        "double precision" => Kind::Float { double: true },
        "numeric" => Kind::Decimal(first.map(|digits| (digits, numbers.get(1).copied().unwrap_or(0)))),
        "text" => Kind::Text(None),
        "character varying" => Kind::Text(first.and_then(|most| u64::try_from(most).ok())),
        "character" => Kind::Text(Some(first.and_then(|most| u64::try_from(most).ok()).unwrap_or(1))),
        "date" => Kind::Date,
        timestamp if timestamp.starts_with("timestamp") => Kind::Timestamp {
            digits: first.and_then(|digits| u32::try_from(digits).ok()).unwrap_or(6),
            zone: written.ends_with("with time zone"),
        },
        _ => Kind::Other,
    }
}

/// A value of a column, as another one takes it.
pub(super) fn cast(column: &str, sent: &Kind, there: &str) -> String {
    match (sent, kind_of(there)) {
        // A cast alone leaves two digits of a double away.
        (Kind::Float { .. }, Kind::Decimal(_)) => format!("cast(cast({column} as text) as {there})"),
        _ => format!("cast({column} as {there})"),
    }
}

/// The condition under which a column's value loses something; no value makes it fail. `of` is the column's kind.
pub(super) fn loses(loss: Loss, column: &str, of: &Kind) -> String {
    const NUMBER: &str = r"'^\s*[-+]?\d{1,30}(\.\d*)?\s*$'";
    let float = |double: bool| if double { "double precision" } else { "real" };
    match (loss, of) {
        (Loss::Digits(0), Kind::Float { .. }) => format!("{column} <> trunc(cast({column} as double precision))"),
        (Loss::Digits(places), Kind::Float { double }) => {
            let text = format!("cast({column} as text)");
            format!(
                "case when {text} in ('NaN', 'Infinity', '-Infinity') then false \
                 else abs(round(cast({text} as numeric), {places}) - cast({text} as numeric)) > abs(cast({text} as numeric)) * {} end",
                noise(*double)
            )
        }
        (Loss::Digits(places), Kind::Text(_)) => format!(
            "case when {column} ~ {NUMBER} then cast({column} as numeric) <> trunc(cast({column} as numeric), {places}) else false end"
        ),
        (Loss::Digits(places), _) => {
            format!("cast({column} as numeric) <> trunc(cast({column} as numeric), {places})")
        }
        (Loss::Mantissa { double }, Kind::Integer { .. }) => {
            let (most, float) = (if double { 1_i64 << 53 } else { 1 << 24 }, float(double));
            format!(
                "case when {column} between -{most} and {most} then false \
                 when {column} between -4611686018427387904 and 4611686018427387904 then cast(cast({column} as {float}) as bigint) <> {column} \
                 else true end"
            )
        }
        (Loss::Mantissa { double }, Kind::Text(_)) => format!(
            "case when {column} ~ {NUMBER} then cast(cast(cast({column} as {}) as text) as numeric) <> cast({column} as numeric) \
             else false end",
            float(double)
        ),
        (Loss::Mantissa { double }, _) => {
            format!("cast(cast(cast({column} as {}) as text) as numeric) <> {column}", float(double))
        }
        (Loss::TimeOfDay, Kind::Text(_)) => {
            format!(r"({column} ~ ':' and {column} !~ '[ T]00:00(:00(\.0*)?)?([-+Zz ].*)?$')")
        }
        (Loss::TimeOfDay, _) => format!("{column} <> cast({column} as date)"),
        (Loss::Seconds(digits), Kind::Text(_)) => format!(r"{column} ~ ':\d\d\.\d{{{digits}}}\d*[1-9]'"),
        (Loss::Seconds(digits), Kind::Timestamp { zone, .. }) => {
            let zone = if *zone { "with" } else { "without" };
            format!("{column} <> cast({column} as timestamp({digits}) {zone} time zone)")
        }
        (Loss::Seconds(_), _) => "false".to_owned(),
        (Loss::Length(most), _) => format!("char_length(cast({column} as text)) > {most}"),
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
pub(super) async fn leave_out(
    outlet: &TableOutlet,
    client: &Client,
    lossy: &[Lossy],
    faults: &mut Faults,
) -> Result<()> {
    let failed = |error: tokio_postgres::Error| outlet.error(&error);
    let key = &outlet.settings.key;
    for Lossy { name, there, sent, loss } in lossy {
        let column = quote_identifier(name);
        let condition = loses(*loss, &column, sent);
        let sql = format!(
            "select {PLACE}, left(cast({column} as text), 60) from {STAGE} where {OPERATION} = 0 and ({condition}) limit {}",
            faults.room() + 1
        );
        for row in client.query(&sql, &[]).await.map_err(failed)? {
            let value: Option<String> = row.get(1);
            let value = value.unwrap_or_default();
            faults.add(row.get(0), format!("column '{name}': {there} cannot hold {value} as it is"))?;
        }
        // A row whose key the table cannot have is not there either.
        let operations = if key.contains(name) { "(0, 1)" } else { "(0)" };
        let leave = format!(
            "update {STAGE} set {OPERATION} = {OPERATION} + {LEFT_OUT} where {OPERATION} in {operations} and ({condition})"
        );
        client.execute(&leave, &[]).await.map_err(failed)?;
    }
    Ok(())
}

/// Makes a column of a table as wide as the lake's, where each of its values stays what it is. Whether it has done so.
///
/// # Errors
/// When the database fails.
pub(super) async fn widen(
    outlet: &TableOutlet,
    client: &Client,
    table: &str,
    field: &Field,
    there: &str,
) -> Result<bool> {
    let failed = |error: tokio_postgres::Error| outlet.error(&error);
    let (was, becomes) = (kind_of(there), Kind::of(field.data_type()));
    let column = quote_identifier(field.name());
    if !becomes.holds(&was) {
        let Some(loss @ Loss::Mantissa { .. }) = becomes.loses(&was) else { return Ok(false) };
        let lost = format!("select exists (select from {table} where {})", loses(loss, &column, &was));
        if client.query_one(&lost, &[]).await.map_err(failed)?.get(0) {
            return Ok(false);
        }
    }
    let statement = widening(table, field);
    client.batch_execute("savepoint headwater_widening").await.map_err(failed)?;
    // What a view shows cannot be altered, say.
    let (is_altered, end) = match client.batch_execute(&statement).await {
        Ok(()) => (true, "release savepoint headwater_widening"),
        Err(error) if error.as_db_error().is_some() => (false, "rollback to savepoint headwater_widening"),
        Err(error) => return Err(failed(error)),
    };
    client.batch_execute(end).await.map_err(failed)?;
    Ok(is_altered)
}

/// The statement that makes a column as wide as the lake's.
pub(super) fn widening(table: &str, field: &Field) -> String {
    let (column, becomes) = (quote_identifier(field.name()), type_of(field.data_type()));
    format!("alter table {table} alter column {column} type {becomes} using cast({column} as {becomes})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_what_the_database_writes() {
        for (written, kind) in [
            ("numeric(10,2)", Kind::Decimal(Some((10, 2)))),
            ("numeric", Kind::Decimal(None)),
            ("character varying(5)", Kind::Text(Some(5))),
            ("character varying(5)[]", Kind::Other),
            ("timestamp(3) with time zone", Kind::Timestamp { digits: 3, zone: true }),
            ("timestamp without time zone", Kind::Timestamp { digits: 6, zone: false }),
            ("time without time zone", Kind::Other),
            ("double precision", Kind::Float { double: true }),
        ] {
            assert_eq!(kind_of(written), kind, "{written}");
        }
    }
}
