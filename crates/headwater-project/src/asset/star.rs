//! What a model is in a star schema: a fact, a dimension, or a bridge between them.

use headwater_diagnostics::Span;
use headwater_sdk::TableName;

use crate::unit_test::TestCell;

/// What a model is in a star schema.
#[derive(Debug, Clone)]
pub enum Star {
    /// What is measured.
    Fact(Fact),
    /// What it is measured by.
    Dimension(Dimension),
    /// Which members of dimensions belong to a group.
    Bridge(Bridge),
}

/// A name as the project writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The name.
    pub name: String,
    /// Where it is written.
    pub span: Span,
}

/// A table of measures.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Where it is declared.
    pub span: Span,
    /// The columns that together name a row.
    pub grain: Vec<Written>,
    /// Its foreign keys.
    pub references: Vec<Reference>,
    /// Columns that are dimensions without a table.
    pub degenerate: Vec<Written>,
    /// Its measures.
    pub measures: Vec<Measure>,
}

/// A foreign key, and what it leads to.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The column of the key.
    pub column: Written,
    /// The dimension, or the bridge.
    pub to: TableName,
    /// Where it is named.
    pub to_span: Span,
    /// The column there: the key of a dimension, the group of a bridge. Empty until the project is linked.
    pub to_column: String,
    /// What the dimension is to this table, e.g. `origin`.
    pub role: Option<String>,
}

/// A column that is measured.
#[derive(Debug, Clone)]
pub struct Measure {
    /// The column.
    pub column: Written,
    /// Whether values of it may be added.
    pub additive: Additive,
    /// For a semi-additive one: the foreign keys along which it is not added.
    pub not_over: Vec<Written>,
}

/// Whether values of a measure may be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Additive {
    /// Along all dimensions.
    Fully,
    /// Along some of them.
    Semi,
    /// Along none.
    No,
}

impl Additive {
    /// `additive`, `semi-additive` or `non-additive`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fully => "additive",
            Self::Semi => "semi-additive",
            Self::No => "non-additive",
        }
    }
}

/// A table of members.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// Where it is declared.
    pub span: Span,
    /// The column that facts refer to.
    pub key: Written,
    /// The columns by which the source tells members apart.
    pub natural_key: Vec<Written>,
    /// Members that are added to those of the query.
    pub special: Vec<SpecialMember>,
    /// Where natural keys turn up that the query may not have yet.
    pub arrivals: Vec<Arrival>,
    /// Values of members that are inferred from there, other than the defaults.
    pub inferred: Vec<MemberValue>,
}

/// A member that stands for what has none of its own.
#[derive(Debug, Clone)]
pub struct SpecialMember {
    /// What it stands for.
    pub kind: SpecialKind,
    /// Where it is declared.
    pub span: Span,
    /// Its values, where they are not the defaults.
    pub values: Vec<MemberValue>,
}

/// What a special member stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialKind {
    /// What is not known.
    Unknown,
    /// What cannot be.
    NotApplicable,
}

impl SpecialKind {
    /// The key in a header that declares it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_member",
            Self::NotApplicable => "not_applicable_member",
        }
    }

    /// The function whose value is its key.
    pub fn key_function(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_key()",
            Self::NotApplicable => "not_applicable_key()",
        }
    }

    /// What its texts say.
    pub fn text(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::NotApplicable => "Not applicable",
        }
    }
}

/// A value of a member.
#[derive(Debug, Clone)]
pub struct MemberValue {
    /// The column.
    pub column: Written,
    /// The value as it is written.
    pub value: TestCell,
}

/// A column of another table that holds natural keys.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The table.
    pub table: TableName,
    /// The column.
    pub column: String,
    /// Where both are named.
    pub span: Span,
}

/// A table that says which members belong to a group.
#[derive(Debug, Clone)]
pub struct Bridge {
    /// Where it is declared.
    pub span: Span,
    /// The column of the group, which facts refer to.
    pub group: Written,
    /// Its foreign keys.
    pub references: Vec<Reference>,
    /// The column with each member's share of the group.
    pub weight: Option<Written>,
}

impl Star {
    /// What it is: `fact`, `dimension` or `bridge`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fact(_) => "fact",
            Self::Dimension(_) => "dimension",
            Self::Bridge(_) => "bridge",
        }
    }

    /// Where it is declared.
    pub fn span(&self) -> Span {
        match self {
            Self::Fact(fact) => fact.span,
            Self::Dimension(dimension) => dimension.span,
            Self::Bridge(bridge) => bridge.span,
        }
    }

    /// Its foreign keys.
    pub fn references(&self) -> &[Reference] {
        match self {
            Self::Fact(fact) => &fact.references,
            Self::Bridge(bridge) => &bridge.references,
            Self::Dimension(_) => &[],
        }
    }

    pub(crate) fn references_mut(&mut self) -> &mut [Reference] {
        match self {
            Self::Fact(fact) => &mut fact.references,
            Self::Bridge(bridge) => &mut bridge.references,
            Self::Dimension(_) => &mut [],
        }
    }

    /// The column that others refer to: a dimension's key, a bridge's group.
    pub fn referred_column(&self) -> Option<&str> {
        match self {
            Self::Dimension(dimension) => Some(&dimension.key.name),
            Self::Bridge(bridge) => Some(&bridge.group.name),
            Self::Fact(_) => None,
        }
    }

    /// What it adds to the rows of the model's query, as a text that changes when that does; empty for nothing.
    pub(crate) fn added_rows(&self) -> String {
        let Self::Dimension(dimension) = self else { return String::new() };
        if dimension.special.is_empty() && dimension.arrivals.is_empty() {
            return String::new();
        }
        let values = |values: &[MemberValue]| {
            values.iter().map(|v| format!("{}={}", v.column.name, v.value.value.text())).collect::<Vec<_>>()
        };
        let special: Vec<_> = dimension.special.iter().map(|m| (m.kind.as_str(), values(&m.values))).collect();
        let arrivals: Vec<_> = dimension.arrivals.iter().map(|a| (a.table.to_string(), &a.column)).collect();
        let natural: Vec<&String> = dimension.natural_key.iter().map(|column| &column.name).collect();
        let (key, inferred) = (&dimension.key.name, values(&dimension.inferred));
        format!("{key:?} {natural:?} {special:?} {arrivals:?} {inferred:?}")
    }
}
