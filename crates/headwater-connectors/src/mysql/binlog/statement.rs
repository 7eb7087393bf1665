//! What a statement in the binary log does to a table that is followed. Rows that are written, changed and deleted come as rows;
//! all else comes as the statement's text.
//!
//! A statement is not parsed, but read word by word. What cannot be told for sure counts as having altered the table, so that no
//! value is ever taken for another column's.

/// What has happened to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// All of its rows are gone.
    Emptied,
    /// Its columns may be others from now on.
    Altered,
    /// Its rows are others, and which is not told.
    Lost(&'static str),
}

const STATEMENT: &str =
    "rows were changed by a statement that is logged as its text (binlog_format of its session is not ROW)";
const PARTITION: &str = "a partition was emptied, dropped or exchanged: which rows that were is not told";
const RENAMED: &str = "another table was renamed to its name, with rows of its own";
const DROPPED: &str = "its database was dropped";

/// A table by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableName {
    pub(super) schema: String,
    pub(super) table: String,
    /// Whether capitals tell names apart.
    pub(super) has_case: bool,
}

impl TableName {
    pub(super) fn is(&self, schema: &str, table: &str) -> bool {
        self.same(&self.schema, schema) && self.same(&self.table, table)
    }

    fn same(&self, one: &str, other: &str) -> bool {
        one == other || (!self.has_case && one.to_lowercase() == other.to_lowercase())
    }
}

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A keyword or a name without quotes.
    Bare(String),
    /// A name in quotes.
    Name(String),
    /// A text.
    Text,
    Sign(char),
}

/// What a statement that was run in `database` does to `table`, in order.
pub(super) fn effects(statement: &str, database: &str, table: &TableName) -> Vec<Effect> {
    let words = words(statement);
    let keyword = |place: usize| match words.get(place) {
        Some(Word::Bare(word)) => word.to_ascii_uppercase(),
        _ => String::new(),
    };
    let names = Names { words: &words, database };
    let is_named = names.any(table);
    match keyword(0).as_str() {
        "TRUNCATE" => {
            let at = if keyword(1) == "TABLE" { 2 } else { 1 };
            if names.at(at, table) { vec![Effect::Emptied] } else { Vec::new() }
        }
        "DROP" | "CREATE" if keyword(1) == "DATABASE" || keyword(1) == "SCHEMA" => {
            let name = words.last().and_then(Word::name).is_some_and(|name| table.same(&table.schema, name));
            if keyword(0) == "DROP" && name { vec![Effect::Lost(DROPPED)] } else { Vec::new() }
        }
        "DROP" | "CREATE" => {
            // Views, triggers and routines say nothing of the table, and a temporary one is another.
            let at = (1..5).find(|place| matches!(keyword(*place).as_str(), "TABLE" | "TABLES"));
            let Some(at) = at.filter(|at| (1..*at).all(|place| keyword(place) != "TEMPORARY")) else {
                return Vec::new();
            };
            let is_replaced = (1..at).any(|place| keyword(place) == "REPLACE");
            let name = if keyword(at + 1) == "IF" && keyword(at + 2) == "NOT" { at + 4 } else { at + 1 };
            match keyword(0).as_str() {
                "DROP" if is_named => vec![Effect::Emptied, Effect::Altered],
                "CREATE" if names.at(name, table) && is_replaced => vec![Effect::Emptied, Effect::Altered],
                // One that is made was not there before; or it was, and nothing happened.
                "CREATE" if names.at(name, table) => vec![Effect::Altered],
                _ => Vec::new(),
            }
        }
        "ALTER" if is_named => {
            let partitioned = (1..words.len()).any(|at| {
                keyword(at) == "PARTITION"
                    && matches!(keyword(at - 1).as_str(), "TRUNCATE" | "DROP" | "EXCHANGE" | "CONVERT")
            });
            let renames = |at: &usize| {
                keyword(*at) == "RENAME" && !matches!(keyword(at + 1).as_str(), "COLUMN" | "INDEX" | "KEY")
            };
            let is_new_name =
                (1..words.len()).filter(renames).any(|at| names.at(at + 1, table) || names.at(at + 2, table));
            let is_old_name = (1..words.len()).any(|at| renames(&at));
            match () {
                () if partitioned => vec![Effect::Lost(PARTITION)],
                () if is_new_name => vec![Effect::Lost(RENAMED)],
                // One of its name is another one from here on.
                () if is_old_name => vec![Effect::Emptied, Effect::Altered],
                () => vec![Effect::Altered],
            }
        }
        "RENAME" if is_named => {
            let is_new_name = (1..words.len()).any(|at| keyword(at) == "TO" && names.at(at + 1, table));
            if is_new_name { vec![Effect::Lost(RENAMED)] } else { vec![Effect::Emptied, Effect::Altered] }
        }
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" | "WITH" if is_named => vec![Effect::Lost(STATEMENT)],
        _ => Vec::new(),
    }
}

impl Word {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Bare(name) | Self::Name(name) => Some(name),
            Self::Text | Self::Sign(_) => None,
        }
    }
}

struct Names<'a> {
    words: &'a [Word],
    database: &'a str,
}

impl Names<'_> {
    fn word(&self, place: usize) -> Option<&str> {
        self.words.get(place)?.name()
    }

    fn is_point(&self, place: usize) -> bool {
        self.words.get(place) == Some(&Word::Sign('.'))
    }

    /// Whether the name that begins at a word is the table's.
    fn at(&self, place: usize, table: &TableName) -> bool {
        let Some(first) = self.word(place) else { return false };
        match self.is_point(place + 1) {
            true => self.word(place + 2).is_some_and(|name| table.is(first, name)),
            false => table.is(self.database, first),
        }
    }

    /// Whether the table is named anywhere. (Its name may be another thing's, too.)
    fn any(&self, table: &TableName) -> bool {
        (0..self.words.len()).any(|place| (place == 0 || !self.is_point(place - 1)) && self.at(place, table))
    }
}

/// The words of a statement, without comments (but with what stands in those that are for the server).
pub(super) fn words(statement: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("/*") {
            match behind.strip_prefix('!').or_else(|| behind.strip_prefix("M!")) {
                Some(inside) => rest = inside.trim_start_matches(|c: char| c.is_ascii_digit()),
                None => rest = behind.find("*/").map_or("", |end| &behind[end + 2..]),
            }
            continue;
        }
        if let Some(behind) = rest.strip_prefix("*/") {
            rest = behind;
            continue;
        }
        if first == '#' || rest.starts_with("-- ") || rest.starts_with("--\n") || rest.starts_with("--\t") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        match first {
            '`' | '"' | '\'' => {
                let (text, behind) = quoted(&rest[1..], first);
                // In double quotes it is a name where ANSI_QUOTES is set, and a text elsewhere: it counts as a name.
                words.push(if first == '\'' { Word::Text } else { Word::Name(text) });
                rest = behind;
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii() => {
                let end = rest.find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '_' | '$'));
                let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
                words.push(Word::Bare(word.to_owned()));
                rest = behind;
            }
            c => {
                if !c.is_whitespace() {
                    words.push(Word::Sign(c));
                }
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    words
}

/// What stands up to the end of quotes, and behind them.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let behind = &text[at + c.len_utf8()..];
        match c {
            '\\' if quote != '`' => {
                chars.next();
            }
            c if c == quote && behind.starts_with(quote) => {
                chars.next();
                inside.push(quote);
            }
            c if c == quote => return (inside, behind),
            c => inside.push(c),
        }
    }
    (inside, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statement: &str) -> Vec<Effect> {
        let table = TableName { schema: "shop".into(), table: "orders".into(), has_case: true };
        effects(statement, "shop", &table)
    }

    #[test]
    fn statements_do_what_they_say() {
        use Effect::{Altered, Emptied, Lost};
        for (statement, does) in [
            ("truncate orders", &[Emptied][..]),
            ("TRUNCATE TABLE `shop`.`orders`", &[Emptied]),
            ("truncate table other.orders", &[]),
            ("truncate table lines", &[]),
            ("DROP TABLE IF EXISTS `lines`,`orders` /* generated by server */", &[Emptied, Altered]),
            ("drop temporary table orders", &[]),
            ("create or replace table orders (id int)", &[Emptied, Altered]),
            ("create table lines like orders", &[]),
            ("create table if not exists orders (id int)", &[Altered]),
            ("create index i on orders (a)", &[]),
            ("alter table orders add column note text", &[Altered]),
            ("/*!40000 ALTER TABLE `orders` DISABLE KEYS */", &[Altered]),
            ("alter /* orders */ table lines add a int", &[]),
            ("alter table lines comment 'orders'", &[]),
            ("alter table orders truncate partition p1", &[Lost(PARTITION)]),
            ("alter table orders drop partition p1, p2", &[Lost(PARTITION)]),
            ("alter table orders rename column a to b", &[Altered]),
            ("alter table orders rename to old_orders", &[Emptied, Altered]),
            ("alter table new_orders rename to orders", &[Lost(RENAMED)]),
            ("rename table orders to _old, _new to shop.orders", &[Lost(RENAMED)]),
            ("rename table orders to gone", &[Emptied, Altered]),
            ("alter table orders rename old_orders", &[Emptied, Altered]),
            ("alter table orders rename index i to j", &[Altered]),
            ("insert into orders values (1)", &[Lost(STATEMENT)]),
            ("update `lines` join orders using (id) set a = 1", &[Lost(STATEMENT)]),
            ("drop database shop", &[Lost(DROPPED)]),
            ("drop database if exists `other`", &[]),
            ("create view v as select * from orders", &[]),
            ("grant select on orders to somebody", &[]),
            ("-- a comment\ntruncate orders", &[Emptied]),
            ("BEGIN", &[]),
        ] {
            assert_eq!(of(statement), does, "{statement}");
        }
    }

    #[test]
    fn names_are_those_of_the_server() {
        let table = TableName { schema: "Shop".into(), table: "Orders".into(), has_case: false };
        assert_eq!(effects("truncate ORDERS", "shop", &table), [Effect::Emptied]);
        let odd = TableName { schema: "a.b".into(), table: "it`s".into(), has_case: true };
        assert_eq!(effects("truncate `a.b`.`it``s`", "x", &odd), [Effect::Emptied]);
    }
}
