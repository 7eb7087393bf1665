//! What happens to the tables `p.t` and `p.u`: rows come, change and go.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, Int64Builder, ListBuilder, RecordBatch};

use crate::fixture::batch;
use crate::generated::tape::Tape;

/// The latest state of a row, or that it is gone.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) seq: i64,
    pub(super) id: i64,
    numbers: [Option<i64>; 3],
    list: Option<Vec<Option<i64>>>,
    gone: bool,
}

/// Which tables there are, and their columns after the key.
pub(super) const TABLES: [(&str, [&str; 3]); 2] = [("t", ["a", "b", "c"]), ("u", ["a", "d", "e"])];

impl Event {
    /// A new state of the row `id`.
    pub(super) fn generate(tape: &mut Tape<'_>, seq: i64, id: i64) -> Self {
        let mut number = || if tape.chance(12) { None } else { Some(tape.pick(9) as i64) };
        let numbers = [number(), number(), number()];
        let list = match tape.pick(5) {
            0 => Some(vec![Some(tape.pick(4) as i64)]),
            1 => Some(vec![Some(tape.pick(4) as i64), Some(tape.pick(4) as i64)]),
            2 => Some(vec![]),
            3 => None,
            _ => Some(vec![None, Some(tape.pick(4) as i64)]),
        };
        Self { seq, id, numbers, list, gone: false }
    }

    /// The end of the row.
    pub(super) fn gone(self) -> Self {
        Self { gone: true, ..self }
    }
}

/// Events of the table at a place of [`TABLES`], as rows.
pub(super) fn rows(table: usize, events: &[Event]) -> RecordBatch {
    let numbers = |value: &dyn Fn(&Event) -> Option<i64>| -> ArrayRef {
        Arc::new(events.iter().map(value).collect::<Int64Array>())
    };
    let [one, two, three] = TABLES[table].1;
    let mut columns = vec![
        ("seq", numbers(&|event| Some(event.seq))),
        ("id", numbers(&|event| Some(event.id))),
        (one, numbers(&|event| event.numbers[0])),
        (two, numbers(&|event| event.numbers[1])),
        (three, numbers(&|event| event.numbers[2])),
    ];
    if table == 0 {
        let mut lists = ListBuilder::new(Int64Builder::new());
        events.iter().for_each(|event| lists.append_option(event.list.clone()));
        columns.push(("l", Arc::new(lists.finish())));
    }
    columns.push(("gone", Arc::new(BooleanArray::from_iter(events.iter().map(|event| Some(event.gone))))));
    batch(columns)
}

/// The table as the events leave it: of each row the latest state, unless it is gone.
pub(super) fn latest(table: usize) -> String {
    let (name, columns) = TABLES[table];
    let columns = columns.join(", ");
    let list = if table == 0 { ", l" } else { "" };
    format!(
        "select id, {columns}{list} from (select *, row_number() over (partition by id order by seq desc) as newest \
         from raw.{name}) as e where newest = 1 and not gone"
    )
}

/// The table when every event is a row of its own.
pub(super) fn log(table: usize) -> String {
    let (name, columns) = TABLES[table];
    let list = if table == 0 { ", l" } else { "" };
    format!("select seq as id, {}{list} from raw.{name}", columns.join(", "))
}
