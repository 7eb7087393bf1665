//! Judging what the checks have seen.

use headwater_sdk::check::{CheckResult, CompiledCheck, Probe, Severity, Threshold, Verdict};

use super::rows::Tally;

/// The result of one check. `rows` is the number of rows in the table, `now_micros` the time of the run.
pub(crate) fn judge(check: &CompiledCheck, tally: Tally, rows: Option<u64>, now_micros: i64) -> CheckResult {
    let (holds, observed) = match &check.probe {
        Probe::RowCount { min, max } => {
            let rows = if check.filter.is_some() { Some(tally.checked) } else { rows };
            let holds = rows.is_some_and(|rows| min.is_none_or(|min| rows >= min) && max.is_none_or(|max| rows <= max));
            (holds, Some(rows.map_or("unknown".to_owned(), |rows| rows.to_string())))
        }
        Probe::Freshness { max_age_seconds, .. } => (
            tally.newest.is_some_and(|newest| is_fresh(newest, *max_age_seconds, now_micros)),
            tally.newest.and_then(rfc3339),
        ),
        _ => (tally.failing == 0, None),
    };
    let verdict = if holds {
        Verdict::Passed
    } else {
        let tolerated = tally.failing > 0 && check.threshold.tolerates(tally.failing, tally.checked);
        match check.severity {
            Severity::Quarantine if tolerated || check.threshold == Threshold::default() => Verdict::Quarantined,
            Severity::Quarantine => Verdict::Failed,
            _ if tolerated => Verdict::Passed,
            Severity::Warn => Verdict::Warned,
            Severity::Error => Verdict::Failed,
        }
    };
    CheckResult {
        check: check.clone(),
        verdict,
        checked: tally.checked,
        failing: tally.failing,
        observed,
        sample: tally.sample,
    }
}

fn is_fresh(newest_micros: i64, max_age_seconds: u64, now_micros: i64) -> bool {
    let age_seconds = now_micros.saturating_sub(newest_micros) / 1_000_000;
    age_seconds <= i64::try_from(max_age_seconds).unwrap_or(i64::MAX)
}

fn rfc3339(micros: i64) -> Option<String> {
    jiff::Timestamp::from_microsecond(micros).ok().map(|time| time.to_string())
}
