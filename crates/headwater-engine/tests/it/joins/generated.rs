//! Generated joins: chains, stars and cycles of equalities, of columns and of sums, two of them with one input, comparisons
//! that are no equalities, filters, tables that are joined to themselves and nested joins.
//!
//! A failure shows the seed; `JOINS_SEED` and `JOINS_QUERIES=1` repeat it.

use super::model::{COLUMNS, Comparison, Condition, Rows, Term, answer};
use super::tables::{SIZES, lake};
use crate::generated::tape::{Bytes, Tape};
use crate::generated::{random, setting};

/// How many queries are tried, unless `JOINS_QUERIES` says otherwise.
const QUERIES: u64 = 300;

#[tokio::test(flavor = "multi_thread")]
async fn joins_in_another_order_have_the_same_rows() {
    let (lake, tables) = lake().await;
    let first = setting("JOINS_SEED", 1);
    let (mut reordered, mut with_rows) = (0, 0);
    for seed in first..first + setting("JOINS_QUERIES", QUERIES) {
        let bytes = Bytes::random(&mut random(seed, 3), 96);
        let query = Query::generate(&mut Tape::new(&bytes));
        let sql = query.sql();
        let inputs: Vec<&Rows> = query.tables.iter().map(|table| &tables[*table]).collect();
        let (count, sums) = answer(&inputs, &query.conditions);
        let cells = std::iter::once(count).chain(sums).map(|cell| format!(" {cell} |"));
        assert_eq!(lake.rows(&sql).await, format!("|{}", cells.collect::<String>()), "JOINS_SEED={seed}: {sql}");
        let plan = lake.rows(&format!("explain {sql}")).await;
        reordered += usize::from(!is_in_order_of_from(&plan, query.tables.len()));
        with_rows += usize::from(count > 0);
    }
    println!("{reordered} in another order, {with_rows} with rows");
    if std::env::var("JOINS_QUERIES").is_err() {
        assert!(reordered > 150 && with_rows > 100, "{reordered} in another order, {with_rows} with rows");
    }
}

/// Whether the inputs stand in a plan as they do in FROM.
fn is_in_order_of_from(plan: &str, inputs: usize) -> bool {
    let logical = plan.split("physical_plan").next().unwrap();
    // Where no row can be there is no input either.
    let places = (0..inputs).filter_map(|input| logical.find(&format!("SubqueryAlias: x{input}")));
    places.is_sorted()
}

/// A query that joins some tables.
struct Query {
    tables: Vec<usize>,
    conditions: Vec<Condition>,
    /// Whether the first two inputs are written as a join of their own in FROM.
    nested: bool,
}

impl Query {
    fn generate(tape: &mut Tape<'_>) -> Self {
        let tables: Vec<usize> = (0..3 + tape.pick(4)).map(|_| tape.pick(SIZES.len())).collect();
        let mut conditions = Vec::new();
        for input in 1..tables.len() {
            // A tree of equalities joins all of them; more make cycles.
            for _ in 0..1 + usize::from(tape.chance(15)) {
                let plus = if tape.chance(12) { 1 } else { 0 };
                let one = Term { input: tape.pick(input), column: tape.pick(COLUMNS.len()), plus };
                let two = Term { input, column: tape.pick(COLUMNS.len()), plus: 0 };
                conditions.push(Condition::Terms(one, Comparison::Equal, two));
            }
        }
        for _ in 0..tape.pick(2) {
            let mut term = || Term { input: tape.pick(tables.len()), column: tape.pick(COLUMNS.len()), plus: 0 };
            let (one, two) = (term(), term());
            conditions.push(Condition::Terms(one, tape.of(&[Comparison::Less, Comparison::Unequal]), two));
        }
        for _ in 0..tape.pick(3) {
            let term = Term { input: tape.pick(tables.len()), column: tape.pick(COLUMNS.len()), plus: 0 };
            let comparison = tape.of(&[Comparison::Less, Comparison::Less, Comparison::Unequal, Comparison::Equal]);
            conditions.push(Condition::Number(term, comparison, 1 + tape.pick(20) as i64));
        }
        Self { tables, conditions, nested: tape.chance(30) }
    }

    fn sql(&self) -> String {
        let inputs: Vec<String> =
            self.tables.iter().enumerate().map(|(input, table)| format!("raw.t{table} x{input}")).collect();
        let from = match self.nested {
            true => format!("({} cross join {}), {}", inputs[0], inputs[1], inputs[2..].join(", ")),
            false => inputs.join(", "),
        };
        let sums: String = (0..inputs.len()).map(|input| format!(", coalesce(sum(x{input}.k), 0)")).collect();
        let conditions: Vec<String> = self.conditions.iter().map(Condition::sql).collect();
        format!("select count(*){sums} from {from} where {}", conditions.join(" and "))
    }
}
