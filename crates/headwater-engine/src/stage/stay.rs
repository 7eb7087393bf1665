//! What the checks of a table know of the rows that stay when others are added or replaced.

use std::collections::{BTreeSet, HashMap};

use headwater_sdk::TableName;
use headwater_sdk::check::{CheckCount, CompiledCheck, Probe};
use headwater_sdk::engine::{Refresh, Since};

use super::rows::Tally;

/// See the module's documentation.
pub(super) struct Stay {
    /// What checks had seen, by their names.
    seen: HashMap<String, CheckCount>,
    /// What becomes of the others.
    others: Others,
    /// Tables that may lack rows which were looked up there.
    lossy: BTreeSet<TableName>,
}

/// What becomes of rows that do not stay.
#[derive(Debug, PartialEq, Eq)]
enum Others {
    /// There are none: rows are only added.
    None,
    /// All rows of some keys are replaced; these are the key's columns.
    OfKeys(Vec<String>),
    /// Some rows are taken out, and perhaps others of their keys stay.
    Some,
}

impl Stay {
    pub(super) fn new(since: &Since, refresh: &Refresh, lossy: BTreeSet<TableName>) -> Self {
        let others = match refresh {
            Refresh::Keys { columns, .. } => Others::OfKeys(columns.clone()),
            Refresh::Chosen { columns, .. } if !columns.is_empty() => Others::OfKeys(columns.clone()),
            Refresh::History { .. } | Refresh::Snapshot { .. } => Others::Some,
            Refresh::Changes { columns, .. } => Others::OfKeys(columns.clone()),
            Refresh::Full { .. } | Refresh::Append | Refresh::Chosen { .. } | Refresh::Nothing => Others::None,
        };
        Self { seen: seen(since), others, lossy }
    }

    /// Of rows that are kept whatever the query yields now. What checks had seen of them is in `since`, if anything is known.
    pub(super) fn kept(since: Option<&Since>, lossy: BTreeSet<TableName>) -> Self {
        Self { seen: since.map(seen).unwrap_or_default(), others: Others::Some, lossy }
    }

    /// Of rows that others take the place of by a key.
    pub(super) fn of_keys(seen: &[CheckCount], key: Vec<String>, lossy: BTreeSet<TableName>) -> Self {
        let seen = seen.iter().map(|count| (count.check.clone(), count.clone())).collect();
        Self { seen, others: Others::OfKeys(key), lossy }
    }

    fn loses_none(&self) -> bool {
        self.others == Others::None
    }

    fn was_clean(&self, check: &CompiledCheck) -> bool {
        self.seen.get(&check.name).is_some_and(|seen| seen.failing == 0)
    }

    /// Whether the one-pass checks have to be shown the rows that stay, because it is not known what they saw of these, or
    /// of those that are gone.
    pub(super) fn must_be_shown(&self, checks: &[CompiledCheck]) -> bool {
        checks.iter().any(|check| match check.probe {
            Probe::Row { .. } | Probe::NotNull { .. } if !self.loses_none() => !self.was_clean(check),
            Probe::Row { .. } | Probe::NotNull { .. } => !self.seen.contains_key(&check.name),
            // The newest value may be among the rows that are taken out.
            Probe::Freshness { .. } => !self.loses_none(),
            _ => false,
        })
    }

    /// Adds what checks had seen of rows that stay, unless they were `shown` these. `rows` is the number of rows in the table.
    pub(super) fn add(&self, checks: &[CompiledCheck], tallies: &mut [Tally], rows: Option<u64>, shown: bool) {
        for (check, tally) in checks.iter().zip(tallies) {
            let Some(seen) = self.seen.get(&check.name) else { continue };
            let by_row = !shown && matches!(check.probe, Probe::Row { .. } | Probe::NotNull { .. });
            match (&self.others, rows) {
                (Others::None, _) if by_row => {
                    tally.checked += seen.checked;
                    tally.failing += seen.failing;
                }
                // What holds for the new rows holds for all.
                (Others::OfKeys(_) | Others::Some, Some(rows))
                    if (by_row || tally.proven) && check.filter.is_none() =>
                {
                    tally.checked = rows;
                }
                _ => {}
            }
        }
    }

    /// Whether a unique check holds for all rows when it holds for the new ones: every other row with one of their values
    /// was taken out.
    pub(super) fn is_unique_apart(&self, check: &CompiledCheck) -> bool {
        match (&check.probe, &self.others) {
            (Probe::Unique { columns }, Others::OfKeys(key)) => {
                self.was_clean(check) && check.filter.is_none() && key.iter().all(|column| columns.contains(column))
            }
            _ => false,
        }
    }

    /// Whether only new rows can fail a check that looks at the table as a whole.
    pub(super) fn only_new_can_fail(&self, check: &CompiledCheck) -> bool {
        let stays_found = match &check.probe {
            Probe::Unique { .. } => true,
            Probe::References { to, .. } => !self.lossy.contains(to),
            _ => false,
        };
        stays_found && check.filter.is_none() && self.was_clean(check)
    }
}

fn seen(since: &Since) -> HashMap<String, CheckCount> {
    since.checks.iter().map(|count| (count.check.clone(), count.clone())).collect()
}

/// The tables that checks look rows up in.
pub(super) fn referenced(checks: &[CompiledCheck]) -> BTreeSet<TableName> {
    let tables = checks.iter().filter_map(|check| match &check.probe {
        Probe::References { to, .. } => Some(to.clone()),
        _ => None,
    });
    tables.collect()
}
