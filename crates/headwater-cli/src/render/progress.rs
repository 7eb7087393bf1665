//! What a run does while it runs: bars on a terminal, lines elsewhere. All of it goes to stderr.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_project::plan::{Action, PlannedTask};
use headwater_run::{AssetSummary, Observer, Quiet};
use headwater_sdk::progress::Progress;
use headwater_sdk::store::TaskState;
use headwater_sdk::{Error, TableName};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::style::{Style, cut, one_line};
use super::units;
use crate::console::Console;

/// How often bars are redrawn.
const REDRAW: Duration = Duration::from_millis(100);
/// Characters of a bar.
const BAR: usize = 20;
/// Columns for an asset's name.
const NAME: usize = 32;

/// The display that suits the terminal and the options.
pub(crate) fn display(console: &Console) -> Arc<dyn Observer> {
    if console.quiet || console.json {
        Arc::new(Quiet)
    } else if console.err_is_terminal {
        Arc::new(Bars::new(console.clone()))
    } else {
        Arc::new(Lines { console: console.clone() })
    }
}

/// One line per event.
struct Lines {
    console: Console,
}

impl Lines {
    fn line(&self, text: &str) {
        let time = jiff::Timestamp::now().strftime("%H:%M:%SZ");
        self.console.err(&format!("{time} {text}\n"));
    }
}

impl Observer for Lines {
    fn planned(&self, tasks: &[PlannedTask]) {
        self.line(&plan_line(tasks));
    }

    fn started(&self, asset: &TableName, attempt: u32, _progress: &Arc<Progress>) {
        match attempt {
            1 => self.line(&format!("{asset} started")),
            _ => self.line(&format!("{asset} started, attempt {attempt}")),
        }
    }

    fn retrying(&self, asset: &TableName, error: &Error, seconds: f64) {
        self.line(&retry_line(asset, error, seconds));
    }

    fn said(&self, asset: &TableName, line: &str) {
        self.line(&said_line(asset, line));
    }

    fn finished(&self, asset: &AssetSummary) {
        if asset.state != TaskState::UpToDate {
            self.line(&finish_line(asset));
        }
    }

    fn note(&self, text: &str) {
        self.line(text);
    }
}

/// One bar per running task, and a line above them for each that has ended.
struct Bars {
    console: Console,
    screen: MultiProgress,
    running: Mutex<BTreeMap<TableName, ProgressBar>>,
}

impl Bars {
    fn new(console: Console) -> Self {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { console, screen, running: Mutex::default() }
    }

    fn line(&self, text: &str) {
        let text = self.console.secrets.redact(text).into_owned();
        if self.screen.println(&text).is_err() {
            self.console.err(&format!("{text}\n"));
        }
    }

    fn take(&self, asset: &TableName) {
        if let Some(bar) = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(asset) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // What stays on the screen when a run ends early is no more than untidy.
        let _ = self.screen.clear();
    }
}

impl Observer for Bars {
    fn planned(&self, tasks: &[PlannedTask]) {
        self.line(&plan_line(tasks));
    }

    fn started(&self, asset: &TableName, _attempt: u32, progress: &Arc<Progress>) {
        self.take(asset);
        let moved = Arc::clone(progress);
        let told = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A line that cannot be written is drawn again in a moment.
            let _ = out.write_str(&progress_text(&moved));
        };
        let name = cut(&asset.to_string(), NAME);
        let template = format!("  {{spinner}} {name:<NAME$} {{elapsed:>4}}  {{told}}");
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.screen.add(ProgressBar::new_spinner().with_style(style.with_key("told", told)));
        bar.enable_steady_tick(REDRAW);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(asset.clone(), bar);
    }

    fn retrying(&self, asset: &TableName, error: &Error, seconds: f64) {
        self.line(&Style::Warn.paint(&retry_line(asset, error, seconds), self.console.color_err));
    }

    fn said(&self, asset: &TableName, line: &str) {
        self.line(&Style::Dim.paint(&said_line(asset, line), self.console.color_err));
    }

    fn finished(&self, asset: &AssetSummary) {
        self.take(&asset.asset);
        let style = match asset.state {
            TaskState::UpToDate => return,
            TaskState::Failed => Style::Bad,
            TaskState::HeldBack => Style::Warn,
            _ => Style::Plain,
        };
        self.line(&format!("  {}", style.paint(&finish_line(asset), self.console.color_err)));
    }

    fn note(&self, text: &str) {
        self.line(text);
    }
}

fn plan_line(tasks: &[PlannedTask]) -> String {
    let number = |action: Action| tasks.iter().filter(|task| task.action == action).count();
    let (builds, left) = (number(Action::Build), number(Action::NotSelected));
    let about = tasks.len() - left;
    let assets = if left > 0 { "selected assets" } else { "assets" };
    match builds {
        _ if about == 0 && left > 0 => "nothing is selected".to_owned(),
        0 => format!("{about} {assets}, all up to date"),
        _ => format!("{builds} of {about} {assets} to build"),
    }
}

fn retry_line(asset: &TableName, error: &Error, seconds: f64) -> String {
    let pause = units::seconds(seconds);
    format!("{asset} failed, trying again in {pause}: {}", one_line(&error.full_message()))
}

/// A line that a program has written.
fn said_line(asset: &TableName, line: &str) -> String {
    format!("{asset} | {line}")
}

fn finish_line(asset: &AssetSummary) -> String {
    let mut line = format!("{} {}", asset.asset, state_word(asset.state));
    if asset.kept {
        line.push_str(" (kept)");
    }
    if asset.rows_out > 0 {
        let _ = write!(line, ", {}", units::plural(asset.rows_out, "row"));
    }
    if asset.seconds > 0.0 {
        let _ = write!(line, ", {}", units::seconds(asset.seconds));
    }
    if let Some(message) = &asset.message {
        let _ = write!(line, ": {}", one_line(message));
    }
    line
}

/// How a task ended, in a word or two.
pub(crate) fn state_word(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending => "not done",
        TaskState::Audited => "passed",
        TaskState::Published => "published",
        TaskState::Failed => "failed",
        TaskState::HeldBack => "held back",
        TaskState::UpToDate => "up to date",
    }
}

fn progress_text(progress: &Progress) -> String {
    let (done, total) = (progress.bytes_in(), progress.total_bytes_in());
    let mut parts = Vec::new();
    if total > 0 {
        let full = (done.min(total) as f64 / total as f64 * BAR as f64) as usize;
        parts.push(format!("[{}{}]", "#".repeat(full), "-".repeat(BAR - full)));
        parts.push(format!("{} of {}", units::bytes(done), units::bytes(total)));
    }
    if progress.rows_in() > 0 {
        parts.push(format!("{} read", units::count(progress.rows_in())));
    }
    if progress.rows_out() > 0 {
        parts.push(format!("{} written", units::count(progress.rows_out())));
    }
    parts.extend(progress.waits_for().map(|what| format!("waits: {}", one_line(&what))));
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_as_far_as_it_is_known() {
        let progress = Progress::default();
        assert_eq!(progress_text(&progress), "");
        progress.set_total_bytes_in(4_000);
        progress.add_bytes_in(1_000);
        progress.add_rows_in(12_345);
        assert_eq!(progress_text(&progress), "[#####---------------]  1.0 kB of 4.0 kB  12,345 read");
        progress.add_bytes_in(9_000);
        assert!(progress_text(&progress).starts_with("[####################]"), "more than was announced");
    }
}
