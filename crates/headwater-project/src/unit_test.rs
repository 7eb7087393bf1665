//! Unit tests: rows that are given to a model's query, and rows that are expected of it.

use std::collections::BTreeMap;

use headwater_diagnostics::Span;
use headwater_sdk::TableName;
use headwater_sdk::check::Verdict;

use crate::asset::{Asset, AssetKind, Materialize, ModelAsset};

/// A unit test of a model, before the types of its columns are known.
#[derive(Debug, Clone)]
pub struct UnitTest {
    /// Its name, unique among the tests of its model.
    pub name: String,
    /// The model whose query it tests.
    pub model: TableName,
    /// Where its name is written.
    pub span: Span,
    /// What it is about.
    pub description: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The tables whose rows are given, in the order of the file.
    pub given: Vec<GivenRows>,
    /// Models that its variables render to another SQL than the project has: its own model and views above it.
    pub variants: BTreeMap<TableName, Variant>,
    /// The time that `now()` and its like stand for, as it is written.
    pub now: Option<TestText>,
    /// What has to come of it; `None` when only checks count.
    pub expect: Option<Expectation>,
    /// What checks of the model have to say of its rows.
    pub checks: Vec<ExpectedCheck>,
    /// Whether rows have to come in the order in which they are expected.
    pub ordered: bool,
}

/// A table whose rows a test gives.
#[derive(Debug, Clone)]
pub struct GivenRows {
    /// The table.
    pub table: TableName,
    /// Where it is named.
    pub span: Span,
    /// Its rows.
    pub rows: TestRows,
}

/// A model under the variables of a test.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The model with the other SQL.
    pub model: ModelAsset,
    /// The tables that this SQL reads.
    pub inputs: Vec<TableName>,
}

/// What has to come of a test.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// These rows. Columns that they do not name are not compared.
    Rows(TestRows),
    /// An error with this text in its message, or with this code.
    Error(TestText),
}

/// What a check has to say of a test's rows.
#[derive(Debug, Clone)]
pub struct ExpectedCheck {
    /// The check's name.
    pub name: String,
    /// Where it is written.
    pub span: Span,
    /// What it has to say.
    pub verdict: Verdict,
}

/// Rows as a person wrote them.
#[derive(Debug, Clone, Default)]
pub struct TestRows {
    /// The columns, in the order in which they are named first.
    pub columns: Vec<TestText>,
    /// The rows.
    pub rows: Vec<TestRow>,
}

/// A row.
#[derive(Debug, Clone)]
pub struct TestRow {
    /// Where it is written.
    pub span: Span,
    /// A cell for every column of the rows; `None` where the row does not name the column.
    pub cells: Vec<Option<TestCell>>,
}

/// A text and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestText {
    /// The text.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}

/// A value of a row, which gets its meaning from the type of its column.
#[derive(Debug, Clone)]
pub struct TestCell {
    /// Where it is written.
    pub span: Span,
    /// What is written.
    pub value: CellValue,
}

/// What is written in a cell.
#[derive(Debug, Clone)]
pub enum CellValue {
    /// No value.
    Null,
    /// A number, a truth value or a text, letter for letter.
    Scalar(String),
    /// A list.
    List(Vec<TestCell>),
    /// A mapping: a struct or a map.
    Map(Vec<(TestText, TestCell)>),
}

impl CellValue {
    /// The value as a text that tells it from others.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Scalar(text) => format!("{text:?}"),
            Self::List(items) => {
                format!("[{}]", items.iter().map(|item| item.value.text()).collect::<Vec<_>>().join(","))
            }
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, cell)| format!("{:?}:{}", key.text, cell.value.text()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// What a table stands for while a test's query runs.
#[derive(Debug, Clone, Copy)]
pub enum Stand<'a> {
    /// The rows that are given.
    Given(&'a GivenRows),
    /// The query of a view above which something is given.
    View(&'a ModelAsset),
    /// No rows.
    Empty,
}

impl UnitTest {
    /// The query that is tested; `None` when the model is not there.
    pub fn query<'a>(&'a self, assets: &'a [Asset]) -> Option<&'a ModelAsset> {
        self.model_of(&self.model, assets).map(|(model, _)| model)
    }

    /// What every table that the query reads stands for: the inputs of the model, and those of the views among them that are
    /// expanded. A view that is not given is expanded when something is given that it reads, directly or through views. Where
    /// checks count, the tables that checks of the model read are there as well.
    pub fn tables<'a>(&'a self, assets: &'a [Asset]) -> BTreeMap<TableName, Stand<'a>> {
        let mut waiting = self.model_of(&self.model, assets).map(|(_, inputs)| inputs).unwrap_or_default();
        if !self.checks.is_empty() {
            let model = assets.iter().find(|asset| asset.name == self.model);
            waiting.extend(model.into_iter().flat_map(|asset| &asset.check_inputs).map(|input| input.table.clone()));
        }
        let (mut stands, mut known) = (BTreeMap::new(), BTreeMap::new());
        while let Some(table) = waiting.pop() {
            if stands.contains_key(&table) {
                continue;
            }
            let stand = match (self.given_rows(&table), self.view(&table, assets)) {
                (Some(given), _) => Stand::Given(given),
                (None, Some((view, inputs))) if self.gives(&table, assets, &mut known) => {
                    waiting.extend(inputs);
                    Stand::View(view)
                }
                (None, _) => Stand::Empty,
            };
            stands.insert(table, stand);
        }
        stands
    }

    /// Whether rows are given for a table, or for something that it reads through views.
    fn gives(&self, table: &TableName, assets: &[Asset], known: &mut BTreeMap<TableName, bool>) -> bool {
        if let Some(gives) = known.get(table) {
            return *gives;
        }
        let view = || self.view(table, assets).map(|(_, inputs)| inputs).unwrap_or_default();
        let gives = self.given_rows(table).is_some() || {
            // A circle of views is refused elsewhere; here it must only end.
            known.insert(table.clone(), false);
            view().iter().any(|input| self.gives(input, assets, known))
        };
        known.insert(table.clone(), gives);
        gives
    }

    fn given_rows(&self, table: &TableName) -> Option<&GivenRows> {
        self.given.iter().find(|given| given.table == *table)
    }

    fn view<'a>(&'a self, table: &TableName, assets: &'a [Asset]) -> Option<(&'a ModelAsset, Vec<TableName>)> {
        self.model_of(table, assets).filter(|(model, _)| model.materialize == Materialize::View)
    }

    /// A model as it is under the test's variables, and what it reads.
    fn model_of<'a>(&'a self, table: &TableName, assets: &'a [Asset]) -> Option<(&'a ModelAsset, Vec<TableName>)> {
        if let Some(variant) = self.variants.get(table) {
            return Some((&variant.model, variant.inputs.clone()));
        }
        let asset = assets.iter().find(|asset| asset.name == *table)?;
        match &asset.kind {
            AssetKind::Model(model) => Some((model, asset.inputs.iter().map(|input| input.table.clone()).collect())),
            AssetKind::Stream(_) | AssetKind::Seed(_) | AssetKind::Script(_) => None,
        }
    }
}
