//! From what DataFusion reports to what a person needs: a code, one sentence, a way out, a place.

use std::ops::Range;

use datafusion::common::{Column, DataFusionError, Diagnostic, SchemaError};
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, dialect_from_str};
use datafusion::sql::sqlparser::parser::ParserError;
use headwater_sdk::engine::SqlError;

use super::location::{byte_at, bytes_of, find_name, split_location};
use super::output::item_span;
use super::table_error::{BadTable, similar_table};
use super::told_types::{first_type, retold};
use super::walk::Untraceable;
use super::wording::{listed, most_similar, quoted, sentence, token_end};
use super::{TableSchema, codes};

/// The query that errors are about.
pub(super) struct Source<'a> {
    pub(super) sql: &'a str,
    pub(super) state: &'a SessionState,
    pub(super) table_schema: &'a TableSchema<'a>,
}

impl Source<'_> {
    /// The session's SQL dialect.
    pub(super) fn dialect(&self) -> Box<dyn Dialect> {
        let name = self.state.config_options().sql_parser.dialect;
        dialect_from_str(name).unwrap_or_else(|| Box::new(PostgreSqlDialect {}))
    }

    /// Says what an error means.
    pub(super) fn describe(&self, error: &DataFusionError) -> SqlError {
        let diagnostic = error.diagnostic().cloned();
        let mut described = self.describe_root(root(error));
        if let Some(diagnostic) = diagnostic {
            described.span = span_of(self.sql, &diagnostic).or(described.span);
            described.help = described.help.or_else(|| diagnostic.helps.first().map(|help| sentence(&help.message)));
            if described.code == codes::SET_OPERATION && described.help.is_none() {
                // The notes say "this side has 2 fields".
                let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
                let widths: Vec<String> = diagnostic.notes.iter().map(|note| digits(&note.message)).collect();
                described.help = Some(format!("the sides have {} columns", widths.join(" and ")));
            }
        }
        SqlError { message: retold(&described.message), help: described.help.as_deref().map(retold), ..described }
    }

    fn describe_root(&self, error: &DataFusionError) -> SqlError {
        match error {
            DataFusionError::SQL(error, _) => self.syntax(error),
            DataFusionError::SchemaError(error, _) => self.schema(error),
            DataFusionError::Plan(message) => self.plan(message),
            DataFusionError::NotImplemented(message) => self.unsupported(message),
            DataFusionError::External(error) => {
                if let Some(bad) = error.downcast_ref::<BadTable>() {
                    self.table(bad)
                } else if let Some(error) = error.downcast_ref::<Untraceable>() {
                    plain(codes::NO_LINEAGE, &error.to_string())
                } else {
                    plain(codes::PLAN, &error.to_string())
                }
            }
            DataFusionError::Internal(message) => {
                let help = "rewrite the query another way, and report this: it is a defect of the engine";
                SqlError { help: Some(help.to_owned()), ..plain(codes::DEFECT, message) }
            }
            other => plain(codes::PLAN, &other.strip_backtrace()),
        }
    }

    fn syntax(&self, error: &ParserError) -> SqlError {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
            ParserError::RecursionLimitExceeded => "the query is nested too deeply",
        };
        let (message, place) = split_location(message);
        let start = place.and_then(|(line, column)| byte_at(self.sql, line, column));
        let span = start.map(|start| start..token_end(self.sql, start));
        SqlError { span, ..plain(codes::SYNTAX, message) }
    }

    fn table(&self, bad: &BadTable) -> SqlError {
        let (code, name, help) = match bad {
            BadTable::NotQualified(name) => {
                (codes::TABLE_NAME, name.clone(), Some(format!("write schema.table, e.g. staging.{name}")))
            }
            BadTable::NotAName(name) => {
                let help = "a table is named schema.table, in lower-case letters, digits and _";
                (codes::TABLE_NAME, name.clone(), Some(help.to_owned()))
            }
            BadTable::Unknown(name) => {
                let similar = similar_table(name, self.table_schema);
                (codes::UNKNOWN_TABLE, name.to_string(), similar.map(|similar| format!("did you mean {similar}?")))
            }
        };
        let span = self.find(&name.split('.').collect::<Vec<_>>());
        SqlError { code, message: bad.to_string(), help, span }
    }

    fn schema(&self, error: &SchemaError) -> SqlError {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => self.unknown_column(field, valid_fields),
            SchemaError::AmbiguousReference { field } => SqlError {
                code: codes::AMBIGUOUS_COLUMN,
                message: format!("column '{}' is in several tables", field.name),
                help: Some(format!("say which one: table.{}", field.name)),
                span: self.find(&[&field.name]),
            },
            SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
                SqlError {
                    code: codes::DUPLICATE_COLUMN,
                    message: format!("two columns are called '{name}'"),
                    help: Some("name one of them otherwise with AS".to_owned()),
                    span: None,
                }
            }
        }
    }

    fn unknown_column(&self, field: &Column, valid: &[Column]) -> SqlError {
        let of = field.relation.as_ref().map(|relation| format!(" in '{relation}'")).unwrap_or_default();
        let in_relation = |column: &&Column| match (&field.relation, &column.relation) {
            (Some(asked), Some(has)) => asked.table() == has.table(),
            _ => true,
        };
        let candidates: Vec<&Column> = valid.iter().filter(in_relation).collect();
        let lower = field.name.to_lowercase();
        let same = candidates.iter().find(|column| column.name.to_lowercase() == lower);
        let help = if let Some(column) = same {
            Some(format!("names are case-sensitive: write \"{}\", in double quotes", column.name))
        } else if let Some(name) = most_similar(&field.name, candidates.iter().map(|column| column.name.as_str())) {
            Some(format!("did you mean {name}?"))
        } else if candidates.is_empty() {
            field
                .relation
                .as_ref()
                .map(|relation| format!("name '{relation}' in FROM, or correct the name before the dot"))
        } else {
            Some(format!("there are {}", listed(candidates.iter().map(|column| column.name.as_str()))))
        };
        let qualified = field.relation.as_ref().map(ToString::to_string);
        let mut path: Vec<&str> = qualified.iter().flat_map(|relation| relation.split('.')).collect();
        path.push(&field.name);
        SqlError {
            code: codes::UNKNOWN_COLUMN,
            message: format!("there is no column '{}'{of}", field.name),
            help,
            span: self.find(&path),
        }
    }

    fn plan(&self, message: &str) -> SqlError {
        let code = PLAN_MESSAGES.iter().find(|(part, _)| message.contains(part)).map_or(codes::PLAN, |(_, code)| code);
        let described = plain(code, message);
        match code {
            codes::UNKNOWN_FUNCTION => self.unknown_function(message).unwrap_or(described),
            codes::NOT_GROUPED => self.not_grouped(message).unwrap_or(described),
            codes::DUPLICATE_COLUMN => self.same_names(message).unwrap_or(described),
            codes::UNKNOWN_COLUMN => self.unknown_qualifier(message).unwrap_or(described),
            codes::TYPES => self.wrong_types(message, described),
            _ => described,
        }
    }

    /// `Unsupported binary operator: Custom(">-")`, or `Dot access not supported for non-string expr: Identifier(Ident { value: "y", …`.
    fn unsupported(&self, message: &str) -> SqlError {
        let part =
            |before: &str| message.split_once(before).and_then(|(_, rest)| rest.split_once('"')).map(|(part, _)| part);
        let told = |message: String, help: Option<String>, place: &str| SqlError {
            code: codes::UNSUPPORTED,
            message,
            help,
            span: self.find(&[place]),
        };
        if let Some(operator) = part("binary operator: Custom(\"") {
            let (first, last) = operator.split_at(operator.len().saturating_sub(1));
            let help = matches!(last, "-" | "+").then(|| format!("put a blank between {first} and {last}"));
            return told(format!("there is no operator {operator}"), help, operator);
        }
        match part("Dot access not supported for non-string expr: Identifier(Ident { value: \"") {
            Some(name) => told(
                "a field of an item cannot be named behind a point".to_owned(),
                Some(format!("name it in brackets: ['{name}'], as in items[1]['{name}']")),
                name,
            ),
            None => plain(codes::UNSUPPORTED, message),
        }
    }

    /// `Invalid function 'uper'.⏎Did you mean 'upper'?`
    fn unknown_function(&self, message: &str) -> Option<SqlError> {
        let name = quoted(message)?;
        let similar = message.split_once("Did you mean '").and_then(|(_, rest)| rest.split_once('\''));
        Some(SqlError {
            code: codes::UNKNOWN_FUNCTION,
            message: format!("there is no function '{name}'"),
            help: similar.map(|(name, _)| format!("did you mean {name}?")),
            span: self.find(&[name]),
        })
    }

    /// `… column "s.t.b" must appear in the GROUP BY clause or must be part of an aggregate function …`
    fn not_grouped(&self, message: &str) -> Option<SqlError> {
        let (_, rest) = message.split_once("column \"")?;
        let (column, _) = rest.split_once("\" must")?;
        let name = column.rsplit('.').next()?;
        Some(SqlError {
            code: codes::NOT_GROUPED,
            message: format!("column '{name}' is neither grouped by nor aggregated"),
            help: Some(format!("add {name} to GROUP BY, or aggregate it, e.g. max({name})")),
            span: self.find(&[name]),
        })
    }

    /// `Internal error: Function 'sum' failed to match any signature, errors: … Function 'sum' requires Decimal, but received
    /// String (DataType: Utf8)., … This issue was likely caused by a bug …`
    fn wrong_types(&self, message: &str, described: SqlError) -> SqlError {
        let function = quoted(message);
        let span = function.and_then(|name| self.find(&[name]));
        let received = message.split_once("but received ").map(|(_, rest)| rest);
        let received = received.map(|rest| {
            let told = rest.split_once("(DataType: ").and_then(|(_, written)| first_type(written));
            told.unwrap_or_else(|| rest.split([' ', ',']).next().unwrap_or_default().to_lowercase())
        });
        match (function, received) {
            (Some(function), Some(received)) if message.contains("failed to match any signature") => SqlError {
                code: codes::TYPES,
                message: format!("{function}() does not take values of type {received}"),
                help: Some(
                    "cast them, e.g. with cast(… as double), or find out why they are not of another type".to_owned(),
                ),
                span,
            },
            _ => SqlError { span, ..described },
        }
    }

    /// `Projections require unique expression names but the expression "x" at position 0 and "y" at position 1 …`
    fn same_names(&self, message: &str) -> Option<SqlError> {
        let mut parts = message.split("\" at position ");
        let expression = parts.next()?.split_once('"')?.1;
        let mut position = || parts.next()?.split(' ').next()?.parse::<usize>().ok();
        let (first, second) = (position()?, position()?);
        let alias = expression.rsplit_once(" AS ").map_or(expression, |(_, alias)| alias);
        let name = alias.rsplit('.').next()?;
        let span = item_span(self, second)
            .filter(|span| self.sql.get(span.clone()).is_some_and(|item| item.to_lowercase().ends_with(name)));
        Some(SqlError {
            code: codes::DUPLICATE_COLUMN,
            message: format!("columns {} and {} of a SELECT are both called '{name}'", first + 1, second + 1),
            help: Some("name one of them otherwise with AS, or leave it out".to_owned()),
            span,
        })
    }

    /// `Invalid qualifier u`, of `u.*`
    fn unknown_qualifier(&self, message: &str) -> Option<SqlError> {
        let name = message.strip_prefix("Invalid qualifier ")?;
        Some(SqlError {
            code: codes::UNKNOWN_COLUMN,
            message: format!("no table in FROM is called '{name}'"),
            help: Some(format!("give the table this alias, e.g. from staging.{name} as {name}")),
            span: find_name(self.sql, self.dialect().as_ref(), &[name, "*"]),
        })
    }

    fn find(&self, name: &[&str]) -> Option<Range<usize>> {
        find_name(self.sql, self.dialect().as_ref(), name)
    }
}

/// Parts of planning messages that tell what kind of error they are, first match first.
const PLAN_MESSAGES: [(&str, &str); 18] = [
    ("Invalid qualifier ", codes::UNKNOWN_COLUMN),
    ("Invalid function '", codes::UNKNOWN_FUNCTION),
    ("table function '", codes::UNKNOWN_FUNCTION),
    ("'surrogate_key' takes", codes::TYPES),
    ("'date_dimension' takes", codes::TYPES),
    ("must appear in the GROUP BY", codes::NOT_GROUPED),
    ("must be part of an aggregate", codes::NOT_GROUPED),
    ("non-aggregate values", codes::NOT_GROUPED),
    ("different number of columns", codes::SET_OPERATION),
    ("unequal length", codes::SET_OPERATION),
    ("Projections require unique", codes::DUPLICATE_COLUMN),
    ("No function matches", codes::TYPES),
    ("failed to match any signature", codes::TYPES),
    ("Cannot coerce", codes::TYPES),
    ("Cannot infer common argument type", codes::TYPES),
    ("Cannot automatically convert", codes::TYPES),
    ("cannot be used with", codes::TYPES),
    ("non-boolean predicate", codes::TYPES),
];

/// The error at the bottom of contexts and collections.
fn root(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => root(inner),
        DataFusionError::Shared(inner) => root(inner),
        DataFusionError::Collection(errors) => errors.first().map_or(error, root),
        other => other,
    }
}

fn span_of(sql: &str, diagnostic: &Diagnostic) -> Option<Range<usize>> {
    bytes_of(sql, diagnostic.span.as_ref()?)
}

/// The first sentence is the message, what follows the help.
fn plain(code: &'static str, message: &str) -> SqlError {
    let message = message.split_once("\n\tCandidate functions").map_or(message, |(first, _)| first);
    let (message, rest) = message.split_once(". ").unwrap_or((message, ""));
    let help = Some(sentence(rest)).filter(|help| !help.is_empty());
    SqlError { code, message: sentence(message), help, span: None }
}
