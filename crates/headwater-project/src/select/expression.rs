//! What an expression says: `either` of its parts, each of which is `both` of its terms.

use std::fmt;

use headwater_diagnostics::Span;

use super::Standing;
use super::pattern::Pattern;

/// A whole expression: what any of its parts chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) either: Vec<Both>,
}

/// Terms joined by commas: what all of them choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Both {
    pub(super) terms: Vec<Term>,
}

/// A criterion with its graph operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// Whether `@` stands before it.
    pub(super) whole: bool,
    /// The `+` before it.
    pub(super) upstream: Option<Reach>,
    pub(super) criterion: Criterion,
    /// The `+` behind it.
    pub(super) downstream: Option<Reach>,
    /// Where the criterion's value is written.
    pub(super) span: Span,
}

/// How far a graph operator goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    All,
    Steps(u32),
}

/// What an asset is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Criterion {
    Name(Pattern),
    Owner(Pattern),
    Path(Pattern),
    Source(Pattern),
    State(Wanted),
    Tag(Pattern),
    Type(Type),
}

/// The methods, as they are written before the colon.
pub(super) const METHODS: [&str; 7] = ["owner", "path", "resource_type", "source", "state", "tag", "type"];

/// What `state:` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Modified,
    New,
    Unmodified,
}

impl Wanted {
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("modified", Self::Modified), ("new", Self::New), ("unmodified", Self::Unmodified)];

    /// Whether an asset that stands so is wanted. What is new counts as modified.
    pub(super) fn takes(self, standing: Standing) -> bool {
        match self {
            Self::Modified => standing != Standing::Unmodified,
            Self::New => standing == Standing::New,
            Self::Unmodified => standing == Standing::Unmodified,
        }
    }
}

/// What `type:` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Model,
    Scd2,
    Script,
    Seed,
    Snapshot,
    Stream,
    Table,
    View,
}

impl Type {
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("model", Self::Model),
        ("scd2", Self::Scd2),
        ("script", Self::Script),
        ("seed", Self::Seed),
        ("snapshot", Self::Snapshot),
        ("stream", Self::Stream),
        ("table", Self::Table),
        ("view", Self::View),
    ];

    /// Whether an asset of that kind ([`crate::Asset::kind_name`]) is of this type.
    pub(super) fn takes(self, kind: &str) -> bool {
        match self {
            Self::Model => matches!(kind, "view" | "table" | "scd2" | "snapshot"),
            Self::Scd2 => kind == "scd2",
            Self::Snapshot => kind == "snapshot",
            Self::Script => kind == "script",
            Self::Seed => kind == "seed",
            Self::Stream => kind == "stream",
            Self::Table => kind == "table",
            Self::View => kind == "view",
        }
    }
}

impl Expression {
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.either.iter().flat_map(|both| &both.terms)
    }
}

/// The word for a value of a closed list.
fn word<T: PartialEq>(list: &[(&'static str, T)], value: &T) -> &'static str {
    list.iter().find(|(_, other)| other == value).map_or("", |(word, _)| word)
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.either.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(" "))
    }
}

impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: Vec<String> = self.terms.iter().map(ToString::to_string).collect();
        f.write_str(&terms.join(","))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.whole { "@" } else { "" })?;
        match self.upstream {
            None => {}
            Some(Reach::All) => f.write_str("+")?,
            Some(Reach::Steps(steps)) => write!(f, "{steps}+")?,
        }
        write!(f, "{}", self.criterion)?;
        match self.downstream {
            None => Ok(()),
            Some(Reach::All) => f.write_str("+"),
            Some(Reach::Steps(steps)) => write!(f, "+{steps}"),
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{}", name.text()),
            Self::Owner(owner) => write!(f, "owner:{}", quoted(owner.text())),
            Self::Path(path) => write!(f, "path:{}", quoted(path.text())),
            Self::Source(source) => write!(f, "source:{}", quoted(source.text())),
            Self::State(wanted) => write!(f, "state:{}", word(&Wanted::ALL, wanted)),
            Self::Tag(tag) => write!(f, "tag:{}", quoted(tag.text())),
            Self::Type(kind) => write!(f, "type:{}", word(&Type::ALL, kind)),
        }
    }
}

/// A value in the quotes that it needs, if any.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '*' | '?' | '/' | '-');
    match value {
        _ if value.chars().all(plain) => value.to_owned(),
        _ if value.contains('"') => format!("'{value}'"),
        _ => format!("\"{value}\""),
    }
}
