//! Rows that foreign keys delete and change: InnoDB does so without a word in the binary log, which has the parent's rows alone.
//!
//! A table whose rows may be others for that is read anew. The rules are read from `show create table`, which whoever may read a table may
//! ask for (`information_schema.referential_constraints` takes more rights).

use super::super::connect::{Server, Session};
use super::super::describe::columns_of_table;
use super::super::quote;
use super::changes::{Image, Rows, Value};
use super::dump::Event;
use super::event::{PARTIAL_UPDATE, RowsKind, TableMap, rows_kind};
use super::statement::{Word, words};
use headwater_sdk::Result;

/// A foreign key that deletes or changes rows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ForeignKey {
    name: String,
    /// Database and table.
    parent: [String; 2],
    /// The columns of the parent that it refers to.
    columns: Vec<String>,
    /// Whether rows go or change with deleted rows of the parent, and with changed values of these columns.
    on_delete: bool,
    on_update: bool,
}

/// A table whose rows change those of a table that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Ancestor {
    /// Database and table.
    pub(super) name: [String; 2],
    /// By what, for people: `the foreign key 'f' of shop.lines`.
    by: String,
    on_delete: bool,
    on_update: bool,
    /// The places of the columns that are referred to; none where nobody says which they are.
    columns: Option<Vec<usize>>,
}

impl Ancestor {
    /// What it does, for people.
    pub(in super::super) fn told(&self) -> String {
        let what = match (self.on_delete, self.on_update) {
            (true, true) => "deleted or get other keys",
            (true, false) => "deleted",
            (false, _) => "get other keys",
        };
        format!("{} deletes or changes rows when rows of {} are {what}", self.by, self.name.join("."))
    }

    /// Why rows of the followed table may be others after an event; `None` where they are not.
    pub(super) fn reason(&self, map: &[u8], event: &Event) -> Option<String> {
        let rows = rows_kind(event.kind)?;
        let what = match rows.0 {
            RowsKind::Delete if self.on_delete => "deleted",
            RowsKind::Update if self.on_update && self.has_other_keys(rows, map, event) => "given other keys",
            _ => return None,
        };
        let by = &self.by;
        Some(format!("rows of {} were {what}, and what {by} has done for that is not logged", self.name.join(".")))
    }

    /// Whether a row gets another value in a column that is referred to. What cannot be told counts as one.
    fn has_other_keys(&self, kind: (RowsKind, bool, bool), map: &[u8], event: &Event) -> bool {
        let told = (|| {
            let (columns, map) =
                (self.columns.as_ref().filter(|_| event.kind != PARTIAL_UPDATE)?, TableMap::read(map)?);
            let mut rows = Rows::begin(kind, &event.body)?;
            while !rows.is_at_the_end() {
                let before = rows.image(&mut map.columns.iter().copied(), true)?;
                let after = rows.image(&mut map.columns.iter().copied(), false)?;
                if columns.iter().any(|column| rows.differs(&before, &after, *column)) {
                    return Some(true);
                }
            }
            Some(false)
        })();
        told.unwrap_or(true)
    }
}

impl Rows {
    fn differs(&self, before: &Image, after: &Image, column: usize) -> bool {
        match (before.get(column), after.get(column)) {
            (Some(Value::Bytes(before)), Some(Value::Bytes(after))) => {
                self.bytes.get(before.clone()) != self.bytes.get(after.clone())
            }
            // What is not sent has not changed.
            (_, Some(Value::Absent)) => false,
            (before, after) => before != after,
        }
    }
}

/// The tables whose rows change those of a table: by foreign keys, and by those of tables in between.
///
/// # Errors
/// When the table itself cannot be looked at.
pub(in super::super) async fn ancestors(
    session: &mut Session,
    server: &Server,
    table: &[String; 2],
) -> Result<Vec<Ancestor>> {
    let (mut found, mut seen, mut left) = (Vec::<Ancestor>::new(), vec![table.clone()], vec![table.clone()]);
    while let Some(child) = left.pop() {
        let sql = format!("show create table {}.{}", quote::name(&child[0]), quote::name(&child[1]));
        let shown = child.join(".");
        let rows = match server.ask(session, &sql, &format!("{shown} cannot be looked at")).await {
            Ok(rows) => rows,
            // Of a table in between, what deletes its rows may be left unsaid.
            Err(_) if child != *table => continue,
            Err(error) => return Err(error),
        };
        let made = rows.into_iter().next().and_then(|row| row.into_iter().nth(1).flatten()).unwrap_or_default();
        for ForeignKey { name, parent, columns, on_delete, on_update } in foreign_keys(&made, &child[0]) {
            let named = columns_of_table(session, server, &parent, &parent[1]).await.unwrap_or_default();
            let place = |column: &String| named.iter().position(|found| found.name.eq_ignore_ascii_case(column));
            let columns = columns.iter().map(place).collect();
            let by = format!("the foreign key '{name}' of {shown}");
            if !seen.contains(&parent) {
                seen.push(parent.clone());
                left.push(parent.clone());
            }
            found.push(Ancestor { name: parent, by, on_delete, on_update, columns });
        }
    }
    // Most tables have none: the server is asked for its settings only where that matters.
    if !found.is_empty() && logs_them(session, server).await? {
        found.clear();
    }
    Ok(found)
}

/// Whether the server logs what foreign keys do, as newer ones can be told to.
async fn logs_them(session: &mut Session, server: &Server) -> Result<bool> {
    let native = "show global variables like 'innodb_native_foreign_keys'";
    let rows = server.ask(session, native, "its settings cannot be read").await?;
    Ok(rows.first().and_then(|row| row.get(1)).and_then(Option::as_deref) == Some("OFF"))
}

/// The foreign keys in the text of `show create table` that delete or change rows. `database` is that of the table.
fn foreign_keys(made: &str, database: &str) -> Vec<ForeignKey> {
    let words = words(made);
    let keyword = |place: usize| match words.get(place) {
        Some(Word::Bare(word)) => word.to_ascii_uppercase(),
        _ => String::new(),
    };
    let name = |place: usize| words.get(place).and_then(Word::name).map(str::to_owned);
    let mut found = Vec::new();
    for begin in (0..words.len()).filter(|at| keyword(*at) == "FOREIGN" && keyword(at + 1) == "KEY") {
        let Some(to) = (begin..words.len()).find(|at| keyword(*at) == "REFERENCES") else { continue };
        let qualified = words.get(to + 2) == Some(&Word::Sign('.'));
        let (schema, at) = if qualified { (name(to + 1), to + 3) } else { (Some(database.to_owned()), to + 1) };
        let (Some(schema), Some(parent)) = (schema, name(at)) else { continue };
        let close = (at..words.len()).find(|at| words[*at] == Word::Sign(')')).unwrap_or(words.len());
        let columns = (at + 1..close).filter_map(name).collect();
        let mut rules = [false, false];
        let mut next = close + 1;
        while keyword(next) == "ON" {
            let place = usize::from(keyword(next + 1) == "UPDATE");
            let rule = keyword(next + 2);
            rules[place] = matches!(rule.as_str(), "CASCADE" | "SET");
            next += if matches!(rule.as_str(), "SET" | "NO") { 4 } else { 3 };
        }
        let called = if begin > 0 && keyword(begin.saturating_sub(2)) == "CONSTRAINT" { name(begin - 1) } else { None };
        let [on_delete, on_update] = rules;
        if on_delete || on_update {
            let name = called.unwrap_or_else(|| parent.clone());
            found.push(ForeignKey { name, parent: [schema, parent], columns, on_delete, on_update });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_keys_are_read_from_what_the_server_says() {
        let made = "CREATE TABLE `lines` (
  `id` int(11) NOT NULL COMMENT 'foreign key (x) references y (z) on delete cascade',
  `a` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `one` (`a`),
  CONSTRAINT `one` FOREIGN KEY (`a`) REFERENCES `orders` (`id`) ON DELETE CASCADE ON UPDATE SET NULL,
  CONSTRAINT `two` FOREIGN KEY (`a`, `b`) REFERENCES `other`.`t``s` (`x`, `y`) ON DELETE NO ACTION ON UPDATE CASCADE,
  CONSTRAINT `three` FOREIGN KEY (`a`) REFERENCES `orders` (`id`) ON DELETE SET NULL ON UPDATE NO ACTION,
  CONSTRAINT `none` FOREIGN KEY (`a`) REFERENCES `orders` (`id`),
  CONSTRAINT `no` FOREIGN KEY (`a`) REFERENCES `orders` (`id`) ON DELETE RESTRICT ON UPDATE RESTRICT
) ENGINE=InnoDB COMMENT='on delete cascade'";
        let key = |name: &str, parent: [&str; 2], columns: &[&str], on_delete, on_update| ForeignKey {
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            on_delete,
            on_update,
        };
        assert_eq!(
            foreign_keys(made, "shop"),
            [
                key("one", ["shop", "orders"], &["id"], true, true),
                key("two", ["other", "t`s"], &["x", "y"], false, true),
                key("three", ["shop", "orders"], &["id"], true, false),
            ]
        );
    }
}
