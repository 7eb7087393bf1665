//! The SQL that the engine in memory understands: `select <columns | *> from <table> [, <table>]…`, which gives the
//! rows of all the tables, one after the other. A column may be `now()`, and `(<column> = '<text>') as verdict` may
//! stand for a condition.

use std::ops::Range;

use headwater_sdk::TableName;

pub(super) struct Select {
    /// Name and place; `*` for all.
    pub(super) columns: Vec<(String, Range<usize>)>,
    pub(super) tables: Vec<TableName>,
    pub(super) volatile: Vec<String>,
}

pub(super) fn parse(sql: &str) -> Option<Select> {
    let rest = sql.strip_prefix("select ")?;
    let (columns, tables) = rest.split_once(" from ")?;
    let tables: Vec<TableName> = tables.split(',').map(|table| table.trim().parse().ok()).collect::<Option<_>>()?;
    let mut select = Select { columns: Vec::new(), tables, volatile: Vec::new() };
    for column in columns.split(',') {
        let mut name = column.trim();
        if let Some(condition) = name.strip_suffix(" as verdict") {
            name = parse_condition(condition.trim_matches(['(', ')']))?.0;
        }
        if name == "now()" {
            select.volatile.push("now".into());
            continue;
        }
        let start = name.as_ptr() as usize - sql.as_ptr() as usize;
        select.columns.push((name.to_owned(), start..start + name.len()));
    }
    Some(select)
}

/// `column = 'text'`.
pub(super) fn parse_condition(condition: &str) -> Option<(&str, &str)> {
    let (column, text) = condition.split_once(" = ")?;
    Some((column, text.strip_prefix('\'')?.strip_suffix('\'')?))
}
