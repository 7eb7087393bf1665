//! A connector and some checks, small but with every kind of option that real ones have.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use headwater_sdk::check::{self, Check, CheckType, Compiled, OptionsError, Probe};
use headwater_sdk::connector::{
    self, Connector, ConnectorType, OpenContext, ReadMode, ReadPlan, SourceStream, StreamSettings,
};
use headwater_sdk::{Error, TableName};
use schemars::JsonSchema;
use serde::Deserialize;

/// Reads nothing, but looks at its options.
pub(crate) struct Files {
    location: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceOptions {
    /// A folder or a URL.
    location: String,
    /// Whether the folder may lie outside of the project.
    #[serde(default)]
    allow_outside: bool,
    /// How to sign in.
    login: Option<Login>,
    /// How many files are read at once.
    parallel: Option<u16>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    #[serde(rename = "user")]
    _user: String,
    #[serde(rename = "password")]
    _password: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamOptions {
    /// Which files.
    path: String,
    /// How they are written.
    #[serde(rename = "format")]
    _format: Option<Format>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Format {
    Csv {
        #[serde(rename = "null", default)]
        _null: Vec<String>,
        #[serde(rename = "delimiter")]
        _delimiter: Option<String>,
    },
    Json {
        #[serde(rename = "lines", default)]
        _lines: bool,
    },
}

struct Nothing;

#[async_trait::async_trait]
impl SourceStream for Nothing {
    async fn plan(&self, _: Option<SchemaRef>, _: Option<serde_json::Value>) -> headwater_sdk::Result<ReadPlan> {
        Err(Error::new("HW0999", headwater_sdk::Blame::Headwater, "a fake reads nothing"))
    }
}

impl Connector for Files {
    const NAME: &'static str = "files";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::NewFiles];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(source: SourceOptions, _: &OpenContext) -> Result<Self, OptionsError> {
        if source.location.starts_with("..") && !source.allow_outside {
            return Err(OptionsError {
                key: Some("location"),
                message: format!("'{}' lies outside of the project", source.location),
                help: Some("add `allow_outside: true`".into()),
            });
        }
        assert!(source.parallel.is_none_or(|n| n > 0) && source.login.is_none_or(|_| true));
        Ok(Self { location: source.location })
    }

    fn stream(&self, stream: StreamOptions, _: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        if stream.path.starts_with('/') {
            return Err(OptionsError {
                key: Some("path"),
                message: format!("'{}' in {} is absolute", stream.path, self.location),
                help: Some("write it relative to `location`".into()),
            });
        }
        Ok(Arc::new(Nothing))
    }
}

/// Reads only what is new.
pub(crate) struct Queue;

impl Connector for Queue {
    const NAME: &'static str = "queue";
    const MODES: &'static [ReadMode] = &[ReadMode::NewFiles];
    type SourceOptions = QueueOptions;
    type StreamOptions = TopicOptions;

    fn source(_: QueueOptions, _: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self)
    }

    fn stream(&self, _: TopicOptions, _: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(Nothing))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueOptions {
    #[serde(rename = "connection")]
    _connection: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicOptions {
    #[serde(rename = "topic")]
    _topic: String,
}

/// `not_null`: with a shorthand and a list.
struct NotNull;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Columns {
    /// The columns.
    columns: Vec<String>,
}

impl Check for NotNull {
    const NAME: &'static str = "not_null";
    const SHORTHAND: Option<&'static str> = Some("columns");
    const CODE: &'static str = "HW0491";
    type Options = Columns;

    fn compile(options: Columns, _: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let arguments = options.columns.join(", ");
        let probe = Probe::NotNull { columns: options.columns.clone() };
        Ok(Compiled { arguments, columns: options.columns, probe })
    }
}

/// `range`: with options that can contradict each other.
struct Range;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RangeOptions {
    column: String,
    min: Option<f64>,
    max: Option<f64>,
}

impl Check for Range {
    const NAME: &'static str = "range";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = "HW0492";
    type Options = RangeOptions;

    fn compile(options: RangeOptions, _: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let (min, max) = (options.min.unwrap_or(f64::MIN), options.max.unwrap_or(f64::MAX));
        if min > max {
            let message = format!("min {min} is more than max {max}");
            return Err(OptionsError { key: Some("min"), message, help: Some("swap the two".into()) });
        }
        let fails_when = format!("{0} < {min} or {0} > {max}", options.column);
        Ok(Compiled {
            arguments: options.column.clone(),
            columns: vec![options.column],
            probe: Probe::Row { fails_when },
        })
    }
}

/// `row_count`: about the table as a whole.
struct RowCount;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RowCountOptions {
    min: Option<u64>,
}

impl Check for RowCount {
    const NAME: &'static str = "row_count";
    const SHORTHAND: Option<&'static str> = Some("min");
    const CODE: &'static str = "HW0493";
    type Options = RowCountOptions;

    fn compile(options: RowCountOptions, _: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let probe = Probe::RowCount { min: options.min, max: None };
        Ok(Compiled { arguments: String::new(), columns: Vec::new(), probe })
    }
}

/// `expression`: SQL of a person's own.
struct Expression;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExpressionOptions {
    condition: String,
}

impl Check for Expression {
    const NAME: &'static str = "expression";
    const SHORTHAND: Option<&'static str> = Some("condition");
    const CODE: &'static str = "HW0494";
    type Options = ExpressionOptions;

    fn compile(options: ExpressionOptions, _: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let fails_when = format!("not ({})", options.condition);
        Ok(Compiled { arguments: options.condition, columns: Vec::new(), probe: Probe::Row { fails_when } })
    }
}

/// `relationships`: reads another table.
struct Relationships;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RelationshipsOptions {
    column: String,
    to: String,
}

impl Check for Relationships {
    const NAME: &'static str = "relationships";
    const SHORTHAND: Option<&'static str> = None;
    const CODE: &'static str = "HW0495";
    type Options = RelationshipsOptions;

    fn compile(options: RelationshipsOptions, _: Option<&Schema>) -> Result<Compiled, OptionsError> {
        let wrong = || OptionsError {
            key: Some("to"),
            message: format!("'{}' is no schema.table.column", options.to),
            help: None,
        };
        let (table, column) = options.to.rsplit_once('.').ok_or_else(wrong)?;
        let to: TableName = table.parse().map_err(|_| wrong())?;
        let columns = vec![options.column.clone()];
        let probe = Probe::References { columns: columns.clone(), to, to_columns: vec![column.to_owned()] };
        Ok(Compiled { arguments: options.column.clone(), columns, probe })
    }
}

/// `sql`: a query whose rows are failures.
struct Sql;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SqlOptions {
    query: String,
}

impl Check for Sql {
    const NAME: &'static str = "sql";
    const SHORTHAND: Option<&'static str> = Some("query");
    const CODE: &'static str = "HW0496";
    type Options = SqlOptions;

    fn compile(options: SqlOptions, _: Option<&Schema>) -> Result<Compiled, OptionsError> {
        Ok(Compiled { arguments: String::new(), columns: Vec::new(), probe: Probe::Query { sql: options.query } })
    }
}

pub(crate) fn connectors() -> Vec<Box<dyn ConnectorType>> {
    vec![connector::erased::<Files>(), connector::erased::<Queue>()]
}

pub(crate) fn checks() -> Vec<Box<dyn CheckType>> {
    vec![
        check::erased::<NotNull>(),
        check::erased::<Range>(),
        check::erased::<RowCount>(),
        check::erased::<Expression>(),
        check::erased::<Relationships>(),
        check::erased::<Sql>(),
    ]
}
