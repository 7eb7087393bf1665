//! From text to the tables of one query, in the dialect that the engine plans in.

use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use headwater_diagnostics::nearest;
use sqlparser::ast::{Expr, Query, Select, SetExpr, Statement, Visit, Visitor};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::depth::too_deep;
use super::dialect::{Bounded, TooManySteps};
use super::places::Places;
use super::{NamedTable, SqlProblem, tables};
use crate::codes;

/// Words that begin statements other than queries.
const OTHER_STATEMENTS: &[&str] = &[
    "alter", "analyze", "attach", "begin", "call", "cache", "comment", "commit", "copy", "create", "declare", "delete",
    "desc", "describe", "detach", "do", "drop", "execute", "explain", "export", "grant", "import", "insert", "install",
    "kill", "load", "lock", "merge", "optimize", "pragma", "prepare", "refresh", "rename", "replace", "reset",
    "revoke", "rollback", "set", "show", "start", "truncate", "unload", "update", "upsert", "use", "vacuum",
];

/// Reads one query (a semicolon may follow) and finds the tables that it names, in the order of the text.
pub(crate) fn read_query(sql: &str) -> Result<Vec<NamedTable>, SqlProblem> {
    let places = Places::new(sql);
    let tokens = tokens_of(sql, &places)?;
    let Some(first) = significant(&tokens).next() else {
        return Err(SqlProblem {
            code: codes::ONE_STATEMENT,
            message: "there is no query".to_owned(),
            help: Some("write a SELECT".to_owned()),
            range: Some(end_of(sql)),
        });
    };
    if let Token::Word(word) = &first.token
        && word.quote_style.is_none()
        && OTHER_STATEMENTS.contains(&word.value.to_lowercase().as_str())
    {
        return Err(not_a_query(&word.value, places.range(first.span)));
    }
    if let Some(range) = time_travel(&tokens, &places) {
        return Err(SqlProblem {
            code: codes::SQL_SYNTAX,
            message: "a model reads its inputs as they are, and not as of another time".to_owned(),
            help: Some(
                "leave AS OF out; `headwater query` knows it, and `materialize: snapshot` or `scd2` keeps what was"
                    .to_owned(),
            ),
            range: Some(range),
        });
    }
    let (statement, next) = parse(tokens, |parser| {
        let statement = parser.parse_statement()?;
        while parser.consume_token(&Token::SemiColon) {}
        Ok((statement, parser.peek_token()))
    })
    .map_err(|error| problem(&error, sql, &places))?;
    if next.token != Token::EOF {
        // A second statement only after a semicolon; anything else is a mistake in the first one.
        let separated = sql.get(..places.byte(next.span.start).unwrap_or(0)).is_some_and(ends_with_semicolon);
        let range = places.range(next.span);
        let (code, message, help) = if separated {
            (codes::ONE_STATEMENT, "there is more than one statement".to_owned(), Some("write one query".to_owned()))
        } else {
            let help = range.clone().and_then(|range| misspelt_keyword(sql, range));
            (codes::SQL_SYNTAX, format!("unexpected {}", shown(&next.token)), help)
        };
        return Err(SqlProblem { code, message, help, range });
    }
    match statement {
        Statement::Query(query) => {
            refuse_writes(&query, &places)?;
            tables::named_tables(&query, &places)
        }
        _ => Err(not_a_query("this", places.range(next.span).map(|_| 0..0))),
    }
}

/// A query without the semicolons and comments at its end.
pub(crate) fn without_end(sql: &str) -> &str {
    let places = Places::new(sql);
    let Ok(tokens) = tokens_of(sql, &places) else { return sql };
    let end = significant(&tokens).last().and_then(|token| places.byte(token.span.end));
    end.and_then(|end| sql.get(..end)).unwrap_or(sql)
}

/// Checks that a text is one SQL expression.
pub(crate) fn read_condition(sql: &str) -> Result<(), SqlProblem> {
    let places = Places::new(sql);
    let tokens = tokens_of(sql, &places)?;
    let (condition, next) = parse(tokens, |parser| Ok((parser.parse_expr()?, parser.peek_token())))
        .map_err(|error| problem(&error, sql, &places))?;
    if next.token == Token::EOF {
        return refuse_subqueries(&condition);
    }
    let message = format!("unexpected {}", shown(&next.token));
    Err(SqlProblem { code: codes::EXPRESSION, message, help: None, range: places.range(next.span) })
}

/// A condition is evaluated row by row, inside the write: there is no other table to look at.
fn refuse_subqueries(condition: &Expr) -> Result<(), SqlProblem> {
    struct Refusing;
    impl Visitor for Refusing {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    if condition.visit(&mut Refusing).is_continue() {
        return Ok(());
    }
    Err(SqlProblem {
        code: codes::EXPRESSION,
        message: "it has a subquery".to_owned(),
        help: Some("a condition looks at one row; use a check that runs a query".to_owned()),
        range: None,
    })
}

fn tokens_of(sql: &str, places: &Places<'_>) -> Result<Vec<TokenWithSpan>, SqlProblem> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location().map_err(|e| SqlProblem {
        code: codes::SQL_SYNTAX,
        message: lower_first(&e.message),
        help: Some("check that every quote and comment is closed".to_owned()),
        range: Some(places.word(e.location).unwrap_or_else(|| end_of(sql))),
    })?;
    match too_deep(&tokens) {
        Some(span) => Err(deep(places.range(span))),
        None => Ok(tokens),
    }
}

/// Runs the parser, for a bounded number of steps.
fn parse<T>(
    tokens: Vec<TokenWithSpan>,
    parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
) -> Result<T, ParserError> {
    let dialect = Bounded::for_tokens(tokens.len());
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
    let outcome = catch_unwind(AssertUnwindSafe(|| parse(&mut parser)));
    outcome.unwrap_or_else(|reason| {
        if reason.is::<TooManySteps>() { Err(ParserError::RecursionLimitExceeded) } else { resume_unwind(reason) }
    })
}

fn deep(range: Option<Range<usize>>) -> SqlProblem {
    SqlProblem {
        code: codes::TOO_DEEP,
        message: "the SQL is nested too deeply".to_owned(),
        help: Some("use IN instead of many ORs, or split the query into common table expressions or models".to_owned()),
        range,
    }
}

fn significant(tokens: &[TokenWithSpan]) -> impl Iterator<Item = &TokenWithSpan> {
    tokens.iter().filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::SemiColon | Token::EOF))
}

/// Where tables are read as of a snapshot or a time, as queries may.
fn time_travel(tokens: &[TokenWithSpan], places: &Places<'_>) -> Option<Range<usize>> {
    let tokens: Vec<&TokenWithSpan> = significant(tokens).collect();
    let is = |token: &TokenWithSpan, words: &[&str]| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => words.iter().any(|w| word.value.eq_ignore_ascii_case(w)),
        _ => false,
    };
    let found = tokens.windows(5).find(|window| {
        let constant = matches!(window[4].token, Token::Number(..) | Token::SingleQuotedString(_));
        is(window[1], &["version", "system_version", "timestamp", "system_time"])
            && is(window[2], &["as"])
            && is(window[3], &["of"])
            && (is(window[0], &["for"]) || constant)
    })?;
    let first = if is(found[0], &["for"]) { 0 } else { 1 };
    Some(places.byte(found[first].span.start)?..places.byte(found[4].span.end)?)
}

fn not_a_query(word: &str, range: Option<Range<usize>>) -> SqlProblem {
    SqlProblem {
        code: codes::NOT_A_QUERY,
        message: format!("{} is no query", word.to_uppercase()),
        help: Some("only queries are allowed: tables are made, filled and dropped by Headwater alone".to_owned()),
        range,
    }
}

/// Refuses what a query can hide: SELECT INTO, TABLE, and statements in common table expressions.
fn refuse_writes(query: &Query, places: &Places<'_>) -> Result<(), SqlProblem> {
    struct Refusing<'a, 'b>(&'a Places<'b>);
    impl Visitor for Refusing<'_, '_> {
        type Break = SqlProblem;

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<SqlProblem> {
            if select.into.is_some() {
                let range = self.0.range(select.select_token.0.span);
                return ControlFlow::Break(not_a_query("select into", range));
            }
            ControlFlow::Continue(())
        }

        fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<SqlProblem> {
            let text = statement.to_string();
            let word = text.split_whitespace().next().unwrap_or("this");
            ControlFlow::Break(not_a_query(word, None))
        }

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlProblem> {
            if has_table_command(&query.body) {
                return ControlFlow::Break(SqlProblem {
                    code: codes::SQL_SYNTAX,
                    message: "TABLE is not supported".to_owned(),
                    help: Some("write `select * from …`".to_owned()),
                    range: None,
                });
            }
            ControlFlow::Continue(())
        }
    }
    match query.visit(&mut Refusing(places)) {
        ControlFlow::Break(problem) => Err(problem),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn has_table_command(body: &SetExpr) -> bool {
    match body {
        SetExpr::Table(_) => true,
        SetExpr::SetOperation { left, right, .. } => has_table_command(left) || has_table_command(right),
        _ => false,
    }
}

fn problem(error: &ParserError, sql: &str, places: &Places<'_>) -> SqlProblem {
    let text = match error {
        ParserError::RecursionLimitExceeded => return deep(None),
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
    };
    // The parser writes the place only into the text: «… at Line: 3, Column: 5».
    let (message, place) = match text.rsplit_once(" at Line: ") {
        Some((message, place)) => (message, location_of(place)),
        None => (text.as_str(), None),
    };
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let place = place.map(|place| found_at(sql, message, place));
    let range = place.and_then(|l| places.word(l)).unwrap_or_else(|| end_of(sql));
    let message = lower_first(&message.replace("found: EOF", "found the end"));
    let help = misspelt_keyword(sql, range.clone());
    SqlProblem { code: codes::SQL_SYNTAX, message, help, range: Some(range) }
}

/// A hint when the word at a place, or the one before it, is nearly a keyword: `frm raw.orders`.
fn misspelt_keyword(sql: &str, range: Range<usize>) -> Option<String> {
    const KEYWORDS: [&str; 16] = [
        "select",
        "from",
        "where",
        "group",
        "order",
        "having",
        "join",
        "left",
        "inner",
        "union",
        "except",
        "intersect",
        "limit",
        "distinct",
        "between",
        "using",
    ];
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let before = sql.get(..range.start)?.trim_end();
    let start =
        before.rfind(|c| !is_letter(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    [sql.get(range)?, before.get(start..)?].into_iter().find_map(|word| {
        let near = nearest(word, KEYWORDS).filter(|near| word.len() > 2 && !near.eq_ignore_ascii_case(word))?;
        Some(format!("did you mean {} instead of '{word}'?", near.to_uppercase()))
    })
}

/// Where the token is that a message says was found. The parser gives the place of the token after it, at times.
fn found_at(sql: &str, message: &str, place: Location) -> Location {
    let Some((_, found)) = message.rsplit_once("found: ") else { return place };
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location() else { return place };
    let before = tokens.iter().take_while(|token| token.span.start < place);
    let last = before.filter(|token| !matches!(token.token, Token::Whitespace(_))).last();
    let here = tokens.iter().find(|token| token.span.start == place);
    let is_found = |token: &&TokenWithSpan| token.token.to_string() == found;
    match (here.filter(is_found), last.filter(is_found)) {
        (None, Some(last)) => last.span.start,
        _ => place,
    }
}

fn location_of(place: &str) -> Option<Location> {
    let (line, column) = place.split_once(", Column: ")?;
    Some(Location { line: line.parse().ok()?, column: column.trim().parse().ok()? })
}

/// The last character that is not white space.
fn end_of(sql: &str) -> Range<usize> {
    let end = sql.trim_end().len();
    let start = sql.get(..end).and_then(|s| s.char_indices().next_back()).map_or(end, |(index, _)| index);
    start..end
}

/// `Expected: an expression, found: from` → `expected: …`; words that are all capitals stay.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A token as messages show it: in quotes, and not longer than a line.
fn shown(token: &Token) -> String {
    let text = token.to_string();
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("'{short}…'") } else { format!("'{text}'") }
}

fn ends_with_semicolon(before: &str) -> bool {
    before.contains(';')
}
