//! Assets: what yields the tables of a project.

mod script;
mod star;

use std::fmt;
use std::ops::Range;

use arrow_schema::{DataType, Schema};
use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::TableName;
use headwater_sdk::check::{CompileFn, CompiledCheck, OptionsError, Severity, Threshold};
use headwater_sdk::connector::{OnBadRow, StreamSettings};
use headwater_sdk::engine::Layout;
use headwater_sdk::method::{History, Incremental, Misfit, Snapshots};

use crate::select::file_names;
use crate::template::{Piece, source_of};
pub use script::{ScriptAsset, ScriptInput, ScriptRefresh};
pub use star::{
    Additive, Arrival, Bridge, Dimension, Fact, Measure, MemberValue, Reference, SpecialKind, SpecialMember, Star,
    Written,
};

/// Anything in the graph that yields a table.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The table that it yields.
    pub name: TableName,
    /// Where it is declared.
    pub span: Span,
    /// The file that it is in, relative to the project, with `/` between the parts: of a seed its data.
    pub path: String,
    /// What a row of the table is.
    pub description: Option<String>,
    /// Who answers for it: its own owner, else its source's, else the project's default.
    pub owner: Option<String>,
    /// Its tags, sorted, with those of its source.
    pub tags: Vec<String>,
    /// Columns that the project says something about, in its order.
    pub columns: Vec<ColumnSpec>,
    /// The checks, in the project's order; those of a stream's freshness come last.
    pub checks: Vec<CheckSpec>,
    /// The tables that its SQL or its program reads, in the order in which it names them first; side tables among them.
    pub inputs: Vec<Input>,
    /// Other tables that only its checks read. They order tasks except where that would make a cycle.
    pub check_inputs: Vec<Input>,
    /// What makes it.
    pub kind: AssetKind,
}

impl Asset {
    /// The source that it is a stream of: the name of its file, without the ending.
    pub fn source(&self) -> Option<&str> {
        let [_, stem] = file_names(&self.path);
        matches!(self.kind, AssetKind::Stream(_)).then_some(stem)
    }

    /// Whether its table keeps what its query yields no longer.
    pub fn keeps_history(&self) -> bool {
        matches!(&self.kind, AssetKind::Model(model) if matches!(model.materialize, Materialize::Scd2(_) | Materialize::Snapshot(_)))
    }

    /// The tables kept beside its own: `__rejected` of a stream or a script that keeps bad rows, `__quarantine` of an asset with a
    /// quarantine check.
    pub fn side_tables(&self) -> impl Iterator<Item = TableName> + '_ {
        let rejects = match &self.kind {
            AssetKind::Stream(stream) => stream.settings.on_bad_row == OnBadRow::Reject,
            AssetKind::Script(script) => script.keeps_rejected(),
            AssetKind::Seed(_) | AssetKind::Model(_) => false,
        };
        let quarantines = self.checks.iter().any(|c| c.check.severity == Severity::Quarantine);
        let rejected = rejects.then(|| self.name.rejected());
        rejected.into_iter().chain(quarantines.then(|| self.name.quarantine()))
    }

    /// What it is: `stream`, `seed`, `script`, `view`, `table`, `incremental`, `scd2` or `snapshot`.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            AssetKind::Stream(_) => "stream",
            AssetKind::Seed(_) => "seed",
            AssetKind::Script(_) => "script",
            AssetKind::Model(model) => match model.materialize {
                Materialize::View => "view",
                Materialize::Table => "table",
                Materialize::Incremental(_) => "incremental",
                Materialize::Scd2(_) => "scd2",
                Materialize::Snapshot(_) => "snapshot",
            },
        }
    }

    /// The files that it is declared in, relative to the project: of a script with those of its program.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let files = match &self.kind {
            AssetKind::Script(script) => script.files.as_slice(),
            AssetKind::Stream(_) | AssetKind::Seed(_) | AssetKind::Model(_) => &[],
        };
        std::iter::once(self.path.as_str()).chain(files.iter().map(|(path, _)| path.as_str()))
    }

    /// Every table that it yields: its own, then its side tables.
    pub fn tables(&self) -> impl Iterator<Item = TableName> + '_ {
        std::iter::once(self.name.clone()).chain(self.side_tables())
    }
}

/// A column that the project says something about.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSpec {
    /// The column.
    pub name: String,
    /// Its declared type; `None` when it is inferred, and always for a model; never for a script.
    pub data_type: Option<DataType>,
    /// What it means.
    pub description: Option<String>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// Where its name is written.
    pub span: Span,
}

/// A check, with the places to point at.
#[derive(Debug, Clone)]
pub struct CheckSpec {
    /// The check.
    pub check: CompiledCheck,
    /// Where its entry is written.
    pub span: Span,
    /// Where its columns are written: the columns of [`CompiledCheck::columns`] that the project spells out.
    pub column_spans: Vec<(String, Span)>,
    /// Where its `where` is written.
    pub filter_span: Option<Span>,
    /// What it was compiled from; `None` for a check that the project does not spell out.
    pub written: Option<WrittenCheck>,
}

/// A check as the project writes it.
#[derive(Debug, Clone)]
pub struct WrittenCheck {
    /// The options of its type, validated.
    pub options: serde_json::Value,
    /// Where they are written.
    pub option_spans: Vec<(String, Span)>,
    /// What compiles them.
    pub compile: CompileFn,
    /// The code of errors in them.
    pub code: &'static str,
}

impl CheckSpec {
    /// The check compiled for columns of known types.
    ///
    /// # Errors
    /// When its options do not go with the types.
    pub fn typed(&self, columns: &Schema) -> Result<CompiledCheck, Box<Diagnostic>> {
        let Some(written) = &self.written else { return Ok(self.check.clone()) };
        match (written.compile)(written.options.clone(), Some(columns)) {
            Ok(compiled) => Ok(CompiledCheck { probe: compiled.probe, ..self.check.clone() }),
            Err(error) => {
                let place = error.key.and_then(|key| written.option_spans.iter().find(|(name, _)| name == key));
                Err(Box::new(options_error(
                    &self.check.kind,
                    written.code,
                    error,
                    place.map_or(self.span, |(_, span)| *span),
                )))
            }
        }
    }

    /// Where a column of the check is written; the whole entry when it is not spelt out.
    pub fn column_span(&self, column: &str) -> Span {
        self.column_spans.iter().find(|(name, _)| name == column).map_or(self.span, |(_, span)| *span)
    }
}

/// What is wrong with the options of a check.
pub(crate) fn options_error(kind: &str, code: &'static str, error: OptionsError, at: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, format!("{kind}: {}", error.message)).at(at, "");
    error.help.into_iter().fold(diagnostic, Diagnostic::help)
}

/// A table that an asset reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The table.
    pub table: TableName,
    /// Where it is named.
    pub span: Span,
}

/// What makes an asset.
#[derive(Debug, Clone)]
pub enum AssetKind {
    /// A stream of a source, read by a connector.
    Stream(StreamAsset),
    /// A file in the project, read whole by the connector `files`.
    Seed(SeedAsset),
    /// A SQL query.
    Model(ModelAsset),
    /// A program.
    Script(Box<ScriptAsset>),
}

/// How to read a stream. Its `Debug` shows no options, since they may hold secrets.
#[derive(Clone)]
pub struct StreamAsset {
    /// The connector's name.
    pub connector: &'static str,
    /// The source's options for the connector, with secrets in them.
    pub source: serde_json::Value,
    /// The stream's options for the connector, with secrets in them.
    pub stream: serde_json::Value,
    /// Both options as they are written (`{"source": …, "stream": …}`), with `${NAME}` in place of secrets: what may be
    /// kept and compared.
    pub written: serde_json::Value,
    /// What the project asks of the stream beside the connector's own options.
    pub settings: StreamSettings,
    /// Where it comes from, in words and without secrets, e.g. `files: flights/*.csv.gz`.
    pub origin: String,
    /// What is said about its freshness. What can be checked of it is among the asset's checks already.
    pub freshness: Option<Freshness>,
    /// How many of a load's rows may be set aside because they cannot be read. Without it a load that replaces the table has to have a row.
    pub most_bad_rows: Option<Threshold>,
}

impl StreamAsset {
    /// What tells the system that it is a part of from others: the connector, and the source's options.
    pub fn system(&self) -> (String, String) {
        (self.connector.to_owned(), self.source.to_string())
    }
}

impl fmt::Debug for StreamAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamAsset")
            .field("origin", &self.origin)
            .field("written", &self.written)
            .field("settings", &self.settings)
            .field("freshness", &self.freshness)
            .finish_non_exhaustive()
    }
}

/// How to read a seed: as a stream of the connector `files`.
pub type SeedAsset = StreamAsset;

/// How old a stream's newest row may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The date or timestamp column whose newest value counts.
    pub column: String,
    /// The age, in seconds, past which a run warns.
    pub warn_after: Option<u64>,
    /// The age, in seconds, past which nothing is published.
    pub error_after: Option<u64>,
}

/// How a model is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Materialize {
    /// Its query is expanded where it is read.
    View,
    /// Its rows are written to a Delta table.
    Table,
    /// Rows that the project chooses are taken up by a Delta table, which keeps the others.
    Incremental(Incremental),
    /// The versions that its rows have had are kept in a Delta table.
    Scd2(History),
    /// Its rows at several times are kept in a Delta table.
    Snapshot(Snapshots),
}

/// What a run computes anew of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// What has changed, where that is proven to come to the same; otherwise all of it.
    Auto,
    /// All of it.
    Full,
}

/// A SQL query and what becomes of its rows.
#[derive(Debug, Clone)]
pub struct ModelAsset {
    /// The query, rendered.
    pub sql: String,
    /// How its rows are kept.
    pub materialize: Materialize,
    /// What a run computes anew.
    pub refresh: Refresh,
    /// The columns that partition the table's files.
    pub partition_by: Vec<String>,
    /// Where each of [`ModelAsset::partition_by`] is written.
    pub partition_spans: Vec<Span>,
    /// Columns that the header names for [`Materialize::Incremental`], and where.
    pub named_columns: Vec<(String, Span)>,
    /// What it is in a star schema, if it says so.
    pub star: Option<Box<Star>>,
    /// How its rows are to lie in files. It is no part of the definition: it changes no row.
    pub layout: Layout,
    /// Where each of the columns is written that its rows are clustered by.
    pub cluster_spans: Vec<Span>,
    /// Where the keys of a history or of snapshots are written, and the columns in them: `key`, `key.customer_id`, …
    pub option_spans: Vec<(String, Span)>,
    /// Where the query stands in its file, header excluded.
    pub body: Span,
    /// Where the rendered SQL comes from; `None` when it is the body as it stands.
    pub(crate) pieces: Option<Vec<Piece>>,
}

impl ModelAsset {
    /// A model whose SQL stands in its file as it is, kept as a table.
    pub fn new(sql: String, body: Span) -> Self {
        Self {
            sql,
            materialize: Materialize::Table,
            refresh: Refresh::Auto,
            partition_by: Vec::new(),
            partition_spans: Vec::new(),
            named_columns: Vec::new(),
            star: None,
            layout: Layout::default(),
            cluster_spans: Vec::new(),
            option_spans: Vec::new(),
            body,
            pieces: None,
        }
    }

    /// The query without a semicolon, and without comments, at its end: fit to stand in parentheses, on lines of its own.
    pub fn query(&self) -> &str {
        crate::sql::without_end(&self.sql)
    }

    /// Where a key of a history or of snapshots is written: its entry for a column, where it has one.
    pub fn option_span(&self, option: &str, column: &str) -> Option<Span> {
        let find = |name: &str| self.option_spans.iter().find(|(written, _)| written == name).map(|(_, span)| *span);
        find(&format!("{option}.{column}")).or_else(|| find(option))
    }

    /// The columns of its table, from those of its query.
    ///
    /// # Errors
    /// When the query's columns do not go with what is to become of its rows.
    pub fn table_schema(&self, query: &Schema) -> Result<Schema, Misfit> {
        match &self.materialize {
            Materialize::View | Materialize::Table | Materialize::Incremental(_) => Ok(query.clone()),
            Materialize::Scd2(history) => history.places(query).map(|_| history.schema(query)),
            Materialize::Snapshot(snapshots) => snapshots.verify(query).map(|()| snapshots.schema(query)),
        }
    }

    /// How many columns its table has behind those of its query.
    pub fn added_columns(&self) -> usize {
        match &self.materialize {
            Materialize::View | Materialize::Table | Materialize::Incremental(_) => 0,
            Materialize::Scd2(history) => history.columns.names().len(),
            Materialize::Snapshot(_) => 1,
        }
    }

    /// Where a range of the rendered SQL is written: exactly where the SQL stands in the file as it is, at the
    /// expression that made it where a template did, and at the whole query where neither is known.
    pub fn span_of(&self, range: Range<usize>) -> Span {
        let source = match &self.pieces {
            None => Some(range),
            Some(pieces) => source_of(pieces, &range),
        };
        let length = self.body.end - self.body.start;
        match source {
            Some(source) if source.start <= source.end && source.end <= length => {
                Span { start: self.body.start + source.start, end: self.body.start + source.end, ..self.body }
            }
            _ => self.body,
        }
    }
}
