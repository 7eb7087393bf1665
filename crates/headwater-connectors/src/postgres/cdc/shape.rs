//! What a table looks like, to know that it was altered so that rows have other values: changes do not tell of that.

use serde::{Deserialize, Serialize};

use super::super::connect::{Server, Session};
use super::publication::Entries;
use crate::database::other_values;
use headwater_sdk::Result;

/// A table as it was when it was followed up to a place; it is kept with that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Shape {
    /// The server's number of it: a table that is made anew has another one.
    oid: u32,
    columns: Vec<ShapeColumn>,
    /// By what the publication has it; none in positions of before it was kept.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub(super) published: Entries,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ShapeColumn {
    name: String,
    /// Its number in the table, which no other column ever has.
    number: i16,
    /// As the server writes it, e.g. `numeric(10,2)`.
    #[serde(rename = "type")]
    written: String,
}

impl Shape {
    /// That of a table, quoted for SQL, as it is now, which is `published` so.
    ///
    /// # Errors
    /// When it cannot be asked for.
    pub(super) async fn of(
        client: &Session,
        server: &Server,
        (relation, shown): (&str, &str),
        published: Entries,
    ) -> Result<Self> {
        let sql = "select attrelid::oid, attname::text, attnum, format_type(atttypid, atttypmod) from pg_attribute
            where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum";
        let found = client.query(sql, &[&relation]).await;
        let found = found.map_err(|error| server.error(&error, &format!("{shown} cannot be looked at")))?;
        let oid = found.first().map_or(0, |row| row.get(0));
        let column =
            |row: &tokio_postgres::Row| ShapeColumn { name: row.get(1), number: row.get(2), written: row.get(3) };
        Ok(Self { oid, columns: found.iter().map(column).collect(), published })
    }

    /// Whether rows that were followed up to when the table was `before` still have the values that they had, in the columns that
    /// the lake's table has.
    ///
    /// # Errors
    /// When they may not.
    pub(super) fn verify(&self, before: &Self, lake: &[String], shown: &str) -> Result<()> {
        if self.oid != before.oid {
            return Err(other_values(shown, "it was dropped and made anew"));
        }
        for column in self.columns.iter().filter(|column| lake.contains(&column.name)) {
            let ShapeColumn { name, number, written } = column;
            let reason = match before.columns.iter().find(|before| before.number == *number) {
                None => format!("column '{name}' was dropped and made anew"),
                Some(before) if before.name != *name => {
                    format!("column '{}' is called '{name}' now, as another one was", before.name)
                }
                Some(before) if !holds(written, &before.written) => {
                    format!("column '{name}' was {} and is {written}, and its values may be others", before.written)
                }
                Some(_) => continue,
            };
            return Err(other_values(shown, &reason));
        }
        Ok(())
    }
}

/// Whether every value of the type `before` is the same in `now`. (With `using`, nobody can tell.)
fn holds(now: &str, before: &str) -> bool {
    const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];
    let integer = |of: &str| INTEGERS.iter().position(|name| *name == of);
    if let (Some(now), Some(before)) = (integer(now), integer(before)) {
        return now >= before;
    }
    let ((now, wide), (before, narrow)) = (parts(now), parts(before));
    match (now, wide.as_slice(), before, narrow.as_slice()) {
        (_, wide, _, narrow) if now == before && wide == narrow => true,
        ("text", _, "character varying" | "text", _) => true,
        ("character varying", [], "character varying" | "text", _) => true,
        ("character varying", [wide], "character varying", [narrow]) => wide >= narrow,
        ("numeric", [], "numeric", _) => true,
        ("numeric", [wide, scale], "numeric", [narrow, before]) => wide >= narrow && scale == before,
        ("double precision", _, "real", _) => true,
        _ => false,
    }
}

/// A type's name, and the numbers in its brackets.
fn parts(written: &str) -> (&str, Vec<u32>) {
    match written.split_once('(').and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?))) {
        Some((name, numbers)) => (name, numbers.split(',').filter_map(|number| number.trim().parse().ok()).collect()),
        None => (written, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_types_hold_what_there_was() {
        for (before, now, holds_all) in [
            ("integer", "bigint", true),
            ("bigint", "integer", false),
            ("character varying(3)", "character varying(20)", true),
            ("character varying(20)", "character varying(3)", false),
            ("character varying(20)", "text", true),
            ("text", "character varying(20)", false),
            ("numeric(6,2)", "numeric(10,2)", true),
            ("numeric(6,2)", "numeric(10,1)", false),
            ("numeric(6,2)", "numeric", true),
            ("timestamp without time zone", "timestamp with time zone", false),
            ("timestamp(3) without time zone", "timestamp(3) without time zone", true),
            ("integer[]", "integer[]", true),
            ("integer", "text", false),
        ] {
            assert_eq!(holds(now, before), holds_all, "{before} to {now}");
        }
    }
}
