//! Freshness: the newest value of a column against the clock, also for runs that find nothing to load.

use headwater_sdk::check::{CheckResult, CompiledCheck, Probe, Severity, Verdict};
use headwater_sdk::store::AssetState;
use jiff::Timestamp;

/// The newest value per freshness check after a load: the later of what was known and what the load saw.
pub(super) fn newest_after(
    results: &[CheckResult],
    before: Option<&AssetState>,
    appended: bool,
) -> Vec<(String, String)> {
    let mut newest = Vec::new();
    for result in results.iter().filter(|result| matches!(result.check.probe, Probe::Freshness { .. })) {
        let name = &result.check.name;
        let known = before.filter(|_| appended).and_then(|state| known_newest(state, name));
        let seen = result.observed.as_deref().filter(|text| parse(text).is_some());
        let later = match (known, seen) {
            (Some(known), Some(seen)) if parse(known) > parse(seen) => Some(known),
            (known, seen) => seen.or(known),
        };
        newest.extend(later.map(|value| (name.clone(), value.to_owned())));
    }
    newest
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
        let age = now.as_second().saturating_sub(time.as_second());
        let fresh = age <= i64::try_from(max_age_seconds).unwrap_or(i64::MAX);
        let verdict = match (fresh, check.severity) {
            (true, _) => Verdict::Passed,
            (false, Severity::Warn) => Verdict::Warned,
            (false, Severity::Quarantine | Severity::Error) => Verdict::Failed,
        };
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
