//! Contenders by turns, and what their rounds amount to.

use serde::Serialize;
use serde_json::{Map, Value};

use super::measure::Measured;
use crate::report::say;

/// One round of one contender.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Sample {
    /// Seconds of wall time.
    pub(super) seconds: f64,
    /// Peak memory in bytes.
    pub(super) peak_bytes: u64,
    /// Seconds of its steps, where there are several.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) steps: Map<String, Value>,
    /// Other figures.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) facts: Map<String, Value>,
}

impl From<Measured> for Sample {
    fn from(measured: Measured) -> Self {
        Self { seconds: millis(measured.seconds), peak_bytes: measured.peak_bytes, ..Self::default() }
    }
}

/// Seconds, rounded to a millisecond.
pub(super) fn millis(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// Clears what the last round left, measures a round, and verifies what came out.
pub(super) type Round<'a> = Box<dyn FnMut() -> Result<Sample, String> + 'a>;

/// What starts from nothing, does a job, and is held to its result.
pub(super) struct Contender<'a> {
    /// Its name.
    pub(super) name: &'static str,
    /// How often it runs.
    pub(super) rounds: usize,
    /// Its work.
    pub(super) round: Round<'a>,
}

/// All rounds of one contender.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Series {
    /// The contender.
    pub(super) name: &'static str,
    /// Its rounds, in the order in which they were run.
    pub(super) rounds: Vec<Sample>,
}

impl Series {
    /// The median time in seconds.
    pub(super) fn median(&self) -> f64 {
        median(self.rounds.iter().map(|sample| sample.seconds))
    }

    /// The shortest and the longest time in seconds.
    pub(super) fn extremes(&self) -> (f64, f64) {
        let seconds = || self.rounds.iter().map(|sample| sample.seconds);
        (seconds().fold(f64::INFINITY, f64::min), seconds().fold(0.0, f64::max))
    }

    /// The most memory that any round held, in bytes.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.rounds.iter().map(|sample| sample.peak_bytes).max().unwrap_or(0)
    }

    /// The median time of each step, in seconds.
    pub(super) fn steps(&self) -> Vec<(String, f64)> {
        let names = self.rounds.first().map(|sample| sample.steps.keys().cloned().collect::<Vec<_>>());
        let of = |name: &str| median(self.rounds.iter().filter_map(|sample| sample.steps.get(name)?.as_f64()));
        names.unwrap_or_default().into_iter().map(|name| (name.clone(), of(&name))).collect()
    }

    /// The median of a fact; NaN when no round has it.
    pub(super) fn median_of(&self, fact: &str) -> f64 {
        median(self.rounds.iter().filter_map(|sample| sample.facts.get(fact)?.as_f64()))
    }

    /// The greatest value of a fact, 0 when no round has it.
    pub(super) fn greatest(&self, fact: &str) -> u64 {
        self.rounds.iter().filter_map(|sample| sample.facts.get(fact)?.as_u64()).max().unwrap_or(0)
    }
}

/// The middle value, or the mean of the two in the middle; NaN of nothing.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => sorted[middle],
        (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Runs all rounds: in each, every contender that has rounds left, and in each round another one first.
pub(super) fn interleave(mut contenders: Vec<Contender<'_>>) -> Result<Vec<Series>, String> {
    let mut all: Vec<Series> =
        contenders.iter().map(|contender| Series { name: contender.name, rounds: Vec::new() }).collect();
    let most = contenders.iter().map(|contender| contender.rounds).max().unwrap_or(0);
    for round in 0..most {
        for turn in 0..contenders.len() {
            let place = (round + turn) % contenders.len();
            let contender = &mut contenders[place];
            if round >= contender.rounds {
                continue;
            }
            let sample = (contender.round)().map_err(|e| format!("{}, round {}: {e}", contender.name, round + 1))?;
            let (name, seconds, memory) = (contender.name, sample.seconds, sample.peak_bytes >> 20);
            say(&format!("round {} of {}: {name}: {seconds:.3} s, {memory} MiB\n", round + 1, contender.rounds));
            all[place].rounds.push(sample);
        }
    }
    Ok(all)
}
