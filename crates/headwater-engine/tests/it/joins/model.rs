//! Joins by looking at every combination of rows.

/// A value; `None` is null.
pub(super) type Value = Option<i64>;

/// A table's rows of `COLUMNS` values.
pub(super) type Rows = Vec<[Value; COLUMNS.len()]>;

/// The columns of all tables.
pub(super) const COLUMNS: [&str; 3] = ["k", "a", "b"];

/// A column of an input, plus a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub(super) input: usize,
    pub(super) column: usize,
    pub(super) plus: i64,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    Less,
    Unequal,
}

/// A condition that rows have to meet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    /// Two terms compare so.
    Terms(Term, Comparison, Term),
    /// A term and a number compare so.
    Number(Term, Comparison, i64),
}

impl Term {
    fn value(&self, rows: &[[Value; COLUMNS.len()]]) -> Value {
        rows[self.input][self.column].map(|value| value + self.plus)
    }

    pub(super) fn sql(&self) -> String {
        let column = format!("x{}.{}", self.input, COLUMNS[self.column]);
        if self.plus == 0 { column } else { format!("{column} + {}", self.plus) }
    }
}

impl Comparison {
    fn holds(self, one: Value, two: Value) -> bool {
        let (Some(one), Some(two)) = (one, two) else { return false };
        match self {
            Self::Equal => one == two,
            Self::Less => one < two,
            Self::Unequal => one != two,
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::Unequal => "<>",
        }
    }
}

impl Condition {
    /// The last input that it is about.
    fn last(&self) -> usize {
        match self {
            Self::Terms(one, _, two) => one.input.max(two.input),
            Self::Number(term, ..) => term.input,
        }
    }

    fn holds(&self, rows: &[[Value; COLUMNS.len()]]) -> bool {
        match self {
            Self::Terms(one, comparison, two) => comparison.holds(one.value(rows), two.value(rows)),
            Self::Number(term, comparison, number) => comparison.holds(term.value(rows), Some(*number)),
        }
    }

    pub(super) fn sql(&self) -> String {
        match self {
            Self::Terms(one, comparison, two) => format!("{} {} {}", one.sql(), comparison.sql(), two.sql()),
            Self::Number(term, comparison, number) => format!("{} {} {number}", term.sql(), comparison.sql()),
        }
    }
}

/// How many combinations of rows of the inputs meet all conditions, and the sum of each column `k` over them.
pub(super) fn answer(inputs: &[&Rows], conditions: &[Condition]) -> (i64, Vec<i64>) {
    let mut found = (0, vec![0; inputs.len()]);
    let mut chosen = Vec::new();
    choose(inputs, conditions, &mut chosen, &mut found);
    found
}

fn choose(
    inputs: &[&Rows],
    conditions: &[Condition],
    chosen: &mut Vec<[Value; COLUMNS.len()]>,
    found: &mut (i64, Vec<i64>),
) {
    let at = chosen.len();
    let Some(rows) = inputs.get(at) else {
        found.0 += 1;
        for (sum, row) in found.1.iter_mut().zip(chosen.iter()) {
            *sum += row[0].unwrap_or(0);
        }
        return;
    };
    for row in *rows {
        chosen.push(*row);
        if conditions.iter().filter(|condition| condition.last() == at).all(|condition| condition.holds(chosen)) {
            choose(inputs, conditions, chosen, found);
        }
        chosen.pop();
    }
}
