//! The checks that a declaration stands for.

use headwater_diagnostics::Span;
use headwater_sdk::TableName;
use headwater_sdk::check::Probe;
use headwater_sdk::name::quote_identifier;

use crate::asset::{Bridge, CheckSpec, Dimension, Fact, Materialize, Reference, SpecialMember, Star, Written};
use crate::load::implied::Implied;
use crate::unit_test::CellValue;

/// How far the weights of a group may be from 1: what is lost by adding floating-point numbers.
const WEIGHT_TOLERANCE: &str = "1e-9";

/// The checks of a table's declaration, but for those that the project writes itself.
pub(super) fn of(table: &TableName, star: &Star, kept: &Materialize, written: &[CheckSpec]) -> Vec<CheckSpec> {
    let mut checks = Declared { kept, implied: Implied::beside(written) };
    match star {
        Star::Fact(fact) => checks.of_fact(fact),
        Star::Dimension(dimension) => checks.of_dimension(dimension),
        Star::Bridge(bridge) => checks.of_bridge(table, bridge),
    }
    checks.implied.checks
}

struct Declared<'a> {
    /// How the table's rows are kept: a key may be in several versions, or in several snapshots.
    kept: &'a Materialize,
    implied: Implied<'a>,
}

impl Declared<'_> {
    fn of_fact(&mut self, fact: &Fact) {
        self.implied
            .not_null(fact.grain.iter().chain(fact.references.iter().map(|reference| &reference.column)), fact.span);
        self.unique(fact.grain.iter(), fact.span);
        self.references(&fact.references);
    }

    fn of_dimension(&mut self, dimension: &Dimension) {
        let key = [&dimension.key];
        self.implied.not_null(key, dimension.span);
        self.unique(key, dimension.key.span);
        if dimension.natural_key.iter().any(|column| column.name != dimension.key.name) {
            self.unique(dimension.natural_key.iter(), dimension.span);
        }
        for member in &dimension.special {
            self.special_member(&dimension.key, member);
        }
        if let ([natural], [_, ..]) = (dimension.natural_key.as_slice(), dimension.arrivals.as_slice())
            && natural.name != dimension.key.name
        {
            self.inferred_key(&dimension.key, natural);
        }
    }

    fn of_bridge(&mut self, table: &TableName, bridge: &Bridge) {
        let keys = || {
            let others = bridge.references.iter().map(|reference| &reference.column);
            std::iter::once(&bridge.group).chain(others.filter(|column| column.name != bridge.group.name))
        };
        self.implied.not_null(keys().chain(&bridge.weight), bridge.span);
        self.unique(keys(), bridge.span);
        self.references(&bridge.references);
        if let Some(weight) = &bridge.weight {
            let (group, share) = (quote_identifier(&bridge.group.name), quote_identifier(&weight.name));
            let sql = format!(
                "select {group}, sum({share}) as total_weight from {table} group by {group} \
                 having abs(sum({share}) - 1) > {WEIGHT_TOLERANCE}"
            );
            let name = format!("weights({})", weight.name);
            self.implied.add("sql", &name, [&bridge.group, weight], weight.span, None, Probe::Query { sql });
        }
    }

    fn unique<'c>(&mut self, columns: impl IntoIterator<Item = &'c Written>, at: Span) {
        let beside = match self.kept {
            Materialize::Snapshot(snapshots) => Some(snapshots.column.as_str()),
            _ => None,
        };
        let current = self.current();
        self.implied.unique(columns, beside, current, at);
    }

    fn references(&mut self, references: &[Reference]) {
        for reference in references.iter().filter(|reference| !reference.to_column.is_empty()) {
            let (column, to) = (&reference.column, &reference.to);
            let probe = Probe::References {
                columns: vec![column.name.clone()],
                to: to.clone(),
                to_columns: vec![reference.to_column.clone()],
            };
            if self.implied.of_all_rows().any(|check| check.probe == probe) {
                continue;
            }
            let name = format!("relationships({}, {to}.{})", column.name, reference.to_column);
            self.implied.add("relationships", &name, [column], reference.to_span, None, probe);
        }
    }

    /// That exactly one row has the member's key: none of the query's own has it.
    fn special_member(&mut self, key: &Written, member: &SpecialMember) {
        let given = member.values.iter().find(|value| value.column.name == key.name);
        let wanted = match given.map(|value| &value.value.value) {
            Some(CellValue::Scalar(text)) => format!("'{}'", text.replace('\'', "''")),
            _ => format!("cast({} as string)", member.kind.key_function()),
        };
        if matches!(self.kept, Materialize::Snapshot(_)) {
            return;
        }
        let mut filter = format!("cast({} as string) = {wanted}", quote_identifier(&key.name));
        if let Some(current) = self.current() {
            filter = format!("{filter} and {current}");
        }
        let name = format!("{}({})", member.kind.as_str(), key.name);
        let probe = Probe::RowCount { min: Some(1), max: Some(1) };
        self.implied.add("row_count", &name, [], member.span, Some(filter), probe);
    }

    /// That the query makes keys as those of inferred members are made.
    fn inferred_key(&mut self, key: &Written, natural: &Written) {
        let fails_when = format!(
            "{} is distinct from surrogate_key({})",
            quote_identifier(&key.name),
            quote_identifier(&natural.name)
        );
        let name = format!("inferred_key({})", key.name);
        let filter = Some(format!("{} is not null", quote_identifier(&natural.name)));
        self.implied.add("expression", &name, [key], key.span, filter, Probe::Row { fails_when });
    }

    /// Of a history, the versions that hold now.
    fn current(&self) -> Option<String> {
        match self.kept {
            Materialize::Scd2(history) => Some(quote_identifier(&history.columns.is_current)),
            _ => None,
        }
    }
}
