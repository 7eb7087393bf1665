//! Tables in the SQL of a database.

use serde_json::Value;

use super::table::{Change, Kind, Row, Table};

/// How a database writes what a table is.
pub(crate) struct Dialect {
    pub(crate) quote: char,
    pub(crate) type_of: fn(Kind) -> &'static str,
    /// Whether a backslash in a text begins something.
    pub(crate) escapes: bool,
}

impl Dialect {
    pub(crate) fn name(&self, name: &str) -> String {
        let quote = self.quote;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// The statements that make a table with its rows, whatever there was.
    pub(crate) fn hold(&self, table: &Table) -> String {
        let column = |(name, kind): &(String, Kind)| format!("{} {}", self.name(name), (self.type_of)(*kind));
        let columns: Vec<String> = table.columns.iter().map(column).collect();
        let name = self.name(&table.name);
        let mut sql = format!(
            "{}create table {name} ({}, primary key ({}));\n",
            self.drop(table),
            columns.join(", "),
            self.name(&table.columns[0].0)
        );
        for rows in table.rows.chunks(500) {
            let values: Vec<String> = rows.iter().map(|row| self.values(table, row)).collect();
            sql += &format!("insert into {name} values {};\n", values.join(", "));
        }
        sql
    }

    pub(crate) fn drop(&self, table: &Table) -> String {
        format!("drop table if exists {};\n", self.name(&table.name))
    }

    pub(crate) fn apply(&self, table: &Table, changes: &[Change]) -> String {
        let (name, key) = (self.name(&table.name), self.name(&table.columns[0].0));
        let statement = |change: &Change| match change {
            Change::Insert(row) => format!("insert into {name} values {};\n", self.values(table, row)),
            Change::Update(row) => {
                let set = |((column, kind), value): (&(String, Kind), &Value)| {
                    format!("{} = {}", self.name(column), self.value(*kind, value))
                };
                let set: Vec<String> = table.columns.iter().zip(row).skip(1).map(set).collect();
                format!("update {name} set {} where {key} = {};\n", set.join(", "), row[0])
            }
            Change::Delete(id) => format!("delete from {name} where {key} = {id};\n"),
        };
        changes.iter().map(statement).collect()
    }

    fn values(&self, table: &Table, row: &Row) -> String {
        let values: Vec<String> =
            table.columns.iter().zip(row).map(|((_, kind), value)| self.value(*kind, value)).collect();
        format!("({})", values.join(", "))
    }

    fn value(&self, kind: Kind, value: &Value) -> String {
        match (value, kind) {
            (Value::Null, _) => "null".to_owned(),
            (Value::Number(number), Kind::Double) => format!("{:e}", number.as_f64().unwrap()),
            (Value::String(text), Kind::Decimal) => text.clone(),
            (Value::String(text), _) => {
                let text = if self.escapes { text.replace('\\', "\\\\") } else { text.clone() };
                format!("'{}'", text.replace('\'', "''"))
            }
            (other, _) => other.to_string(),
        }
    }
}
