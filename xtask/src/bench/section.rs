//! What a scenario has led to: for people as Markdown, for programs as JSON.

use serde_json::{Value, json};

use super::rounds::Series;

/// A goal and what was seen.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    /// The goal, as a clause that begins with a capital, e.g. `At least 10 × as fast as the stack`.
    pub(super) text: String,
    /// What was measured, e.g. `23.1 ×`.
    pub(super) seen: String,
    /// Whether it is met.
    pub(super) met: bool,
}

/// A section of `docs/benchmarks.md`.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Its name, which is that of its file in `bench/results`.
    pub(super) name: String,
    /// Its title.
    pub(super) title: String,
    /// What was done, in a paragraph.
    pub(super) what: String,
    /// The day (UTC).
    pub(super) date: String,
    /// The machine.
    pub(super) machine: String,
    /// What was used, with versions.
    pub(super) versions: Vec<String>,
    /// The figures.
    pub(super) series: Vec<Series>,
    /// The contender that the others are compared with.
    pub(super) base: &'static str,
    /// The goals.
    pub(super) goals: Vec<Goal>,
    /// What else is shown of the figures, in Markdown; may be empty.
    pub(super) details: String,
}

impl Section {
    /// The figures of a contender, if it took part.
    pub(super) fn find<'a>(series: &'a [Series], name: &str) -> Option<&'a Series> {
        series.iter().find(|series| series.name == name && !series.rounds.is_empty())
    }

    /// The section in Markdown.
    pub(super) fn markdown(&self) -> String {
        let base = Self::find(&self.series, self.base).map(Series::median);
        let mut text = format!("## {}\n\n{}\n\n", self.title, wrap(&self.what));
        text += &format!("| | rounds | median | least to most | × {} | peak memory |\n", self.base);
        text += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
        for series in &self.series {
            let (least, most) = series.extremes();
            let ratio = base.map_or_else(String::new, |base| times(series.median() / base));
            let (median, memory) = (seconds(series.median()), mib(series.peak_bytes()));
            let spread = format!("{} to {}", seconds(least), seconds(most));
            let rounds = series.rounds.len();
            text += &format!("| {} | {rounds} | {median} | {spread} | {ratio} | {memory} |\n", series.name);
        }
        for series in &self.series {
            let steps: Vec<String> =
                series.steps().into_iter().map(|(name, time)| format!("{name} {}", seconds(time))).collect();
            if !steps.is_empty() {
                text += &format!("\n{}\n", wrap(&format!("Of {}: {}.", series.name, steps.join(", "))));
            }
        }
        if !self.details.is_empty() {
            text += &format!("\n{}\n", self.details.trim_end());
        }
        if !self.goals.is_empty() {
            text.push('\n');
        }
        for Goal { text: goal, seen, met } in &self.goals {
            text += &format!("- **{}**: {goal}. Seen: {seen}.\n", if *met { "Met" } else { "Missed" });
        }
        text += &format!("\n{}\n", wrap(&format!("{}, {}. {}.", self.date, self.machine, self.versions.join(", "))));
        text
    }

    /// Every round, with what is needed to understand it.
    pub(super) fn json(&self) -> Result<String, String> {
        let goals: Vec<Value> =
            self.goals.iter().map(|goal| json!({ "goal": goal.text, "seen": goal.seen, "met": goal.met })).collect();
        let document = json!({
            "section": self.name,
            "date": self.date,
            "machine": self.machine,
            "versions": self.versions,
            "goals": goals,
            "series": self.series,
        });
        serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(|e| e.to_string())
    }
}

/// Text in lines of at most 120 characters.
fn wrap(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + word.chars().count() <= 120 => last.push_str(&format!(" {word}")),
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// A time: `0.123 s`, `12.3 s`, `4 min 05 s`.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds < 10.0 => format!("{seconds:.3} s"),
        _ if seconds < 120.0 => format!("{seconds:.1} s"),
        _ => format!("{} min {:02} s", (seconds.round() as u64) / 60, (seconds.round() as u64) % 60),
    }
}

/// A short time: `123 ms`.
pub(super) fn millis_of(seconds: f64) -> String {
    format!("{:.0} ms", seconds * 1000.0)
}

/// A ratio: `0.42 ×`, `12.3 ×`, `140 ×`.
pub(super) fn times(ratio: f64) -> String {
    match ratio {
        _ if ratio < 10.0 => format!("{ratio:.2} ×"),
        _ if ratio < 100.0 => format!("{ratio:.1} ×"),
        _ => format!("{ratio:.0} ×"),
    }
}

/// Memory: `123 MiB`.
pub(super) fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// A number with commas.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
