//! What is drawn: tables with their parts, and the keys that lead from one to another.

use std::collections::BTreeSet;

use headwater_project::{Additive, Asset, AssetKind, Project, SpecialKind, Star};
use headwater_sdk::TableName;
use serde::Serialize;

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Fact,
    Bridge,
    Dimension,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Bridge => "bridge",
            Self::Dimension => "dimension",
        }
    }
}

/// What a column is in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The key of a dimension.
    Key,
    /// The group of a bridge.
    Group,
    NaturalKey,
    ForeignKey,
    /// A dimension without a table.
    Degenerate,
    /// Another column of the grain.
    Grain,
    /// A measure that may be added along all dimensions.
    Additive,
    SemiAdditive,
    NonAdditive,
    /// A member's share of a group.
    Weight,
}

impl Part {
    /// The word for it, as one name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Group => "group",
            Self::NaturalKey => "natural_key",
            Self::ForeignKey => "foreign_key",
            Self::Degenerate => "degenerate",
            Self::Grain => "grain",
            Self::Additive => "additive",
            Self::SemiAdditive => "semi_additive",
            Self::NonAdditive => "non_additive",
            Self::Weight => "weight",
        }
    }
}

/// A column that a declaration names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) part: Part,
    /// Whether it is in the grain of its fact.
    pub(crate) in_grain: bool,
    /// For a semi-additive measure: the foreign keys along which it is not added.
    pub(crate) not_over: Vec<String>,
}

/// A table of a star.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) kind: Kind,
    /// The columns of a fact's grain.
    pub(crate) grain: Vec<String>,
    pub(crate) columns: Vec<Column>,
    /// Members that are added to a dimension: `unknown`, `not applicable`, `late-arriving`.
    pub(crate) members: Vec<&'static str>,
    /// Whether several facts refer to it.
    pub(crate) conformed: bool,
}

/// A key that leads from a table to another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The column.
    pub(crate) key: String,
    /// What the other table is to this one, if it says so.
    pub(crate) role: Option<String>,
}

impl Line {
    /// The role where there is one, the key otherwise.
    pub(crate) fn label(&self) -> &str {
        self.role.as_deref().unwrap_or(&self.key)
    }
}

/// Tables, facts first and then by name, and the keys between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Diagram {
    pub(crate) tables: Vec<Table>,
    pub(crate) lines: Vec<Line>,
}

/// The star of a fact, or those of all facts, with every dimension.
pub(crate) fn diagram(project: &Project, fact: Option<&TableName>) -> Diagram {
    let declared: Vec<(&Asset, &Star)> =
        project.assets.iter().filter_map(|asset| Some((asset, star_of(asset)?))).collect();
    let of = |name: &TableName| declared.iter().find(|(asset, _)| asset.name == *name).map(|(_, star)| *star);
    let reached = fact.map(|fact| {
        let (mut reached, mut waiting) = (BTreeSet::new(), vec![fact]);
        while let Some(name) = waiting.pop() {
            if reached.insert(name) {
                waiting.extend(of(name).into_iter().flat_map(Star::references).map(|reference| &reference.to));
            }
        }
        reached
    });
    let mut tables: Vec<(Table, &Star)> = declared
        .iter()
        .filter(|(asset, _)| reached.as_ref().is_none_or(|reached| reached.contains(&asset.name)))
        .map(|(asset, star)| (table(&asset.name, star, facts_of(&asset.name, &declared) > 1), *star))
        .collect();
    tables.sort_by(|(a, _), (b, _)| a.kind.cmp(&b.kind).then_with(|| a.name.cmp(&b.name)));
    let place = |name: &TableName| tables.iter().position(|(table, _)| table.name == *name);
    let mut lines = Vec::new();
    for (from, (_, star)) in tables.iter().enumerate() {
        for reference in star.references() {
            let Some(to) = place(&reference.to) else { continue };
            lines.push(Line { from, to, key: reference.column.name.clone(), role: reference.role.clone() });
        }
    }
    Diagram { tables: tables.into_iter().map(|(table, _)| table).collect(), lines }
}

fn star_of(asset: &Asset) -> Option<&Star> {
    if let AssetKind::Model(model) = &asset.kind { model.star.as_deref() } else { None }
}

/// How many facts refer to a table.
fn facts_of(name: &TableName, declared: &[(&Asset, &Star)]) -> usize {
    let refers = |star: &Star| star.references().iter().any(|reference| reference.to == *name);
    declared.iter().filter(|(_, star)| matches!(star, Star::Fact(_)) && refers(star)).count()
}

fn table(name: &TableName, star: &Star, conformed: bool) -> Table {
    let grain: Vec<String> = match star {
        Star::Fact(fact) => fact.grain.iter().map(|column| column.name.clone()).collect(),
        Star::Dimension(_) | Star::Bridge(_) => Vec::new(),
    };
    let mut columns: Vec<Column> = Vec::new();
    let mut add = |name: &str, part: Part, not_over: Vec<String>| {
        if columns.iter().all(|column| column.name != name) {
            let in_grain = grain.iter().any(|column| column == name);
            columns.push(Column { name: name.to_owned(), part, in_grain, not_over });
        }
    };
    let mut members = Vec::new();
    let kind = match star {
        Star::Fact(fact) => {
            for reference in &fact.references {
                add(&reference.column.name, Part::ForeignKey, Vec::new());
            }
            for column in &fact.degenerate {
                add(&column.name, Part::Degenerate, Vec::new());
            }
            for column in &fact.grain {
                add(&column.name, Part::Grain, Vec::new());
            }
            for measure in &fact.measures {
                let part = match measure.additive {
                    Additive::Fully => Part::Additive,
                    Additive::Semi => Part::SemiAdditive,
                    Additive::No => Part::NonAdditive,
                };
                let not_over = measure.not_over.iter().map(|column| column.name.clone()).collect();
                add(&measure.column.name, part, not_over);
            }
            Kind::Fact
        }
        Star::Dimension(dimension) => {
            add(&dimension.key.name, Part::Key, Vec::new());
            for column in &dimension.natural_key {
                add(&column.name, Part::NaturalKey, Vec::new());
            }
            members.extend(dimension.special.iter().map(|member| match member.kind {
                SpecialKind::Unknown => "unknown",
                SpecialKind::NotApplicable => "not applicable",
            }));
            members.extend((!dimension.arrivals.is_empty()).then_some("late-arriving"));
            Kind::Dimension
        }
        Star::Bridge(bridge) => {
            add(&bridge.group.name, Part::Group, Vec::new());
            for reference in &bridge.references {
                add(&reference.column.name, Part::ForeignKey, Vec::new());
            }
            if let Some(weight) = &bridge.weight {
                add(&weight.name, Part::Weight, Vec::new());
            }
            Kind::Bridge
        }
    };
    Table { name: name.clone(), kind, grain, columns, members, conformed }
}
