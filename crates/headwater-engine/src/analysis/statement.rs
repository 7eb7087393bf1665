//! From text to exactly one query.

use std::ops::ControlFlow;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{self, Visit};
use headwater_sdk::engine::SqlError;

use super::codes;
use super::error::Source;

/// A statement that is a query.
pub(super) struct QueryStatement(Box<ast::Query>);

impl QueryStatement {
    pub(super) fn into_statement(self) -> ast::Statement {
        ast::Statement::Query(self.0)
    }

    pub(super) fn query(&self) -> &ast::Query {
        &self.0
    }
}

/// Parses text that must be one query.
///
/// # Errors
/// For text that is no SQL, for no, several and other statements.
pub(super) fn parse_query(source: &Source<'_>) -> Result<QueryStatement, SqlError> {
    let dialect = source.dialect();
    let limit = source.state.config_options().sql_parser.recursion_limit.get();
    let statements = DFParserBuilder::new(source.sql)
        .with_dialect(dialect.as_ref())
        .with_recursion_limit(limit)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| source.describe(&error))?;
    let count = statements.len();
    let mut statements = statements.into_iter();
    let (Some(statement), None) = (statements.next(), statements.next()) else {
        let message = if count == 0 { "there is no SQL".to_owned() } else { format!("there are {count} statements") };
        return Err(refused(&message, "write one query, a SELECT or WITH … SELECT"));
    };
    let query = match statement {
        Statement::Statement(statement) => match *statement {
            ast::Statement::Query(query) => query,
            other => return Err(not_a_query(&other.to_string())),
        },
        other => return Err(not_a_query(&other.to_string())),
    };
    if writes(&query.body) {
        return Err(not_a_query(&query.body.to_string()));
    }
    if let Some(refusal) = refuse_ignored_clause(&query) {
        return Err(refusal);
    }
    Ok(QueryStatement(query))
}

/// Refuses a query with a clause that the planner reads over in silence.
pub(crate) fn refuse_ignored_clause(query: &ast::Query) -> Option<SqlError> {
    let clause = ignored_clause(query)?;
    let message = format!("{clause} is not supported");
    Some(SqlError { code: codes::UNSUPPORTED, message, help: Some("leave it out".to_owned()), span: None })
}

fn ignored_clause(query: &ast::Query) -> Option<&'static str> {
    if let ControlFlow::Break(()) = query.visit(&mut Samples) {
        return Some("TABLESAMPLE");
    }
    [
        (!query.locks.is_empty(), "FOR UPDATE or FOR SHARE"),
        (query.for_clause.is_some(), "FOR XML or FOR JSON"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
    ]
    .into_iter()
    .find_map(|(present, clause)| present.then_some(clause))
}

/// Looks for samples of tables.
struct Samples;

impl ast::Visitor for Samples {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &ast::TableFactor) -> ControlFlow<()> {
        match factor {
            ast::TableFactor::Table { sample: Some(_), .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Whether a query's body is an INSERT, UPDATE, DELETE or MERGE after a WITH clause.
fn writes(body: &ast::SetExpr) -> bool {
    match body {
        ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) | ast::SetExpr::Merge(_) => true,
        ast::SetExpr::Query(query) => writes(&query.body),
        ast::SetExpr::SetOperation { left, right, .. } => writes(left) || writes(right),
        _ => false,
    }
}

fn not_a_query(statement: &str) -> SqlError {
    let verb = statement.split_whitespace().next().unwrap_or_default().to_uppercase();
    let help = match verb.as_str() {
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "COPY" | "CREATE" => {
            "write only the SELECT: headwater creates the table and writes the rows"
        }
        "EXPLAIN" | "DESCRIBE" | "SHOW" => "write the query itself",
        _ => "write one query, a SELECT or WITH … SELECT",
    };
    refused(&format!("{verb} is not a query"), help)
}

fn refused(message: &str, help: &str) -> SqlError {
    SqlError { code: codes::NOT_A_QUERY, message: message.to_owned(), help: Some(help.to_owned()), span: None }
}

/// Refuses a recursion with UNION: the query engine (DataFusion 55) tells the rows of each step apart by the lanes that they
/// come in, and by nulls, so that it yields some twice and loses others.
pub(crate) fn refuse_recursive_union(plan: &LogicalPlan) -> Option<SqlError> {
    let mut found = false;
    let walked = plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::RecursiveQuery(query) if query.is_distinct);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.ok()?;
    found.then(|| SqlError {
        code: codes::UNSUPPORTED,
        message: "a recursive query with UNION is not supported".to_owned(),
        help: Some("write UNION ALL, end the recursion by a condition, and SELECT DISTINCT from it".to_owned()),
        span: None,
    })
}

/// Refuses plans that do more than read (`SELECT … INTO`), and queries with parameters.
///
/// # Errors
/// With the codes for what is not a query, for a recursion with UNION, and for parameters.
pub(super) fn check_plan(plan: &LogicalPlan) -> Result<(), SqlError> {
    if matches!(plan, LogicalPlan::Ddl(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_)) {
        return Err(refused(
            "the statement writes",
            "write only the SELECT: headwater creates the table and writes the rows",
        ));
    }
    if let Some(refusal) = refuse_recursive_union(plan) {
        return Err(refusal);
    }
    match find_parameter(plan) {
        Some(name) => Err(SqlError {
            code: codes::PARAMETER,
            message: format!("the query has a parameter, '{name}'"),
            help: Some("write the value, or use {{ var(\"name\") }} for one that the project sets".to_owned()),
            span: None,
        }),
        None => Ok(()),
    }
}

fn find_parameter(plan: &LogicalPlan) -> Option<String> {
    let mut found = None;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::Placeholder(parameter) = part {
                    found = Some(parameter.id.clone());
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.ok().and(found)
}
