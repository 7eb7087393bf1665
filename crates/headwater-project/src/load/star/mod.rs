//! `fact`, `dimension` and `bridge` of a model's header.

mod checks;
mod link;

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::TableName;

pub(crate) use link::link;

use crate::asset::{
    Additive, Arrival, Bridge, Dimension, Fact, Measure, MemberValue, Reference, SpecialKind, SpecialMember, Star,
    Written,
};
use crate::codes;
use crate::graph::Read;
use crate::spec::{
    AdditiveOption, BridgeOptions, DimensionOptions, FactOptions, MeasureOption, MemberOption, ModelHeader,
    ReferenceOption,
};
use crate::unit_test::{CellValue, TestCell, TestText};
use crate::yaml::{Node, Value};

/// What a header declares, and the tables that its late-arriving members come from. What is wrong with it is reported.
pub(crate) fn of_header(
    header: &mut ModelHeader,
    node: &Node,
    text: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<Box<Star>>, Vec<Read>) {
    let mut reader = Reader { text, diagnostics };
    let declared = ["fact", "dimension", "bridge"].map(|key| node.as_map().and_then(|map| map.entry(key)));
    let mut several = declared.iter().flatten();
    if let (Some(first), Some(second)) = (several.next(), several.next()) {
        let message = format!("a model cannot be a {} and a {}", first.key, second.key);
        reader.diagnostics.push(
            Diagnostic::error(codes::STAR, message)
                .at(second.key_span, "")
                .also(first.key_span, "")
                .help("leave one of them out, or make two models"),
        );
        return (None, Vec::new());
    }
    let star = match declared {
        [Some(entry), ..] => header.fact.take().map(|options| Star::Fact(reader.fact(options, &entry.value))),
        [_, Some(entry), _] => {
            header.dimension.take().map(|options| Star::Dimension(reader.dimension(options, &entry.value)))
        }
        [.., Some(entry)] => header.bridge.take().map(|options| Star::Bridge(reader.bridge(options, &entry.value))),
        _ => None,
    };
    let reads = match &star {
        Some(Star::Dimension(dimension)) => dimension.arrivals.iter().map(|arrival| Read {
            parts: vec![arrival.table.schema().to_owned(), arrival.table.table().to_owned()],
            span: arrival.span,
        }),
        _ => return (star.map(Box::new), Vec::new()),
    };
    let reads = reads.collect();
    (star.map(Box::new), reads)
}

struct Reader<'a> {
    /// The text of the file.
    text: &'a str,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fact(&mut self, options: FactOptions, node: &Node) -> Fact {
        let references = self.references(options.dimensions.0, node);
        let mut measures = Vec::new();
        for (name, option) in options.measures.0 {
            let column = key_of(node.get("measures"), name, node.span);
            let (additive, not_over) = match option {
                MeasureOption::Additive(additive) => (additive, Vec::new()),
                MeasureOption::Detailed(details) => (details.additive, details.not_over),
            };
            let inside = node.get("measures").and_then(|measures| measures.get(&column.name));
            let not_over = self.list(inside.and_then(|inside| inside.get("not_over")), not_over, column.span);
            measures.push(Measure { column, additive: additive.into(), not_over });
        }
        let grain = self.list(node.get("grain"), options.grain, node.span);
        if grain.is_empty() {
            let diagnostic = Diagnostic::error(codes::STAR, "the grain of the fact has no columns");
            let at = node.get("grain").map_or(node.span, |grain| grain.span);
            self.diagnostics.push(diagnostic.at(at, "").help("name the columns that together name a row"));
        }
        let degenerate = self.list(node.get("degenerate_dimensions"), options.degenerate_dimensions, node.span);
        let fact = Fact { span: node.span, grain, references, degenerate, measures };
        self.verify_measures(&fact);
        fact
    }

    fn verify_measures(&mut self, fact: &Fact) {
        let keys = || fact.references.iter().map(|reference| reference.column.name.as_str());
        for measure in &fact.measures {
            let name = &measure.column.name;
            match (measure.additive, measure.not_over.as_slice()) {
                (Additive::Semi, []) => {
                    let message = format!("the semi-additive measure '{name}' does not say what it is not added over");
                    let help = format!("write {name}: {{ additive: semi, not_over: date_key }}, with the foreign key");
                    let diagnostic = Diagnostic::error(codes::STAR, message).at(measure.column.span, "");
                    self.diagnostics.push(diagnostic.help(help));
                }
                (Additive::Fully | Additive::No, [first, ..]) => {
                    let message = format!("'not_over' says nothing of a measure that is {}", measure.additive.as_str());
                    let diagnostic = Diagnostic::error(codes::STAR, message).at(first.span, "");
                    self.diagnostics.push(diagnostic.help("leave it out, or write `additive: semi`"));
                }
                _ => {}
            }
            for over in measure.not_over.iter().filter(|over| keys().all(|key| key != over.name)) {
                let message = format!("'{}' is not a foreign key of the fact", over.name);
                let listed = keys().collect::<Vec<_>>().join(", ");
                let help = match headwater_diagnostics::nearest(&over.name, keys()) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None if listed.is_empty() => "name it under `dimensions` first".to_owned(),
                    None => format!("its foreign keys are {listed}"),
                };
                self.diagnostics.push(Diagnostic::error(codes::STAR, message).at(over.span, "").help(help));
            }
        }
    }

    fn dimension(&mut self, options: DimensionOptions, node: &Node) -> Dimension {
        let key = text_of(node.get("key"), options.key, node.span);
        let natural_key = self.list(node.get("natural_key"), options.natural_key, node.span);
        let special = [
            (SpecialKind::Unknown, options.unknown_member),
            (SpecialKind::NotApplicable, options.not_applicable_member),
        ];
        let special = special.into_iter().filter_map(|(kind, option)| {
            let entry = node.as_map()?.entry(kind.as_str())?;
            (!matches!(option?, MemberOption::Added(false))).then(|| SpecialMember {
                kind,
                span: entry.span(),
                values: self.values(&entry.value),
            })
        });
        let special = special.collect();
        let inferred = node.get("inferred_member").map(|node| self.values(node)).unwrap_or_default();
        let written = self.list(node.get("late_arriving_from"), options.late_arriving_from, node.span);
        let mut arrivals = Vec::new();
        for Written { name, span } in &written {
            match name.rsplit_once('.').and_then(|(table, column)| Some((table.parse::<TableName>().ok()?, column))) {
                Some((table, column)) => {
                    arrivals.push(Arrival { table, column: column.to_owned(), span: *span });
                }
                None => self.diagnostics.push(
                    Diagnostic::error(codes::STAR, format!("'{name}' is not a column of a table"))
                        .at(*span, "")
                        .help("write schema.table.column, e.g. staging.orders.customer_id"),
                ),
            }
        }
        if let Some(first) = written.first()
            && natural_key.len() != 1
        {
            let (message, help) = match natural_key.as_slice() {
                [] => ("late-arriving members need a natural key", "add `natural_key: …`: the column that holds it"),
                _ => (
                    "late-arriving members need a natural key of one column",
                    "let staging make one column of them, or add the missing members in the query",
                ),
            };
            self.diagnostics.push(Diagnostic::error(codes::STAR, message).at(first.span, "").help(help));
        }
        if let (Some(entry), true) = (node.as_map().and_then(|map| map.entry("inferred_member")), written.is_empty()) {
            let diagnostic = Diagnostic::error(codes::STAR, "there are no members to be inferred");
            let help = "add `late_arriving_from: schema.table.column`, or leave `inferred_member` out";
            self.diagnostics.push(diagnostic.at(entry.key_span, "").help(help));
        }
        Dimension { span: node.span, key, natural_key, special, arrivals, inferred }
    }

    fn bridge(&mut self, options: BridgeOptions, node: &Node) -> Bridge {
        let references = self.references(options.dimensions.0, node);
        if references.is_empty() {
            let diagnostic = Diagnostic::error(codes::STAR, "the bridge leads to no dimension").at(node.span, "");
            self.diagnostics
                .push(diagnostic.help("name its foreign keys: `dimensions: { customer_key: marts.dim_customer }`"));
        }
        Bridge {
            span: node.span,
            group: text_of(node.get("group"), options.group, node.span),
            references,
            weight: options.weight.map(|weight| text_of(node.get("weight"), weight, node.span)),
        }
    }

    /// A list of names, or a single one, with their places. None may be there twice.
    fn list(&mut self, node: Option<&Node>, names: Vec<String>, whole: Span) -> Vec<Written> {
        let place =
            |index: usize| node.map_or(whole, |node| node.items().get(index).map_or(node.span, |item| item.span));
        let mut list: Vec<Written> = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            if list.iter().any(|known| known.name == name) {
                let diagnostic = Diagnostic::error(codes::STAR, format!("'{name}' is named twice"));
                self.diagnostics.push(diagnostic.at(place(index), "").help("leave one of the two out"));
                continue;
            }
            list.push(Written { span: place(index), name });
        }
        list
    }

    fn references(&mut self, options: Vec<(String, ReferenceOption)>, node: &Node) -> Vec<Reference> {
        let dimensions = node.get("dimensions");
        let mut references = Vec::new();
        for (name, option) in options {
            let column = key_of(dimensions, name, node.span);
            let value = dimensions.and_then(|node| node.get(&column.name));
            let to_span = value.map_or(column.span, |value| value.get("dimension").unwrap_or(value).span);
            let (to, role) = match option {
                ReferenceOption::Table(table) => (table.0, None),
                ReferenceOption::Role(role) => (role.dimension.0, role.role),
                ReferenceOption::Missing => {
                    let message = format!("'{}' leads to no dimension", column.name);
                    let help = format!("write `{}: schema.table`", column.name);
                    self.diagnostics.push(Diagnostic::error(codes::STAR, message).at(column.span, "").help(help));
                    continue;
                }
            };
            references.push(Reference { column, to, to_span, to_column: String::new(), role });
        }
        references
    }

    /// The values of a member, in the order of the file.
    fn values(&self, node: &Node) -> Vec<MemberValue> {
        let entries = node.as_map().map_or(&[] as &[_], |map| &map.entries);
        let value = |entry: &crate::yaml::Entry| MemberValue {
            column: Written { name: entry.key.clone(), span: entry.key_span },
            value: self.cell(&entry.value),
        };
        entries.iter().map(value).collect()
    }

    fn cell(&self, node: &Node) -> TestCell {
        let value = match &node.value {
            Value::List(items) => CellValue::List(items.iter().map(|item| self.cell(item)).collect()),
            Value::Map(map) => CellValue::Map(
                map.entries
                    .iter()
                    .map(|e| (TestText { text: e.key.clone(), span: e.key_span }, self.cell(&e.value)))
                    .collect(),
            ),
            _ => node.scalar_text(self.text).map_or(CellValue::Null, CellValue::Scalar),
        };
        TestCell { span: node.span, value }
    }
}

impl From<AdditiveOption> for Additive {
    fn from(option: AdditiveOption) -> Self {
        match option {
            AdditiveOption::Fully => Self::Fully,
            AdditiveOption::Semi => Self::Semi,
            AdditiveOption::No => Self::No,
        }
    }
}

/// A key of a mapping, with its place.
fn key_of(map: Option<&Node>, name: String, whole: Span) -> Written {
    let entry = map.and_then(Node::as_map).and_then(|map| map.entry(&name));
    Written { span: entry.map_or(whole, |entry| entry.key_span), name }
}

fn text_of(node: Option<&Node>, name: String, whole: Span) -> Written {
    Written { span: node.map_or(whole, |node| node.span), name }
}
