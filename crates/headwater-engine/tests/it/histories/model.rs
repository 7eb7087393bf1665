//! What holds of a key at which time, said without a thought of tables: moment by moment.

use std::collections::BTreeMap;

/// The last moment that is told apart; what holds then holds for ever.
pub(super) const END: usize = 400;

/// A row of the input: what is tracked, what is not, and when it was updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: i64,
    pub(super) note: i64,
    pub(super) updated: usize,
}

/// What holds of a key: at each moment the tracked value, if there is one.
#[derive(Debug, Clone)]
struct Moments {
    names: Vec<Option<i64>>,
    /// When versions begin, with what else they say.
    notes: BTreeMap<usize, i64>,
    /// What the source said of the current version.
    said: Option<(i64, usize)>,
}

/// All keys.
#[derive(Debug, Clone)]
pub(super) struct Model {
    keys: BTreeMap<i64, Moments>,
    dated: bool,
    closes: bool,
}

/// A version: the key, what is tracked and what is not, from when and until when.
pub(super) type Told = (i64, i64, i64, usize, Option<usize>);

impl Model {
    /// Without versions. `dated`: the rows say when they were updated. `closes`: what is gone ends.
    pub(super) fn new(dated: bool, closes: bool) -> Self {
        Self { keys: BTreeMap::new(), dated, closes }
    }

    /// A run at a time that has not been.
    pub(super) fn run(&mut self, input: &BTreeMap<i64, Row>, at: usize) {
        for (key, moments) in &mut self.keys {
            if self.closes && !input.contains_key(key) && moments.names[END].is_some() {
                // Not before the moment after the current version began.
                let end = at.max(moments.begin(END) + 1);
                moments.names[end..].fill(None);
                moments.said = None;
            }
        }
        for (key, row) in input {
            let fresh = || Moments { names: vec![None; END + 1], notes: BTreeMap::new(), said: None };
            self.keys.entry(*key).or_insert_with(fresh).see(row, at, self.dated);
        }
    }

    /// All versions, sorted.
    pub(super) fn told(&self) -> Vec<Told> {
        let mut told = Vec::new();
        for (key, moments) in &self.keys {
            let mut from = 0;
            while from <= END {
                let to = moments.end(from);
                if let Some(name) = moments.names[from] {
                    let note = moments.notes[&from];
                    told.push((*key, name, note, from, (to <= END).then_some(to)));
                }
                from = to;
            }
        }
        told.sort_unstable();
        told
    }
}

impl Moments {
    /// Since when what holds at a moment holds.
    fn begin(&self, moment: usize) -> usize {
        (0..=moment).rev().take_while(|earlier| self.names[*earlier] == self.names[moment]).last().unwrap()
    }

    /// The first moment at which something else holds.
    fn end(&self, moment: usize) -> usize {
        (moment..=END).find(|later| self.names[*later] != self.names[moment]).unwrap_or(END + 1)
    }

    fn see(&mut self, row: &Row, at: usize, dated: bool) {
        let now = self.names[END];
        let updated = if dated { row.updated } else { 0 };
        let touched =
            now == Some(row.name) && (!dated || updated >= self.begin(END) || self.said == Some((row.name, updated)));
        if touched {
            self.note(self.begin(END), row, updated);
            return;
        }
        let since = match now {
            // Gone until now: since it was updated, unless it was gone then.
            None => {
                let gone = self.begin(END);
                let never = gone == 0;
                match dated {
                    true if never || updated >= gone => updated,
                    true => at.max(gone),
                    false => at,
                }
            }
            Some(_) if dated => updated,
            Some(_) => at,
        };
        if self.names[since] == Some(row.name) {
            if self.end(since) > END {
                self.note(self.begin(since), row, updated);
            }
            return;
        }
        let until = if now.is_none() { END + 1 } else { self.end(since) };
        self.names[since..until].fill(Some(row.name));
        // What begins within the version that has come to be begins there no more.
        let (from, to) = (self.begin(since), self.end(since));
        self.notes.retain(|begin, _| !(from..to).contains(begin));
        self.notes.insert(from, row.note);
        if to > END {
            self.said = Some((row.name, updated));
        }
    }

    /// What is not tracked is overwritten in the current version, and with it what the source says of it.
    fn note(&mut self, begin: usize, row: &Row, updated: usize) {
        if self.notes.insert(begin, row.note) != Some(row.note) {
            self.said = Some((row.name, updated));
        }
    }
}
