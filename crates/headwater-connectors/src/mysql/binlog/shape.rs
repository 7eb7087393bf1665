//! Which columns the rows of the binary log have. The log itself says so only where the server is set to
//! (`binlog_row_metadata = FULL`); otherwise it has their types alone, and what they are is known of the table as it was when it was
//! last read, and as it is now.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::super::describe::Found;
use super::super::options::ZeroDates;
use super::super::types::SqlType;
use super::charset::Charset;
use super::event::{
    BIT, BLOB, DATETIME_2, DECIMAL, DOUBLE, ENUM, FLOAT, GEOMETRY, JSON, MapColumn, SET, STRING, TIME_2, TIMESTAMP_2,
    TableMap, VAR_STRING, VARCHAR,
};
use super::values::{Form, Special};

/// A column, as much of it as reading needs; it is kept with the table's position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Known {
    pub(super) name: String,
    #[serde(rename = "type")]
    written: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charset: Option<String>,
    /// What it is in a row that was added without it; none where that is not a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<Absent>,
}

/// What a column is where nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Absent {
    Null,
    Value(String),
}

impl Known {
    pub(in super::super) fn of(found: &Found, is_mariadb: bool) -> Self {
        let default = match &found.default {
            _ if found.extra.to_ascii_uppercase().contains("GENERATED") => None,
            None => found.is_nullable.then_some(Absent::Null),
            // MariaDB has constants as SQL, MySQL as they are.
            Some(text) if is_mariadb => match text.as_str() {
                "NULL" => Some(Absent::Null),
                text => constant(text).map(Absent::Value),
            },
            Some(text) if text.to_ascii_uppercase().starts_with("CURRENT_TIMESTAMP") => None,
            // As digits in `b'101'`, which is not how a value comes.
            Some(_) if found.sql_type.name == "bit" => None,
            Some(text) => Some(Absent::Value(text.clone())),
        };
        let default = default
            .filter(|default| *default == Absent::Null || !matches!(found.sql_type.name.as_str(), "bit" | "float"));
        Self {
            name: found.name.clone(),
            written: found.sql_type.written.clone(),
            charset: found.charset.clone(),
            default,
        }
    }

    /// Whether its values may be null, or that is not known.
    pub(super) fn may_be_null(&self) -> bool {
        self.default.is_some()
    }

    /// Whether every value that it had as `before` is the same in it.
    pub(super) fn holds(&self, before: &Self) -> bool {
        if self.charset.is_some() && before.charset.is_some() && self.charset != before.charset {
            return false;
        }
        self.written == before.written || self.sql_type().is_wider_than(&before.sql_type())
    }

    fn sql_type(&self) -> SqlType {
        SqlType::of(&self.written, ZeroDates::Reject)
    }

    /// Why its values in the binary log are not read; `None` when they are.
    pub(in super::super) fn unread(&self) -> Option<String> {
        if let Some(charset) = self.charset.as_deref()
            && Charset::of(charset).is_none()
        {
            return Some(format!("is in the character set {charset}, in which changes are not read"));
        }
        let of = self.sql_type();
        let old = self.written.contains("mariadb-5.3");
        (old || codes(&of).is_empty())
            .then(|| format!("is of the type {}, of which changes are not read", self.written))
    }
}

/// A text or a number in SQL; `None` for what has to be computed.
fn constant(text: &str) -> Option<String> {
    match text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        Some(inside) => {
            let (mut value, mut chars) = (String::new(), inside.chars());
            while let Some(c) = chars.next() {
                match c {
                    '\'' => value.push(chars.next()?),
                    '\\' => value.push(match chars.next()? {
                        '0' => '\0',
                        'n' => '\n',
                        'r' => '\r',
                        'Z' => '\u{1a}',
                        c => c,
                    }),
                    c => value.push(c),
                }
            }
            Some(value)
        }
        None => text.parse::<f64>().is_ok().then(|| text.to_owned()),
    }
}

/// The numbers that a type has in the log; none for one that is not read.
fn codes(of: &SqlType) -> &'static [u8] {
    match of.name.as_str() {
        "tinyint" => &[1],
        "smallint" => &[2],
        "mediumint" => &[9],
        "int" => &[3],
        "bigint" => &[8],
        "float" => &[FLOAT],
        "double" => &[DOUBLE],
        "decimal" => &[DECIMAL],
        "bit" => &[BIT],
        "year" => &[13],
        "date" => &[10, 14],
        // Without a fraction, they may be of the old form.
        "time" if of.digits.is_empty() => &[TIME_2, 11],
        "datetime" if of.digits.is_empty() => &[DATETIME_2, 12],
        "timestamp" if of.digits.is_empty() => &[TIMESTAMP_2, 7],
        "time" => &[TIME_2],
        "datetime" => &[DATETIME_2],
        "timestamp" => &[TIMESTAMP_2],
        "char" | "binary" | "uuid" | "inet6" | "inet4" => &[STRING],
        "varchar" | "varbinary" => &[VARCHAR, VAR_STRING],
        "tinytext" | "text" | "mediumtext" | "longtext" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            &[249, 250, 251, BLOB]
        }
        "enum" => &[ENUM],
        "set" => &[SET],
        "json" => &[JSON],
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
        | "geometrycollection" | "geomcollection" => &[GEOMETRY, BLOB],
        _ => &[],
    }
}

/// Whether a column of the log can be this one.
fn fits(of: &SqlType, column: MapColumn) -> bool {
    let digits = |place: usize| of.digits.get(place).copied().unwrap_or_default() as u16;
    let codes = codes(of);
    // What is not known may be anything.
    let is_one = codes.is_empty() || codes.contains(&column.code);
    is_one
        && match (of.name.as_str(), column.code) {
            ("decimal", _) => column.meta == digits(0) << 8 | digits(1),
            ("bit", _) => (column.meta >> 8) * 8 + (column.meta & 0xFF) == digits(0).max(1),
            (_, TIME_2 | DATETIME_2 | TIMESTAMP_2) => column.meta == digits(0),
            _ => true,
        }
}

/// The columns of rows of an event.
#[derive(Debug)]
pub(super) struct Layout {
    /// Each, in their order: its name, how it is read, and what it is in a row that was added without it.
    pub(super) columns: Vec<(String, Form, Option<Absent>)>,
}

/// What the columns of a map are, which is told by itself or by the columns that are `known`; `others` tells what else the table has
/// had.
///
/// # Errors
/// With the reason why they are not known.
pub(super) fn layout(
    map: &TableMap,
    known: Option<&[Known]>,
    others: &[Known],
    collations: &HashMap<u64, String>,
) -> Result<Layout, String> {
    if map.names.len() != map.columns.len() {
        let known = known.ok_or(
            "it was altered more than once since it was read, and what its columns were in between is not told",
        )?;
        let same = known.len() == map.columns.len()
            && known.iter().zip(&map.columns).all(|(known, column)| fits(&known.sql_type(), *column));
        if !same {
            return Err("its columns are others than are known of it".to_owned());
        }
        let columns = known.iter().zip(&map.columns).map(|(known, column)| {
            let of = known.sql_type();
            let form = form(&of, *column, known.charset.as_deref(), of.is_unsigned, members(&known.written));
            (known.name.clone(), form, known.default.clone())
        });
        return Ok(Layout { columns: columns.collect() });
    }
    let all = || known.unwrap_or_default().iter().chain(others);
    let columns = map.names.iter().zip(&map.columns).enumerate().map(|(place, (name, column))| {
        let same = all().find(|known| known.name == *name && fits(&known.sql_type(), *column));
        let none = SqlType::none();
        let of = same.map_or(none, Known::sql_type);
        let charset = map.collation(place).and_then(|collation| collations.get(&collation)).cloned();
        let charset = charset.or_else(|| same.and_then(|known| known.charset.clone()));
        let charset = charset.filter(|charset| charset != "binary");
        let is_unsigned = map.unsigned.get(place).copied().unwrap_or(of.is_unsigned);
        let told = map.members(place).map(|members| {
            let texts = Charset::of(charset.as_deref().unwrap_or("utf8mb4")).unwrap_or(Charset::Utf8);
            members.iter().map(move |member| {
                let mut text = Vec::new();
                // One that is not valid is shown as it can be.
                let _valid = texts.decode(member, false, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        let members =
            told.map_or_else(|| same.map(|known| members(&known.written)).unwrap_or_default(), Iterator::collect);
        let default = same.and_then(|known| known.default.clone());
        (name.clone(), form(&of, *column, charset.as_deref(), is_unsigned, members), default)
    });
    Ok(Layout { columns: columns.collect() })
}

fn form(of: &SqlType, column: MapColumn, charset: Option<&str>, is_unsigned: bool, members: Vec<String>) -> Form {
    let length = of.digits.first().copied().unwrap_or(1) as usize;
    let special = match of.name.as_str() {
        "uuid" => Special::Uuid,
        "inet6" => Special::Inet6,
        "inet4" => Special::Inet4,
        "binary" => Special::Padded(length),
        "double" if of.digits.len() == 2 => Special::Rounded(of.digits[1] as usize),
        _ if of.written.contains("zerofill") => Special::ZeroFill(length),
        _ => Special::None,
    };
    Form { column, is_unsigned, charset: charset.and_then(Charset::of), members, special }
}

/// The members of `enum('a','it''s')`.
fn members(written: &str) -> Vec<String> {
    let Some((_, inside)) = written.split_once('(') else { return Vec::new() };
    let (mut members, mut rest) = (Vec::new(), inside);
    while let Some(begin) = rest.find('\'') {
        let text = &rest[begin + 1..];
        let (mut end, mut chars) = (text.len(), text.char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    chars.next();
                }
                '\'' if text[at + 1..].starts_with('\'') => {
                    chars.next();
                }
                '\'' => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        members.push(constant(&format!("'{}'", &text[..end])).unwrap_or_default());
        rest = text.get(end + 1..).unwrap_or_default();
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, written: &str) -> Known {
        Known { name: name.into(), written: written.into(), charset: None, default: None }
    }

    fn map(codes: &[(u8, u16)], names: &[&str]) -> TableMap {
        TableMap {
            schema: "d".into(),
            table: "t".into(),
            columns: codes.iter().map(|(code, meta)| MapColumn { code: *code, meta: *meta }).collect(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            unsigned: Vec::new(),
            collations: Vec::new(),
            list_collations: Vec::new(),
            enums: Vec::new(),
            sets: Vec::new(),
        }
    }

    #[test]
    fn columns_that_cannot_be_the_known_ones_are_refused() {
        let is = |written: &[&str], codes: &[(u8, u16)]| {
            let known: Vec<Known> = written.iter().map(|written| known("c", written)).collect();
            layout(&map(codes, &[]), Some(&known), &[], &HashMap::new()).is_ok()
        };
        assert!(is(&["int", "decimal(10,2)"], &[(3, 0), (DECIMAL, 10 << 8 | 2)]));
        assert!(!is(&["int", "decimal(10,2)"], &[(3, 0), (DECIMAL, 11 << 8 | 2)]));
        assert!(!is(&["int"], &[(3, 0), (3, 0)]) && !is(&["int"], &[(8, 0)]));
        assert!(is(&["datetime(6)"], &[(DATETIME_2, 6)]) && !is(&["datetime(6)"], &[(DATETIME_2, 3)]));
        assert!(is(&["bit(12)"], &[(BIT, 1 << 8 | 4)]) && !is(&["bit(12)"], &[(BIT, 1 << 8)]));
        assert!(layout(&map(&[(3, 0)], &[]), None, &[], &HashMap::new()).is_err(), "altered more than once");
    }

    #[test]
    fn names_in_the_log_are_believed() {
        let now = [known("b", "int"), known("a", "enum('x')")];
        let layout = layout(&map(&[(3, 0), (ENUM, 1)], &["gone", "a"]), None, &now, &HashMap::new()).unwrap();
        assert_eq!(layout.columns[0].0, "gone");
        assert_eq!(layout.columns[1].1.members, ["x"]);
    }

    #[test]
    fn members_and_constants_are_read_as_they_are_written() {
        assert_eq!(members("enum('a','it''s','','b\\\\c')"), ["a", "it's", "", "b\\c"]);
        assert_eq!(constant("'it''s'").unwrap(), "it's");
        assert_eq!(constant("-1.50").unwrap(), "-1.50");
        assert_eq!(constant("current_timestamp()"), None);
    }
}
