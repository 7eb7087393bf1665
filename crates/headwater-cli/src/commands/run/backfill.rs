//! `headwater run --from … --to …`: models take a range of time up again.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use headwater_run::{BackfillOptions, BackfillSummary};
use headwater_sdk::method::{Grain, TimeRange};
use headwater_sdk::{Blame, Error};

use super::name_program;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{backfill, summary};

/// The time that incremental models take up again.
#[derive(Debug, Default, Args)]
pub(crate) struct BackfillArgs {
    /// Takes up again from this year, month, day or time on (UTC), e.g. 2013-03: for incremental models with a time column,
    /// part by part, and then all that depends on them. Goes on where an earlier one was stopped
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with = "full_refresh")]
    from: Option<String>,
    /// … to the end of this year, month or day, or to this time
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
    /// The step that is a part
    #[arg(long, value_name = "STEP", default_value = "month", requires = "from")]
    step: Step,
    /// How many steps are computed at once
    #[arg(long, value_name = "N", requires = "from")]
    parallel: Option<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Step {
    Hour,
    Day,
    Week,
    #[default]
    Month,
    Year,
}

impl BackfillArgs {
    /// What is to be taken up again; `None` for an ordinary run.
    pub(crate) fn read(&self) -> Result<Option<BackfillOptions>, Failure> {
        let (Some(from), Some(to)) = (&self.from, &self.to) else { return Ok(None) };
        let whole = TimeRange { from: period(from)?.from, to: period(to)?.to };
        if whole.from >= whole.to {
            let message = format!("there is no time from {from} to {to}");
            return Err(Error::new("HW0819", Blame::Project, message).help("--to has to lie after --from").into());
        }
        let step = match self.step {
            Step::Hour => Grain::Hour,
            Step::Day => Grain::Day,
            Step::Week => Grain::Week,
            Step::Month => Grain::Month,
            Step::Year => Grain::Year,
        };
        Ok(Some(BackfillOptions { whole, step, together: self.parallel.map_or(1, NonZeroUsize::get) }))
    }
}

/// Shows what came of it, and returns the exit code.
pub(crate) fn show(mut report: BackfillSummary, program: &str, console: &Console) -> Result<u8, Failure> {
    let runs = report.parts.iter_mut().filter_map(|part| part.run.as_mut()).chain(&mut report.last);
    runs.for_each(|run| name_program(run, program));
    if console.json {
        console.out_json(&report)?;
        return Ok(report.exit_code);
    }
    let (width, color) = (console.width(), console.color_out);
    let mut out = backfill::parts(&report, width, color);
    let shown = report.last.as_ref().or_else(|| report.parts.last().and_then(|part| part.run.as_ref()));
    if let Some(shown) = shown {
        out.push('\n');
        out.push_str(&summary::run(shown, program, width, color));
    }
    console.out(&out)?;
    Ok(report.exit_code)
}

/// A year, month or day, or the moment of a time, in UTC.
fn period(text: &str) -> Result<TimeRange, Failure> {
    use jiff::civil::{Date, DateTime};
    let number = |text: &str| text.parse::<i16>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let start = |date: Date| date.at(0, 0, 0, 0);
    let days = |from: Date, span: jiff::Span| Some((start(from), start(from.checked_add(span).ok()?)));
    let parts: Vec<&str> = text.split('-').collect();
    let civil: Option<(DateTime, DateTime)> = match parts.as_slice() {
        [year] if year.len() == 4 => {
            number(year).and_then(|year| days(Date::new(year, 1, 1).ok()?, jiff::Span::new().years(1)))
        }
        [year, month] if year.len() == 4 && month.len() == 2 => number(year)
            .zip(number(month))
            .and_then(|(y, m)| days(Date::new(y, i8::try_from(m).ok()?, 1).ok()?, jiff::Span::new().months(1))),
        _ if text.len() == 10 => text.parse::<Date>().ok().and_then(|date| days(date, jiff::Span::new().days(1))),
        _ => text.parse::<DateTime>().ok().map(|time| (time, time)),
    };
    let utc = |time: DateTime| jiff::tz::TimeZone::UTC.to_timestamp(time).ok();
    let instants = match text.parse::<jiff::Timestamp>() {
        Ok(time) => Some((time, time)),
        Err(_) => civil.and_then(|(from, to)| utc(from).zip(utc(to))),
    };
    let Some((from, to)) = instants else {
        return Err(Error::new("HW0819", Blame::Project, format!("'{text}' is no time"))
            .help("write e.g. 2013, 2013-03, 2013-03-15 or 2013-03-15T08:00:00Z")
            .into());
    };
    Ok(TimeRange { from: from.as_microsecond(), to: to.as_microsecond() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_years_months_days_or_moments() {
        let words = |text: &str| period(text).ok().map(|range| headwater_run::day_words(&range));
        for (text, expected) in [
            ("2013", "2013-01-01 to 2013-12-31"),
            ("2012-02", "2012-02-01 to 2012-02-29"),
            ("2013-03-15", "2013-03-15"),
            ("2013-03-15T08:00:00Z", "2013-03-15T08:00:00Z to before 2013-03-15T08:00:00Z"),
            ("2013-03-15T08:00:00+02:00", "2013-03-15T06:00:00Z to before 2013-03-15T06:00:00Z"),
            ("2013-03-15T08:00:00", "2013-03-15T08:00:00Z to before 2013-03-15T08:00:00Z"),
        ] {
            assert_eq!(words(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "13", "2013-3", "2013-13", "2013-02-30", "soon", "+201"] {
            assert_eq!(words(text), None, "{text}");
        }
    }
}
