//! Names, values, patterns and predicates come out of a SQL parser as they went in, whatever characters they hold.

use headwater_checks::{quote_identifier, quote_text};
use headwater_sdk::check::Probe;
use proptest::prelude::*;
use serde_json::{Value, json};
use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator};
use sqlparser::ast::{Expr::Value as Literal, Value as SqlValue};
use sqlparser::dialect::{Dialect, GenericDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;

/// The whole text as one expression.
fn parse(dialect: &dyn Dialect, sql: &str) -> Expr {
    let mut parser = Parser::new(dialect).try_with_sql(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let expression = parser.parse_expr().unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert_eq!(parser.peek_token(), sqlparser::tokenizer::Token::EOF, "{sql} goes on");
    expression
}

fn fails_when(kind: &str, options: Value) -> Expr {
    let check = headwater_checks::all().into_iter().find(|c| c.name() == kind).unwrap();
    match check.compiler()(options, None).unwrap_or_else(|e| panic!("{e}")).probe {
        Probe::Row { fails_when } => parse(&GenericDialect {}, &fails_when),
        other => panic!("{other:?}"),
    }
}

fn name_of(expression: &Expr) -> (&str, Option<char>) {
    match expression {
        Expr::Identifier(ident) => (&ident.value, ident.quote_style),
        other => panic!("{other} is no column"),
    }
}

fn text_of(expression: &Expr) -> &str {
    match expression {
        Literal(value) => match &value.value {
            SqlValue::SingleQuotedString(text) => text,
            other => panic!("{other} is no text"),
        },
        other => panic!("{other} is no text"),
    }
}

/// Texts with many of the characters that SQL gives a meaning to.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r#"['"\\;(),.%_$ \n\t\x00a-zA-Z0-9ß漢-]{0,20}"#]
}

fn any_name() -> impl Strategy<Value = String> {
    any_text().prop_filter("a name is not empty", |name| !name.is_empty())
}

proptest! {
    #[test]
    fn quoted_text_reads_back(name in any_name(), text in any_text()) {
        for dialect in [&GenericDialect {} as &dyn Dialect, &PostgreSqlDialect {}] {
            let identifier = parse(dialect, &quote_identifier(&name));
            prop_assert_eq!(name_of(&identifier), (name.as_str(), Some('"')));
            let literal = parse(dialect, &quote_text(&text));
            prop_assert_eq!(text_of(&literal), text.as_str());
        }
    }

    #[test]
    fn accepted_values_hold_any_text(column in any_name(), values in prop::collection::hash_set(any_text(), 1..5)) {
        let options = json!({ "column": &column, "values": &values });
        let Expr::InList { expr, list, negated: true } = fails_when("accepted_values", options) else {
            panic!("no NOT IN")
        };
        prop_assert_eq!(name_of(&expr), (column.as_str(), Some('"')));
        let read: Vec<_> = list.iter().map(text_of).collect();
        let given: Vec<_> = values.iter().map(String::as_str).collect();
        prop_assert_eq!(read, given);
    }

    #[test]
    fn patterns_hold_any_text(column in any_name(), text in any_name()) {
        let pattern = regex::escape(&text);
        let Expr::UnaryOp { op: UnaryOperator::Not, expr } =
            fails_when("regex", json!({ "column": &column, "pattern": &pattern })) else { panic!("no NOT") };
        let Expr::Function(function) = *expr else { panic!("no function") };
        let FunctionArguments::List(list) = &function.args else { panic!("no arguments") };
        let arguments: Vec<_> = list.args.iter().map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => expression,
            other => panic!("{other}"),
        }).collect();
        prop_assert_eq!(name_of(arguments[0]), (column.as_str(), Some('"')));
        prop_assert_eq!(text_of(arguments[1]), pattern.as_str());
    }

    #[test]
    fn numbers_keep_their_value(column in any_name(), min in any::<i64>(), width in 0.0..1e300) {
        let max = min as f64 + width;
        let options = json!({ "column": &column, "min": min, "max": max });
        prop_assume!(min as f64 <= max);
        let Expr::BinaryOp { left, right, .. } = fails_when("range", options) else { panic!("no OR") };
        for (side, expected) in [(left, min as f64), (right, max)] {
            let Expr::BinaryOp { left, right, .. } = *side else { panic!("no comparison") };
            prop_assert_eq!(name_of(&left), (column.as_str(), Some('"')));
            prop_assert_eq!(right.to_string().parse::<f64>().unwrap(), expected);
        }
    }

    #[test]
    fn a_predicate_stays_inside_its_parentheses(text in any_text(), comment in "[^\\n\\r]{0,10}") {
        let predicate = format!("a = {} -- {comment}", quote_text(&text));
        let Expr::UnaryOp { op: UnaryOperator::Not, expr } = fails_when("expression", json!({ "predicate": predicate }))
        else { panic!("no NOT") };
        let Expr::Nested(inner) = *expr else { panic!("no parentheses") };
        let Expr::BinaryOp { right, .. } = *inner else { panic!("no comparison") };
        prop_assert_eq!(text_of(&right), text.as_str());
    }

    #[test]
    fn no_predicate_breaks_out(predicate in r#"[ab ='"()\n/*-]{1,16}"#) {
        let check = headwater_checks::all().into_iter().find(|c| c.name() == "expression").unwrap();
        let Ok(compiled) = check.compiler()(json!({ "predicate": predicate }), None) else { return Ok(()) };
        let Probe::Row { fails_when } = compiled.probe else { panic!("no row probe") };
        let parsed = Parser::new(&GenericDialect {}).try_with_sql(&fails_when).and_then(|mut p| {
            let expression = p.parse_expr()?;
            p.expect_token(&sqlparser::tokenizer::Token::EOF)?;
            Ok(expression)
        });
        // What does not parse at all, or only as the call of a function named NOT, is the engine's to refuse.
        if let Ok(expression) = parsed {
            let alone = match &expression {
                Expr::UnaryOp { op: UnaryOperator::Not, expr } => matches!(**expr, Expr::Nested(_)),
                Expr::Function(function) => function.name.to_string() == "NOT",
                _ => false,
            };
            prop_assert!(alone, "{fails_when}");
        }
    }
}
