//! The queries of a comparison. Values are the same when neither is distinct from the other: nulls are equal to each other,
//! and so are NaNs.

use headwater_sdk::name::quote_identifier;

/// The table as it was.
pub(super) const BEFORE: &str = "_diff.before";
/// The table as it is.
pub(super) const AFTER: &str = "_diff.after";

/// What is delivered of a table.
pub(super) struct Out<'a> {
    pub(super) columns: &'a [String],
    /// Which rows: a condition.
    pub(super) filter: Option<&'a str>,
    /// Which rows were delivered before.
    pub(super) filter_before: Option<&'a str>,
    pub(super) key: &'a [String],
    /// Those of the columns that the table had not before: nothing stood in them.
    pub(super) new: &'a [String],
}

impl Out<'_> {
    /// All rows.
    pub(super) fn all(&self) -> String {
        self.of(AFTER, "")
    }

    /// All rows, none of them gone.
    pub(super) fn upserts(&self) -> String {
        self.of(AFTER, ", false AS __gone")
    }

    /// How many rows there were that are there no more.
    pub(super) fn lost(&self) -> String {
        format!(
            "SELECT CAST(coalesce(-sum(__n), 0) AS BIGINT) FROM ({}) WHERE __n < 0",
            balance(self.columns, self.new, &self.condition())
        )
    }

    /// The rows of which there are more than there were, as often as that.
    pub(super) fn gained(&self) -> String {
        let columns = list(self.columns, "");
        format!(
            "SELECT {columns} FROM (SELECT {columns}, unnest(range(0, __n)) AS __i FROM ({}) WHERE __n > 0)",
            balance(self.columns, self.new, &self.condition())
        )
    }

    /// The rows that are new or others than they were, and those of keys that are gone. With `resend` all rows that there are come.
    pub(super) fn changes(&self, resend: bool) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|name| {
                let column = quote_identifier(name);
                // The values of a row that is gone were those of before; of a column that is new there were none.
                match self.key.contains(name) {
                    true => format!("CASE WHEN a.__there IS NULL THEN b.{column} ELSE a.{column} END AS {column}"),
                    false => format!("a.{column} AS {column}"),
                }
            })
            .collect();
        let on: Vec<String> = self.key.iter().map(|name| same(name, "b", "a")).collect();
        let differs = self.columns.iter().filter(|name| !self.key.contains(name)).map(|name| {
            let column = quote_identifier(name);
            format!("(b.{column} IS DISTINCT FROM a.{column})")
        });
        let alone = ["a.__there IS NULL".to_owned(), "b.__there IS NULL".to_owned()];
        let (then, which) = match resend {
            true => (self.keys_of(BEFORE), String::new()),
            false => {
                let any: Vec<String> = alone.into_iter().chain(differs).collect();
                (self.of(BEFORE, ", true AS __there"), format!(" WHERE {}", any.join(" OR ")))
            }
        };
        format!(
            "SELECT {}, a.__there IS NULL AS __gone FROM ({then}) b FULL JOIN ({}) a ON {}{which}",
            columns.join(", "),
            self.of(AFTER, ", true AS __there"),
            on.join(" AND "),
        )
    }

    fn of(&self, side: &str, more: &str) -> String {
        format!("SELECT {}{more} FROM {side}{}", list(self.columns, ""), self.condition_of(side))
    }

    fn keys_of(&self, side: &str) -> String {
        format!("SELECT {}, true AS __there FROM {side}{}", list(self.key, ""), self.condition_of(side))
    }

    /// What was added before is compared under the condition of now, which is that of then.
    fn condition(&self) -> String {
        self.condition_of(AFTER)
    }

    fn condition_of(&self, side: &str) -> String {
        let filter = if side == BEFORE { self.filter_before } else { self.filter };
        filter.map(|filter| format!(" WHERE ({filter}\n)")).unwrap_or_default()
    }
}

/// A comparison by key.
pub(super) struct Keyed<'a> {
    pub(super) key: &'a [String],
    /// The other columns that both sides have.
    pub(super) values: &'a [Value],
}

/// A column whose values are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) name: String,
    /// Whether they are compared as texts, for the column has another type now. Numbers are compared as numbers.
    pub(super) as_text: bool,
}

impl Value {
    fn differs(&self) -> String {
        let column = quote_identifier(&self.name);
        match self.as_text {
            false => format!("(b.{column} IS DISTINCT FROM a.{column})"),
            true => format!("(CAST(b.{column} AS VARCHAR) IS DISTINCT FROM CAST(a.{column} AS VARCHAR))"),
        }
    }
}

pub(super) fn key_name(place: usize) -> String {
    format!("__key_{place}")
}

pub(super) fn before_name(place: usize) -> String {
    format!("__before_{place}")
}

pub(super) fn after_name(place: usize) -> String {
    format!("__after_{place}")
}

pub(super) fn differs_name(place: usize) -> String {
    format!("__differs_{place}")
}

/// How many values of a key a side has more than once.
pub(super) fn keys_given_twice(side: &str, key: &[String]) -> String {
    let key = list(key, "");
    format!("SELECT count(*) FROM (SELECT {key} FROM {side} GROUP BY {key} HAVING count(*) > 1)")
}

impl Keyed<'_> {
    /// Rows added, removed and changed, then the changes of each column.
    pub(super) fn counts(&self) -> String {
        let mut counts = vec![
            "count(*) FILTER (WHERE b.__there IS NULL)".to_owned(),
            "count(*) FILTER (WHERE a.__there IS NULL)".to_owned(),
            format!("count(*) FILTER (WHERE {})", self.is_changed()),
        ];
        for value in self.values {
            counts.push(format!("count(*) FILTER (WHERE {BOTH} AND {})", value.differs()));
        }
        let columns: Vec<String> = counts.iter().enumerate().map(|(place, sql)| format!("{sql} AS n{place}")).collect();
        format!("SELECT {} FROM {}", columns.join(", "), self.joined("FULL JOIN"))
    }

    /// Rows that only the later side has.
    pub(super) fn added(&self, columns: &[String], most: usize) -> String {
        self.only_in(AFTER, BEFORE, columns, most)
    }

    /// Rows that only the earlier side has.
    pub(super) fn removed(&self, columns: &[String], most: usize) -> String {
        self.only_in(BEFORE, AFTER, columns, most)
    }

    /// Rows that differ: the key, and of every column what it was, what it is, and whether that differs.
    pub(super) fn changed(&self, most: usize) -> String {
        let mut columns = Vec::new();
        for (place, name) in self.key.iter().enumerate() {
            columns.push(format!("a.{} AS {}", quote_identifier(name), key_name(place)));
        }
        for (place, value) in self.values.iter().enumerate() {
            let column = quote_identifier(&value.name);
            columns.push(format!("b.{column} AS {}, a.{column} AS {}", before_name(place), after_name(place)));
            columns.push(format!("{} AS {}", value.differs(), differs_name(place)));
        }
        let (from, order) = (self.joined("JOIN"), self.order("a"));
        format!("SELECT {} FROM {from} WHERE {} ORDER BY {order} LIMIT {most}", columns.join(", "), self.is_changed())
    }

    fn only_in(&self, side: &str, other: &str, columns: &[String], most: usize) -> String {
        let same: Vec<String> = self.key.iter().map(|name| same(name, "__this", "__other")).collect();
        format!(
            "SELECT {} FROM {side} __this WHERE NOT EXISTS (SELECT 1 FROM {other} __other WHERE {}) ORDER BY {} LIMIT {most}",
            list(columns, "__this."),
            same.join(" AND "),
            self.order("__this"),
        )
    }

    fn order(&self, table: &str) -> String {
        list(self.key, &format!("{table}."))
    }

    fn joined(&self, join: &str) -> String {
        let values: Vec<String> = self.values.iter().map(|value| value.name.clone()).collect();
        let columns = list(&[self.key, &values].concat(), "");
        let side = |table: &str| format!("(SELECT {columns}, true AS __there FROM {table})");
        let on: Vec<String> = self.key.iter().map(|name| same(name, "b", "a")).collect();
        format!("{} b {join} {} a ON {}", side(BEFORE), side(AFTER), on.join(" AND "))
    }

    fn is_changed(&self) -> String {
        let any: Vec<String> = self.values.iter().map(Value::differs).collect();
        if any.is_empty() { "false".to_owned() } else { format!("{BOTH} AND ({})", any.join(" OR ")) }
    }
}

const BOTH: &str = "b.__there AND a.__there";

fn same(name: &str, one: &str, other: &str) -> String {
    let column = quote_identifier(name);
    format!("({one}.{column} IS NOT DISTINCT FROM {other}.{column})")
}

/// Rows gained and lost, where equal rows count as often as they are there.
pub(super) fn row_counts(columns: &[String]) -> String {
    format!(
        "SELECT sum(__n) FILTER (WHERE __n > 0) AS gained, -sum(__n) FILTER (WHERE __n < 0) AS lost FROM ({})",
        balance(columns, &[], "")
    )
}

/// Rows of which there are more than there were.
pub(super) fn rows_gained(columns: &[String], most: usize) -> String {
    surplus(columns, "__n > 0", most)
}

/// Rows of which there are fewer than there were.
pub(super) fn rows_lost(columns: &[String], most: usize) -> String {
    surplus(columns, "__n < 0", most)
}

fn surplus(columns: &[String], which: &str, most: usize) -> String {
    let shown = list(columns, "");
    format!("SELECT {shown} FROM ({}) WHERE {which} ORDER BY {shown} LIMIT {most}", balance(columns, &[], ""))
}

/// Every row whose number differs, and by how much, of those that ` WHERE …` leaves. `new` columns were not there before.
fn balance(columns: &[String], new: &[String], which: &str) -> String {
    let before = columns.iter().map(|name| match (new.contains(name), quote_identifier(name)) {
        (true, column) => format!("NULL AS {column}"),
        (false, column) => column,
    });
    let before = before.collect::<Vec<_>>().join(", ");
    let columns = list(columns, "");
    format!(
        "SELECT {columns}, sum(__d) AS __n FROM (SELECT {columns}, 1 AS __d FROM {AFTER}{which} \
         UNION ALL SELECT {before}, -1 AS __d FROM {BEFORE}{which}) GROUP BY {columns} HAVING sum(__d) <> 0"
    )
}

fn list(names: &[String], prefix: &str) -> String {
    names.iter().map(|name| format!("{prefix}{}", quote_identifier(name))).collect::<Vec<_>>().join(", ")
}
