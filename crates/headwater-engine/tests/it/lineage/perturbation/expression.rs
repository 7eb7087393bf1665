//! Random expressions over the columns of a query.

use super::query::{Generator, Names};

/// Subqueries are not nested deeper than this.
const MOST_INSIDE: usize = 2;

impl Generator<'_, '_> {
    pub(crate) fn column(&mut self, names: &Names) -> String {
        names[self.tape.pick(names.len())].clone()
    }

    /// A number made from the columns.
    pub(crate) fn scalar(&mut self, names: &Names, depth: usize) -> String {
        let column = self.column(names);
        if depth == 0 {
            return column;
        }
        match self.tape.pick(14) {
            0..=4 => column,
            5 => format!("{column} + {}", self.scalar(names, depth - 1)),
            6 => format!("coalesce({column}, {})", self.scalar(names, depth - 1)),
            7 => format!("nullif({column}, {})", self.scalar(names, depth - 1)),
            8 => {
                let condition = self.condition(names, depth - 1);
                format!("case when {condition} then {column} else {} end", self.scalar(names, depth - 1))
            }
            9 => format!("nvl2({column}, {}, {})", self.scalar(names, depth - 1), self.scalar(names, depth - 1)),
            10 => format!("ascii(md5(cast({column} as varchar)))"),
            11 => format!("case {column} when 1 then {} when 2 then 7 end", self.scalar(names, depth - 1)),
            12 => format!("greatest({column}, {})", self.tape.pick(3)),
            _ => self.scalar_subquery(names),
        }
    }

    fn scalar_subquery(&mut self, names: &Names) -> String {
        if self.inside == MOST_INSIDE {
            return self.column(names);
        }
        let (from, inner) = self.subquery();
        let function = self.tape.of(&["max", "sum", "count", "min"]);
        let value = self.column(&inner);
        let condition = match self.tape.pick(3) {
            0 => format!(" where {} = {}", self.column(&inner), self.column(names)),
            1 => format!(" where {}", self.condition(&inner, 0)),
            _ => String::new(),
        };
        format!("(select {function}({value}) from {from}{condition})")
    }

    fn subquery(&mut self) -> (String, Names) {
        self.inside += 1;
        let subquery = self.derived(2, Self::query);
        self.inside -= 1;
        subquery
    }

    /// A condition on columns of one row, without subqueries.
    pub(crate) fn condition(&mut self, names: &Names, depth: usize) -> String {
        let column = self.column(names);
        match self.tape.pick(6) {
            0 | 1 => format!("{column} > {}", self.tape.pick(4)),
            2 => format!("{column} = {}", self.column(names)),
            3 => format!("{column} is null"),
            4 => format!("{column} in ({}, 2)", self.tape.pick(3)),
            _ if depth > 0 => {
                let operator = self.tape.of(&["and", "or"]);
                format!("({} {operator} not {})", self.condition(names, depth - 1), self.condition(names, 0))
            }
            _ => format!("{column} between 1 and 2"),
        }
    }

    /// A condition that may hold subqueries.
    pub(crate) fn predicate(&mut self, names: &Names, depth: usize) -> String {
        if depth == 0 || self.inside == MOST_INSIDE || !self.tape.chance(35) {
            return self.condition(names, depth);
        }
        let (from, inner) = self.subquery();
        let not = self.tape.of(&["", "not "]);
        match self.tape.pick(3) {
            0 => {
                let equal = format!("{} = {}", self.column(&inner), self.column(names));
                format!("{not}exists (select 1 from {from} where {equal})")
            }
            1 => format!("{} {not}in (select {} from {from})", self.column(names), self.column(&inner)),
            _ => format!("{} > (select min({}) from {from})", self.column(names), self.column(&inner)),
        }
    }
}
