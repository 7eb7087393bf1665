//! Freshness: the newest value of a column against the clock, also for runs that find nothing to load.

use headwater_sdk::check::{CheckResult, CompiledCheck, Probe, Severity, Verdict};
use headwater_sdk::store::AssetState;
use jiff::Timestamp;

/// The newest value that each freshness check has seen.
pub(super) fn newest(results: &[CheckResult]) -> Vec<(String, String)> {
    let freshness = results.iter().filter(|result| matches!(result.check.probe, Probe::Freshness { .. }));
    freshness.filter_map(|result| Some((result.check.name.clone(), result.observed.clone()?))).collect()
}

/// Judges the freshness checks of an asset that has nothing new.
pub(super) fn judge_again<'a>(
    checks: impl Iterator<Item = &'a CompiledCheck>,
    state: &AssetState,
    now: Timestamp,
) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for check in checks {
        let Probe::Freshness { max_age_seconds, .. } = check.probe else { continue };
        let Some(newest) = known_newest(state, &check.name) else { continue };
        let Some(time) = parse(newest) else { continue };
        let verdict = verdict(check, max_age_seconds, time, now);
        let observed = Some(newest.to_owned());
        results.push(CheckResult {
            check: check.clone(),
            verdict,
            checked: 0,
            failing: 0,
            observed,
            sample: Vec::new(),
        });
    }
    results
}

/// Judges the freshness checks of a table that rows were added to: also by the newest value that it had before.
pub(super) fn judge_with_known(results: &mut [CheckResult], before: &AssetState, now: Timestamp) {
    for result in results {
        let Probe::Freshness { max_age_seconds, .. } = result.check.probe else { continue };
        let Some(known) = known_newest(before, &result.check.name) else { continue };
        let Some(time) = parse(known) else { continue };
        if result.observed.as_deref().and_then(parse).is_none_or(|seen| seen < time) {
            result.verdict = verdict(&result.check, max_age_seconds, time, now);
            result.observed = Some(known.to_owned());
        }
    }
}

fn verdict(check: &CompiledCheck, max_age_seconds: u64, newest: Timestamp, now: Timestamp) -> Verdict {
    let age = now.as_second().saturating_sub(newest.as_second());
    match (age <= i64::try_from(max_age_seconds).unwrap_or(i64::MAX), check.severity) {
        (true, _) => Verdict::Passed,
        (false, Severity::Warn) => Verdict::Warned,
        (false, Severity::Quarantine | Severity::Error) => Verdict::Failed,
    }
}

fn known_newest<'a>(state: &'a AssetState, check: &str) -> Option<&'a str> {
    state.newest.iter().find(|(name, _)| name == check).map(|(_, value)| value.as_str())
}

/// An instant; of wall-clock times and dates the one in UTC.
fn parse(text: &str) -> Option<Timestamp> {
    let wall_clock = || {
        let date = || Some(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0));
        let time = text.parse::<jiff::civil::DateTime>().ok().or_else(date)?;
        jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
    };
    text.parse().ok().or_else(wall_clock)
}
