//! Checks that something else in a declaration stands for, where the project does not spell them out.

use headwater_diagnostics::Span;
use headwater_sdk::check::{CompiledCheck, Probe, Severity, Threshold};

use crate::asset::{CheckSpec, Written};
use crate::yaml::Node;

/// A column that a key of a declaration names, and where.
pub(super) fn written(node: &Node, key: &str, column: &str) -> Written {
    let at = node.get(key).and_then(|value| value.find_text(column)).map_or(node.span, |found| found.span);
    Written { name: column.to_owned(), span: at }
}

/// The checks that a declaration of a table stands for, so far.
pub(super) struct Implied<'a> {
    written: &'a [CheckSpec],
    /// Whether only checks that let no row pass count as spelt out.
    strict: bool,
    /// What was added to those of the project.
    pub(super) checks: Vec<CheckSpec>,
}

impl<'a> Implied<'a> {
    /// None yet, of a table whose checks the project spells out as `written`: with whatever severity, since that is its choice.
    pub(super) fn beside(written: &'a [CheckSpec]) -> Self {
        Self { written, strict: false, checks: Vec::new() }
    }

    /// As [`Implied::beside`], for what a load rests on: checks that only warn, or let some rows pass, are not enough.
    pub(super) fn strictly_beside(written: &'a [CheckSpec]) -> Self {
        Self { strict: true, ..Self::beside(written) }
    }

    /// One check for all the columns that no check of the project is about.
    pub(super) fn not_null<'c>(&mut self, columns: impl IntoIterator<Item = &'c Written>, at: Span) {
        let mut chosen: Vec<&Written> = Vec::new();
        for column in columns {
            let covered = self.of_all_rows().any(|check| match &check.probe {
                Probe::NotNull { columns } => columns.contains(&column.name),
                _ => false,
            });
            if !covered && chosen.iter().all(|known| known.name != column.name) {
                chosen.push(column);
            }
        }
        if !chosen.is_empty() {
            let columns = names(&chosen);
            let name = format!("not_null({})", columns.join(", "));
            self.add("not_null", &name, chosen, at, None, Probe::NotNull { columns });
        }
    }

    /// That no two rows, of those that `filter` leaves, have the same values in all the columns, and in the column `beside`.
    pub(super) fn unique<'c>(
        &mut self,
        columns: impl IntoIterator<Item = &'c Written>,
        beside: Option<&str>,
        filter: Option<String>,
        at: Span,
    ) {
        let chosen: Vec<&Written> = columns.into_iter().collect();
        let mut columns = names(&chosen);
        columns.extend(beside.map(str::to_owned));
        let same = |theirs: &[String]| theirs.len() == columns.len() && theirs.iter().all(|c| columns.contains(c));
        if self.of_all_rows().any(|check| matches!(&check.probe, Probe::Unique { columns } if same(columns))) {
            return;
        }
        let name = format!("unique({})", columns.join(", "));
        let at = if let [one] = chosen.as_slice() { one.span } else { at };
        self.add("unique", &name, chosen, at, filter, Probe::Unique { columns });
    }

    /// The project's own checks of all rows.
    pub(super) fn of_all_rows(&self) -> impl Iterator<Item = &CompiledCheck> {
        let strict =
            |check: &CompiledCheck| check.severity == Severity::Error && check.threshold == Threshold::default();
        let checks = self.written.iter().map(|spec| &spec.check);
        checks.filter(move |check| check.filter.is_none() && (!self.strict || strict(check)))
    }

    /// Adds a check under its name, made unique.
    pub(super) fn add<'c>(
        &mut self,
        kind: &str,
        name: &str,
        columns: impl IntoIterator<Item = &'c Written>,
        span: Span,
        filter: Option<String>,
        probe: Probe,
    ) {
        let columns: Vec<&Written> = columns.into_iter().collect();
        let taken = |name: &str| self.written.iter().chain(&self.checks).any(|spec| spec.check.name == name);
        let mut unique = name.to_owned();
        for count in 2.. {
            if !taken(&unique) {
                break;
            }
            unique = format!("{name} #{count}");
        }
        self.checks.push(CheckSpec {
            span,
            column_spans: columns.iter().map(|column| (column.name.clone(), column.span)).collect(),
            filter_span: None,
            written: None,
            check: CompiledCheck {
                kind: kind.to_owned(),
                name: unique,
                description: None,
                columns: names(&columns),
                severity: Severity::Error,
                threshold: Threshold::default(),
                filter,
                probe,
            },
        });
    }
}

fn names(columns: &[&Written]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}
