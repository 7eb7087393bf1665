//! A little table: what a system is to hold, and what the lake is to say of it.

use serde_json::{Map, Value, json};

/// What a column holds, in the lake's types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number of a JSON document.
    Integer,
    Text,
    Double,
    /// A text with two digits behind the point.
    Decimal,
    Boolean,
    /// `2024-02-29`.
    Date,
    /// A time without a zone, `2024-01-01T10:00:00.000001`.
    Moment,
}

impl Kind {
    /// The type in YAML, and in what the program says.
    pub(crate) fn lake(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Text => "string",
            Self::Double => "double",
            Self::Decimal => "decimal(12,2)",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Moment => "timestamp_ntz",
        }
    }
}

/// The values of a row, in the order of the columns. The first one is the key.
pub(crate) type Row = Vec<Value>;

/// A table. Its first column is `id`, an integer, by which its rows differ.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Kind)>,
    pub(crate) rows: Vec<Row>,
}

/// What happens to a row.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Insert(Row),
    /// The row of the same key is this from now on.
    Update(Row),
    Delete(i64),
}

impl Table {
    pub(crate) fn new(name: &str, columns: &[(&str, Kind)], rows: Vec<Row>) -> Self {
        let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        Self { name: name.to_owned(), columns, rows }
    }

    /// `items(id, name, price, changed)` with rows of the numbers 1 to `upto`; `changed` is the number.
    pub(crate) fn items(upto: i64) -> Self {
        let columns =
            [("id", Kind::Integer), ("name", Kind::Text), ("price", Kind::Double), ("changed", Kind::Integer)];
        Self::new("items", &columns, (1..=upto).map(|id| item(id, id)).collect())
    }

    /// Every kind of value at its edges, and a row of nothing but nulls.
    pub(crate) fn of_every_kind() -> Self {
        let columns = [
            ("id", Kind::Integer),
            ("title", Kind::Text),
            ("ratio", Kind::Double),
            ("price", Kind::Decimal),
            ("is_sold", Kind::Boolean),
            ("day", Kind::Date),
            ("seen", Kind::Moment),
            ("big", Kind::Integer),
        ];
        let null = Value::Null;
        let rows = vec![
            vec![
                json!(1),
                json!("naïve ☃, \"quoted\" 'so'"),
                json!(0.1),
                json!("1234567.89"),
                json!(true),
                json!("2024-02-29"),
                json!("2024-02-29T23:59:59.999999"),
                json!(i64::MAX),
            ],
            vec![
                json!(2),
                json!("a\\b\nnext line\tand a tab"),
                json!(-1.5e300),
                json!("-0.01"),
                json!(false),
                json!("1600-02-29"),
                json!("1969-12-31T23:59:59.000001"),
                json!(i64::MIN + 1),
            ],
            vec![json!(3), null.clone(), null.clone(), null.clone(), null.clone(), null.clone(), null.clone(), null],
            vec![
                json!(4),
                json!(""),
                json!(0.30000000000000004),
                json!("0.00"),
                json!(true),
                json!("9999-12-31"),
                json!("1970-01-01T00:00:00"),
                json!(0),
            ],
        ];
        Self::new("items", &columns, rows)
    }

    /// What the rows are as objects, by their columns, in the order of the key.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| row[0].as_i64());
        rows.into_iter().map(|row| Value::Object(self.object(row))).collect()
    }

    /// A row as an object.
    pub(crate) fn object(&self, row: &Row) -> Map<String, Value> {
        self.columns.iter().zip(row).map(|((name, _), value)| (name.clone(), value.clone())).collect()
    }

    /// The columns that the table has no more, or has with another kind.
    pub(crate) fn without(mut self, column: &str) -> Self {
        let at = self.columns.iter().position(|(name, _)| name == column).unwrap();
        self.columns.remove(at);
        self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        self
    }

    /// One column more, with a value for each row.
    pub(crate) fn with(mut self, column: &str, kind: Kind, value: impl Fn(i64) -> Value) -> Self {
        self.columns.push((column.to_owned(), kind));
        self.rows.iter_mut().for_each(|row| row.push(value(row[0].as_i64().unwrap())));
        self
    }

    /// The same rows, where a change has happened.
    pub(crate) fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Insert(row) => self.rows.push(row.clone()),
                Change::Update(row) => *self.rows.iter_mut().find(|old| old[0] == row[0]).unwrap() = row.clone(),
                Change::Delete(id) => self.rows.retain(|row| row[0].as_i64() != Some(*id)),
            }
        }
    }
}

/// A row of [`Table::items`].
pub(crate) fn item(id: i64, changed: i64) -> Row {
    vec![json!(id), json!(format!("item {id}")), json!(id as f64 / 4.0), json!(changed)]
}
