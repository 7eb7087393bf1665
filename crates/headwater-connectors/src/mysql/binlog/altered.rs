//! Whether a table was altered so that rows have other values than before: of that the log has no rows, only the statement.
//!
//! A statement is read word by word, as in [`super::statement`]. What is not known to leave values as they are counts as changing them.

use super::shape::Known;
use super::statement::{Word, words};

/// What a clause of `ALTER TABLE` does to the table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// There is a new column of this name.
    Added(String),
    /// A column is declared anew, under the same name or another one.
    Changed { from: String, to: String, not_null: bool },
    /// Something that is not known.
    Unknown(String),
}

/// Words that a clause begins with which does nothing to values.
const HARMLESS: &[&str] = &[
    "ALGORITHM",
    "ALTER",
    "ANALYZE",
    "AUTO_INCREMENT",
    "AVG_ROW_LENGTH",
    "CHARACTER",
    "CHARSET",
    "CHECK",
    "CHECKSUM",
    "COALESCE",
    "COLLATE",
    "COMMENT",
    "COMPRESSION",
    "DEFAULT",
    "DELAY_KEY_WRITE",
    "DISABLE",
    "DROP",
    "ENABLE",
    "ENCRYPTED",
    "ENCRYPTION",
    "ENCRYPTION_KEY_ID",
    "ENGINE",
    "FORCE",
    "KEY_BLOCK_SIZE",
    "LOCK",
    "MAX_ROWS",
    "MIN_ROWS",
    "NOWAIT",
    "OPTIMIZE",
    "ORDER",
    "PACK_KEYS",
    "PAGE_CHECKSUM",
    "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL",
    "PARTITION",
    "REBUILD",
    "REMOVE",
    "REORGANIZE",
    "REPAIR",
    "ROW_FORMAT",
    "STATS_AUTO_RECALC",
    "STATS_PERSISTENT",
    "STATS_SAMPLE_PAGES",
    "TABLESPACE",
    "TRANSACTIONAL",
    "WAIT",
    "WITH",
    "WITHOUT",
];
/// Words behind `ADD` that no column follows.
const NO_COLUMN: &[&str] = &[
    "CHECK",
    "CONSTRAINT",
    "FOREIGN",
    "FULLTEXT",
    "INDEX",
    "KEY",
    "PARTITION",
    "PERIOD",
    "PRIMARY",
    "SPATIAL",
    "SYSTEM",
    "UNIQUE",
    "VECTOR",
];

/// What an `ALTER TABLE` does, clause by clause, harmless ones left out; nothing for another statement.
pub(super) fn steps(statement: &str) -> Vec<Step> {
    let words = words(statement);
    let keyword = |place: usize| words.get(place).map_or_else(String::new, keyword_of);
    if keyword(0) != "ALTER" {
        return Vec::new();
    }
    let Some(table) = (1..5).find(|place| keyword(*place) == "TABLE") else { return Vec::new() };
    let name = if keyword(table + 1) == "IF" { table + 3 } else { table + 1 };
    let after = if words.get(name + 1) == Some(&Word::Sign('.')) { name + 3 } else { name + 1 };
    clauses(words.get(after..).unwrap_or_default()).into_iter().filter_map(step).collect()
}

/// What stands between commas outside of parentheses.
fn clauses(words: &[Word]) -> Vec<&[Word]> {
    let (mut all, mut depth, mut begin) = (Vec::new(), 0_i32, 0);
    for (place, word) in words.iter().enumerate() {
        match word {
            Word::Sign('(') => depth += 1,
            Word::Sign(')') => depth -= 1,
            Word::Sign(',') if depth == 0 => {
                all.push(&words[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    all.push(&words[begin..]);
    all
}

fn keyword_of(word: &Word) -> String {
    match word {
        Word::Bare(word) => word.to_ascii_uppercase(),
        _ => String::new(),
    }
}

fn step(clause: &[Word]) -> Option<Step> {
    let keyword = |place: usize| clause.get(place).map_or_else(String::new, keyword_of);
    let name = |place: usize| clause.get(place).and_then(Word::name).map(str::to_owned);
    let first = keyword(0);
    let unknown = || Some(Step::Unknown(first.to_ascii_lowercase()));
    // Where the column's name stands.
    let mut at = 1 + usize::from(keyword(1) == "COLUMN");
    if keyword(at) == "IF" {
        at += if keyword(at + 1) == "NOT" { 3 } else { 2 };
    }
    let not_null = (at..clause.len()).any(|place| keyword(place) == "NOT" && keyword(place + 1) == "NULL");
    match first.as_str() {
        "ADD" if NO_COLUMN.contains(&keyword(at).as_str()) => None,
        "ADD" => name(at).map(Step::Added).or_else(unknown),
        "MODIFY" => match name(at) {
            Some(from) => Some(Step::Changed { to: from.clone(), from, not_null }),
            None => unknown(),
        },
        "CHANGE" => match (name(at), name(at + 1)) {
            (Some(from), Some(to)) => Some(Step::Changed { from, to, not_null }),
            _ => unknown(),
        },
        "RENAME" if keyword(1) == "COLUMN" => match (name(at), name(at + 2)) {
            (Some(from), Some(to)) => Some(Step::Changed { from, to, not_null: false }),
            _ => unknown(),
        },
        "RENAME" => None,
        word if HARMLESS.contains(&word) => None,
        "" if clause.is_empty() => None,
        _ => unknown(),
    }
}

/// A table whose columns are judged.
pub(super) struct Judged<'a> {
    /// Its columns when it was last read, and now.
    pub(super) stored: &'a [Known],
    pub(super) now: &'a [Known],
    /// The columns that the lake's table has.
    pub(super) lake: &'a [String],
}

impl Judged<'_> {
    /// Why rows that were there before `steps`, of so many statements, have other values now; `None` where they have not.
    pub(super) fn reason(&self, steps: &[Step], statements: usize) -> Option<String> {
        steps.iter().find_map(|step| match step {
            Step::Added(name) => self.has(name).then(|| format!("column '{name}' was dropped and made anew")),
            Step::Changed { from, to, .. } if !same(from, to) => {
                self.has(to).then(|| format!("column '{from}' is called '{to}' now, as another one was"))
            }
            Step::Changed { from, not_null, .. } => (self.has(from) && !self.stays(from, *not_null, statements))
                .then(|| format!("column '{from}' was declared anew, and its values may be others")),
            Step::Unknown(word) => Some(format!("what its ALTER TABLE … {word} has done is not known")),
        })
    }

    fn has(&self, name: &str) -> bool {
        self.lake.iter().any(|column| same(column, name))
    }

    /// Whether a column that was declared anew holds what it held.
    fn stays(&self, name: &str, not_null: bool, statements: usize) -> bool {
        let of = |columns: &[Known]| columns.iter().find(|column| same(&column.name, name)).cloned();
        // Of several statements only where they have led to is known.
        let (1, Some(before), Some(now)) = (statements, of(self.stored), of(self.now)) else { return false };
        now.holds(&before) && !(not_null && before.may_be_null())
    }
}

/// Columns are the same whatever their case.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str, not_null: bool) -> Step {
        Step::Changed { from: from.into(), to: to.into(), not_null }
    }

    #[test]
    fn clauses_are_told_apart() {
        let added = |name: &str| Step::Added(name.to_owned());
        for (statement, does) in [
            ("alter table t add a int", vec![added("a")]),
            (
                "ALTER ONLINE TABLE IF EXISTS `s`.`t` ADD COLUMN IF NOT EXISTS `a b` decimal(3,1) default (1 + 2), drop b",
                vec![added("a b")],
            ),
            (
                "alter table t add index i (a, b), add unique (c), add constraint c check (a > 1), add primary key (a)",
                vec![],
            ),
            ("alter table t add `key` int first", vec![added("key")]),
            (
                "alter table t modify a varchar(3) not null default 'x,y', change b c int",
                vec![changed("a", "a", true), changed("b", "c", false)],
            ),
            ("alter table t rename column a to b, rename index i to j, rename to u", vec![changed("a", "b", false)]),
            ("alter table t engine = innodb, comment 'add a int', alter a set default 5, auto_increment = 7", vec![]),
            ("alter table t convert to character set latin1", vec![Step::Unknown("convert".into())]),
            ("alter table t add (a int, b int)", vec![Step::Unknown("add".into())]),
            ("drop table t", vec![]),
        ] {
            assert_eq!(steps(statement), does, "{statement}");
        }
    }
}
