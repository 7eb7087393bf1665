//! Generated subqueries that compute a value for each key, of which the query around them asks for few or many.

use std::collections::BTreeSet;

use super::model::{COLUMNS, Rows, Value};
use super::tables::{SIZES, lake};
use crate::generated::tape::{Bytes, Tape};
use crate::generated::{random, setting};

/// How many queries are tried, unless `GROUPS_QUERIES` says otherwise.
const QUERIES: u64 = 200;

#[derive(Debug, Clone, Copy)]
enum Function {
    Min,
    Sum,
    Count,
}

/// Where the subquery stands.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// In a condition, for the key of each row.
    Correlated,
    /// In FROM, joined on its key.
    Joined,
    /// In FROM, with the rows kept that it has no group for.
    LeftJoined,
}

/// `x` joined to some rows of `y`, and compared with a value of the rows of `z` that have the key.
struct Query {
    tables: [usize; 3],
    /// The columns of `x` and `y` that are equal, and that of `z` which is grouped by.
    columns: [usize; 3],
    /// The key is that of `x`, else that of `y`.
    by_x: bool,
    /// Which rows of `y` are asked for: the one with this `k`, or all.
    only: Option<i64>,
    function: Function,
    shape: Shape,
}

impl Query {
    fn generate(tape: &mut Tape<'_>) -> Self {
        // The first three tables are long enough for some keys to be few.
        let tables = [tape.pick(SIZES.len()), tape.pick(3), tape.pick(2)];
        let columns = [tape.pick(COLUMNS.len()), tape.pick(COLUMNS.len()), tape.of(&[0, 0, 1, 2])];
        Self {
            tables,
            columns,
            by_x: tape.chance(50),
            only: (!tape.chance(25)).then(|| tape.pick(30) as i64),
            function: tape.of(&[Function::Min, Function::Sum, Function::Count]),
            shape: tape.of(&[Shape::Correlated, Shape::Joined, Shape::LeftJoined]),
        }
    }

    fn sql(&self) -> String {
        let [x, y, z] = self.tables;
        let [of_x, of_y, of_z] = self.columns.map(|column| COLUMNS[column]);
        let key = if self.by_x { format!("x.{of_x}") } else { format!("y.{of_y}") };
        let function = match self.function {
            Function::Min => "min(z.k)",
            Function::Sum => "sum(z.k)",
            Function::Count => "count(*)",
        };
        let from = format!("raw.t{x} x join raw.t{y} y on x.{of_x} = y.{of_y}");
        let only = self.only.map_or("true".to_owned(), |k| format!("y.k = {k}"));
        let groups = format!("(select z.{of_z} as key, {function} as v from raw.t{z} z group by z.{of_z}) g");
        match self.shape {
            Shape::Correlated => format!(
                "select count(*), coalesce(sum(x.k), 0) from {from} where {only} and x.k <= (select {function} from raw.t{z} z where z.{of_z} = {key})"
            ),
            Shape::Joined => format!(
                "select count(*), coalesce(sum(g.v), 0) from {from} join {groups} on g.key = {key} where {only}"
            ),
            Shape::LeftJoined => format!(
                "select count(*), coalesce(sum(g.v), 0) from {from} left join {groups} on g.key = {key} where {only}"
            ),
        }
    }

    /// What the function yields for the rows of `z` with a key; `None` where there are none.
    fn group(&self, tables: &[Rows], key: Value) -> Option<i64> {
        let is_of = |row: &&[Value; COLUMNS.len()]| key.is_some() && row[self.columns[2]] == key;
        let values: Vec<i64> = tables[self.tables[2]].iter().filter(is_of).map(|row| row[0].unwrap()).collect();
        match self.function {
            _ if values.is_empty() => None,
            Function::Min => values.iter().min().copied(),
            Function::Sum => Some(values.iter().sum()),
            Function::Count => Some(values.len() as i64),
        }
    }

    /// The number of rows and the sum that the query yields, row by row.
    fn answer(&self, tables: &[Rows]) -> (i64, i64) {
        let (mut count, mut sum) = (0, 0);
        for x in &tables[self.tables[0]] {
            for y in &tables[self.tables[1]] {
                let key = x[self.columns[0]];
                if key.is_none() || key != y[self.columns[1]] || self.only.is_some_and(|only| y[0] != Some(only)) {
                    continue;
                }
                let group = self.group(tables, key);
                let k = x[0].unwrap();
                let found = match (self.shape, group, self.function) {
                    // Without rows there is a count, which is zero.
                    (Shape::Correlated, None, Function::Count) => (k <= 0).then_some(k),
                    (Shape::Correlated, group, _) => group.filter(|group| k <= *group).map(|_| k),
                    (Shape::Joined, group, _) => group,
                    (Shape::LeftJoined, group, _) => Some(group.unwrap_or(0)),
                };
                if let Some(value) = found {
                    count += 1;
                    sum += value;
                }
            }
        }
        (count, sum)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_the_keys_asked_for_have_the_values_of_all_groups() {
    let (lake, tables) = lake().await;
    let first = setting("GROUPS_SEED", 1);
    let (mut restricted, mut answers) = (0, BTreeSet::new());
    for seed in first..first + setting("GROUPS_QUERIES", QUERIES) {
        let bytes = Bytes::random(&mut random(seed, 4), 32);
        let query = Query::generate(&mut Tape::new(&bytes));
        let (sql, (count, sum)) = (query.sql(), query.answer(&tables));
        assert_eq!(lake.rows(&sql).await, format!("| {count} | {sum} |"), "GROUPS_SEED={seed}: {sql}");
        let plan = lake.rows(&format!("explain {sql}")).await;
        restricted += usize::from(plan.split("physical_plan").next().unwrap().contains("__keys"));
        answers.insert((count, sum));
    }
    println!("{restricted} restricted, {} answers", answers.len());
    if std::env::var("GROUPS_QUERIES").is_err() {
        assert!(restricted > 30 && answers.len() > 50, "{restricted} restricted, {} answers", answers.len());
    }
}
