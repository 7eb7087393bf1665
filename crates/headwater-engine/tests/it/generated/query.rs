//! Random queries over two small tables: `p.t` with the numbers `id`, `a`, `b`, `c` and the list `l`, and `p.u` with the numbers
//! `id`, `a`, `d`, `e`.
//!
//! Every query is a SELECT with the columns `c0`, `c1`, …, all of them numbers, so that each can be the input of the next.
//! Where SQL leaves a choice open, the query closes it: limits and row numbers come with an order by every column.

use super::tape::Tape;

/// A query's text and how many columns it has.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) width: usize,
}

/// A generator of queries.
#[derive(Debug)]
pub(crate) struct Generator<'t, 'b> {
    pub(crate) tape: &'t mut Tape<'b>,
    names: usize,
    /// How many subqueries of expressions the present query is in.
    pub(crate) inside: usize,
}

/// The columns that an expression can name.
pub(crate) type Names = Vec<String>;

impl<'t, 'b> Generator<'t, 'b> {
    pub(crate) fn new(tape: &'t mut Tape<'b>) -> Self {
        Self { tape, names: 0, inside: 0 }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("q{}", self.names)
    }

    /// Any query, at most `depth` queries deep.
    pub(crate) fn query(&mut self, depth: usize) -> Query {
        if depth == 0 {
            return self.base();
        }
        match self.tape.pick(16) {
            0..=2 => self.select(depth),
            3 | 4 => self.join(depth),
            5 | 6 => self.aggregate(depth),
            7 => self.set_operation(depth),
            8 | 9 => self.window(depth),
            10 => self.top(depth),
            11 => self.twice(depth),
            12 => self.recursive(depth),
            13 => self.unnest(),
            14 => self.distinct_on(depth),
            _ => self.base(),
        }
    }

    /// A query without anything that decides: no filters, keys, orders, conditions.
    pub(crate) fn plain_query(&mut self, depth: usize) -> Query {
        if depth == 0 {
            return self.base();
        }
        match self.tape.pick(4) {
            0 => {
                let (from, names) = self.derived(depth, Self::plain_query);
                let items: Vec<String> = (0..=self.tape.pick(3)).map(|_| self.arithmetic(&names)).collect();
                finish(&items, &format!("from {from}"))
            }
            1 => {
                let (left, left_names) = self.derived(depth, Self::plain_query);
                let (right, right_names) = self.derived(depth, Self::plain_query);
                let items = [left_names, right_names].concat();
                finish(&items[..items.len().min(5)], &format!("from {left} cross join {right}"))
            }
            2 => {
                let (left, right) = (self.plain_query(depth - 1), self.plain_query(depth - 1));
                set_operation(&left, &right, "union all")
            }
            _ => {
                let (query, name) = (self.plain_query(depth - 1), self.name());
                let items: Names = (0..query.width).rev().map(|n| format!("{name}.c{n}")).collect();
                let selected = finish(&items, &format!("from {name}"));
                Query { sql: format!("with {name} as ({}) {}", query.sql, selected.sql), ..selected }
            }
        }
    }

    fn arithmetic(&mut self, names: &Names) -> String {
        let column = self.column(names);
        match self.tape.pick(4) {
            0 | 1 => column,
            2 => format!("{column} + {}", self.column(names)),
            _ => format!("7 - {column}"),
        }
    }

    /// Rows told apart by the keys of the tables that they are joined from: the first columns, as many as the number says.
    /// No aggregates, windows, DISTINCT, limits but in subqueries of expressions.
    pub(crate) fn keyed_query(&mut self) -> (Query, usize) {
        let mut names: Names = self.base_names("x");
        let mut keys = vec!["x.id".to_owned()];
        let mut from = "from p.t x".to_owned();
        for alias in ["y", "z"].iter().take(self.tape.pick(3)) {
            let kind =
                self.tape.of(&["join", "left join", "right join", "full join", "left semi join", "left anti join"]);
            let mut both = names.clone();
            both.extend(self.base_names(alias));
            // The engine has full joins by equality only.
            let on = if kind == "full join" {
                format!("x.a = {alias}.{}", self.tape.of(&["id", "a"]))
            } else {
                self.predicate(&both, 1)
            };
            let table = if *alias == "y" { "p.u" } else { "p.t" };
            from = format!("{from} {kind} {table} {alias} on {on}");
            if !kind.starts_with("left semi") && !kind.starts_with("left anti") {
                names = both;
                keys.push(format!("{alias}.id"));
            }
        }
        if self.tape.chance(50) {
            from = format!("{from} where {}", self.predicate(&names, 1));
        }
        let count = keys.len();
        let mut items = keys;
        items.extend((0..=self.tape.pick(3)).map(|_| self.scalar(&names, 2)));
        (finish(&items, &from), count)
    }

    fn base_names(&self, alias: &str) -> Names {
        let columns = if alias == "y" { ["id", "a", "d", "e"] } else { ["id", "a", "b", "c"] };
        columns.iter().map(|column| format!("{alias}.{column}")).collect()
    }

    fn base(&mut self) -> Query {
        let (table, columns) = self.tape.of(&[("p.t", ["id", "a", "b", "c"]), ("p.u", ["id", "a", "d", "e"])]);
        let first = self.tape.pick(3);
        let items: Names = columns[first..].iter().map(|column| (*column).to_owned()).collect();
        let table = table.to_owned();
        finish(&items, &format!("from {table}"))
    }

    /// A derived table, in parentheses and with a name, and its columns.
    pub(crate) fn derived(&mut self, depth: usize, make: fn(&mut Self, usize) -> Query) -> (String, Names) {
        let (query, name) = (make(self, depth - 1), self.name());
        let names = (0..query.width).map(|n| format!("{name}.c{n}")).collect();
        (format!("({}) as {name}", query.sql), names)
    }

    fn items(&mut self, names: &Names) -> Names {
        (0..=self.tape.pick(3)).map(|_| self.scalar(names, 2)).collect()
    }

    fn filter(&mut self, names: &Names, percent: usize) -> String {
        if self.tape.chance(percent) { format!(" where {}", self.predicate(names, 2)) } else { String::new() }
    }

    fn select(&mut self, depth: usize) -> Query {
        let (from, names) = self.derived(depth, Self::query);
        let items = self.items(&names);
        let rest = format!("from {from}{}", self.filter(&names, 40));
        let mut query = finish(&items, &rest);
        if self.tape.chance(15) {
            query.sql = query.sql.replacen("select ", "select distinct ", 1);
        }
        query
    }

    fn join(&mut self, depth: usize) -> Query {
        let (left, left_names) = self.derived(depth, Self::query);
        let (right, right_names) = self.derived(depth, Self::query);
        let both = [left_names.clone(), right_names.clone()].concat();
        let equal = format!("{} = {}", self.column(&left_names), self.column(&right_names));
        let (join, names) = match self.tape.pick(8) {
            0 | 1 => (format!("{left} join {right} on {equal}"), both),
            2 => (format!("{left} left join {right} on {equal} and {}", self.predicate(&both, 1)), both),
            3 => (format!("{left} full join {right} on {equal}"), both),
            4 => (format!("{left} cross join {right}"), both),
            5 => (format!("{left} left semi join {right} on {equal}"), left_names),
            6 => (format!("{left} left anti join {right} on {equal}"), left_names),
            _ => {
                let key = self.tape.pick(left_names.len().min(right_names.len()));
                (format!("{left} join {right} using (c{key})"), both)
            }
        };
        let items = self.items(&names);
        finish(&items, &format!("from {join}{}", self.filter(&names, 25)))
    }

    fn aggregate(&mut self, depth: usize) -> Query {
        let (from, names) = self.derived(depth, Self::query);
        let mut keys: Names = (0..self.tape.pick(3)).map(|_| self.column(&names)).collect();
        keys.dedup();
        let mut items: Names = keys.clone();
        items.extend((0..=self.tape.pick(2)).map(|_| self.aggregate_call(&names)));
        let mut rest = format!("from {from}{}", self.filter(&names, 25));
        if !keys.is_empty() {
            let by = keys.join(", ");
            rest.push_str(&match self.tape.pick(5) {
                0..=2 => format!(" group by {by}"),
                3 => format!(" group by rollup ({by})"),
                _ => format!(" group by grouping sets (({by}), ())"),
            });
        }
        if self.tape.chance(25) {
            let call = self.aggregate_call(&names);
            rest.push_str(&format!(" having {call} > {}", self.tape.pick(4)));
        }
        finish(&items, &rest)
    }

    fn aggregate_call(&mut self, names: &Names) -> String {
        let argument = self.scalar(names, 1);
        let call = match self.tape.pick(7) {
            0 | 1 => format!("sum({argument})"),
            2 => format!("min({argument})"),
            3 => format!("count({argument})"),
            4 => "count(*)".to_owned(),
            5 => format!("count(distinct {argument})"),
            _ => format!("first_value({argument} order by {})", names.join(", ")),
        };
        if self.tape.chance(20) {
            let condition = self.condition(names, 1);
            return format!("{call} filter (where {condition})");
        }
        call
    }

    fn set_operation(&mut self, depth: usize) -> Query {
        let (left, right) = (self.query(depth - 1), self.query(depth - 1));
        let operator = self.tape.of(&["union all", "union", "intersect", "except"]);
        set_operation(&left, &right, operator)
    }

    fn window(&mut self, depth: usize) -> Query {
        let (from, names) = self.derived(depth, Self::query);
        let argument = self.scalar(&names, 1);
        let partition = match self.tape.pick(2) {
            0 => String::new(),
            _ => format!("partition by {} ", self.column(&names)),
        };
        let (all, some) = (names.join(", "), self.column(&names));
        let call = match self.tape.pick(8) {
            0 => format!("row_number() over ({partition}order by {all})"),
            1 => format!("rank() over ({partition}order by {some})"),
            2 => format!("sum({argument}) over ({partition}order by {some})"),
            3 => format!("max({argument}) over ({partition})"),
            4 => format!("lag({argument}) over ({partition}order by {all})"),
            5 => format!("count({argument}) over ({partition}order by {some})"),
            6 => format!("first_value({argument}) over ({partition}order by {all})"),
            _ => format!("dense_rank() over ({partition}order by {some} desc)"),
        };
        let mut items = vec![call];
        items.extend(self.items(&names));
        finish(&items, &format!("from {from}"))
    }

    fn top(&mut self, depth: usize) -> Query {
        let query = self.query(depth - 1);
        let name = self.name();
        let all: Names = (0..query.width).map(|n| format!("{name}.c{n}")).collect();
        let rest =
            format!("from ({}) as {name} order by {} limit {}", query.sql, all.join(", "), 1 + self.tape.pick(3));
        finish(&all, &rest)
    }

    /// A CTE that is read twice.
    fn twice(&mut self, depth: usize) -> Query {
        let (query, name) = (self.query(depth - 1), self.name());
        let names = |alias: &str| -> Names { (0..query.width).map(|n| format!("{alias}.c{n}")).collect() };
        let both = [names("l"), names("r")].concat();
        let items = self.items(&both);
        let on = format!("{} = {}", self.column(&names("l")), self.column(&names("r")));
        let selected = finish(&items, &format!("from {name} l join {name} r on {on}"));
        Query { sql: format!("with {name} as ({}) {}", query.sql, selected.sql), ..selected }
    }

    /// A recursion of at most two steps.
    fn recursive(&mut self, depth: usize) -> Query {
        let name = self.name();
        let (start, start_names) = self.derived(depth, Self::query);
        let (step, step_names) = self.derived(depth, |generator, _| generator.base());
        let first = [self.column(&start_names), self.column(&start_names)];
        let seen = vec![format!("{name}.x"), format!("{name}.y")];
        let both = [seen.clone(), step_names.clone()].concat();
        let next = [self.arithmetic(&both), self.arithmetic(&both)];
        let on = format!("{} = {}", self.column(&seen), self.column(&step_names));
        // The other choice, UNION, is refused.
        let all = self.tape.of(&["all", "all"]);
        let items = self.tape.of(&["x", "y", "n"]);
        let sql = format!(
            "with recursive {name} as (select 0 as n, {} as x, {} as y from {start} union {all} select {name}.n + 1 as n, \
             {} as x, {} as y from {name} join {step} on {on} where {name}.n < 2) select {name}.{items} as c0 from {name}",
            first[0], first[1], next[0], next[1],
        );
        Query { sql, width: 1 }
    }

    fn unnest(&mut self) -> Query {
        match self.tape.pick(3) {
            0 => Query { sql: "select unnest(l) as c0, id as c1, a as c2 from p.t".to_owned(), width: 3 },
            1 => Query {
                sql: "select n.e as c0, x.b as c1 from p.t x cross join unnest(x.l) as n (e)".to_owned(),
                width: 2,
            },
            _ => Query { sql: "select cardinality(l) as c0, l[1] as c1, c as c2 from p.t".to_owned(), width: 3 },
        }
    }

    fn distinct_on(&mut self, depth: usize) -> Query {
        let (from, names) = self.derived(depth, Self::query);
        let key = self.column(&names);
        let items: Names = (0..=self.tape.pick(2)).map(|_| self.column(&names)).collect();
        // The engine panics at a sort key that is there twice.
        let mut keys: Names = names.iter().filter(|name| **name != key).cloned().collect();
        keys.insert(0, key.clone());
        let rest = format!("from {from} order by {}", keys.join(", "));
        let query = finish(&items, &rest);
        Query { sql: query.sql.replacen("select ", &format!("select distinct on ({key}) "), 1), ..query }
    }
}

fn finish(items: &[String], rest: &str) -> Query {
    let list: Vec<String> = items.iter().enumerate().map(|(n, item)| format!("{item} as c{n}")).collect();
    Query { sql: format!("select {} {rest}", list.join(", ")), width: items.len() }
}

fn set_operation(left: &Query, right: &Query, operator: &str) -> Query {
    let width = left.width.min(right.width);
    let cut = |query: &Query, name: &str| {
        let items: Vec<String> = (0..width).map(|n| format!("{name}.c{n}")).collect();
        finish(&items, &format!("from ({}) as {name}", query.sql)).sql
    };
    Query { sql: format!("{} {operator} {}", cut(left, "l"), cut(right, "r")), width }
}
