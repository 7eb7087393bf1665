//! Time travel in SQL: tables as of a snapshot or a time.
//!
//! ```sql
//! select * from marts.orders for version as of 12
//! select * from marts.orders for system_time as of '2026-01-31' as before
//! ```
//!
//! The clause is SQL:2011's (`FOR SYSTEM_TIME AS OF`, ISO/IEC 9075-2, "query system-versioned tables"), with the words that
//! Trino and Spark have for it: `FOR TIMESTAMP AS OF`, `FOR VERSION AS OF`, and both without `FOR`. The parser of the dialect
//! does not know it. So it is found among the tokens and blanked out, byte for byte, so that places in the SQL stay what they
//! are; the table before it is then named in the catalogue of that moment, which the session has beside its own.

use std::ops::{ControlFlow, Range};

use datafusion::sql::parser::Statement as DFStatement;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart, TableFactor, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};
use headwater_sdk::engine::{AsOf, Moment};
use headwater_sdk::{Blame, Error, Result};

use crate::analysis::byte_at;

/// The name of the catalogue that stands for a moment. No other one has it, since it is no name of SQL without quotes.
pub(crate) fn catalog_of(moment: &AsOf) -> String {
    format!("as of {moment}")
}

/// The moments that SQL names.
///
/// # Errors
/// As [`Travel::read`].
pub(crate) fn moments(sql: &str) -> Result<Vec<Moment>> {
    Ok(Travel::read(sql)?.clauses.into_iter().map(|clause| clause.moment).collect())
}

/// SQL without its time travel, and where that was.
pub(crate) struct Travel {
    /// The SQL, with spaces in place of the clauses.
    pub(crate) sql: String,
    clauses: Vec<Clause>,
}

/// One `FOR … AS OF …`.
struct Clause {
    moment: Moment,
    /// Where the table's name ends: the place of its last part.
    table: Location,
    /// The bytes of the whole clause.
    span: Range<usize>,
}

impl Travel {
    /// Reads the clauses.
    ///
    /// # Errors
    /// `HW0565` for a clause whose moment is no constant of its kind.
    pub(crate) fn read(sql: &str) -> Result<Self> {
        let mut travel = Self { sql: sql.to_owned(), clauses: Vec::new() };
        if !sql.as_bytes().windows(2).any(|two| two.eq_ignore_ascii_case(b"of")) {
            return Ok(travel);
        }
        // What is no SQL is told by the parser.
        let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location() else { return Ok(travel) };
        let tokens: Vec<TokenWithSpan> =
            tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
        let mut at = 1;
        while at < tokens.len() {
            match clause(sql, &tokens, at)? {
                Some((clause, end)) => {
                    travel.sql.replace_range(clause.span.clone(), &blank(&sql[clause.span.clone()]));
                    travel.clauses.push(clause);
                    at = end;
                }
                None => at += 1,
            }
        }
        Ok(travel)
    }

    /// Names the tables before the clauses in the catalogues of their moments.
    ///
    /// # Errors
    /// `HW0565` for a clause that does not stand behind the name of a table of the lake.
    pub(crate) fn apply(&self, statement: &mut DFStatement) -> Result<()> {
        let mut placing = Placing { clauses: &self.clauses, placed: vec![false; self.clauses.len()] };
        place(statement, &mut placing);
        match placing.placed.iter().position(|placed| !placed) {
            None => Ok(()),
            Some(clause) => {
                Err(wrong("AS OF does not stand behind the name of a table", self.clauses[clause].span.clone())
                    .help("write it between the table and its alias: from marts.orders for version as of 12 as before"))
            }
        }
    }
}

fn place(statement: &mut DFStatement, placing: &mut Placing<'_>) {
    match statement {
        DFStatement::Statement(inner) => {
            let _ = inner.visit(placing);
        }
        DFStatement::Explain(explain) => place(&mut explain.statement, placing),
        _ => {}
    }
}

struct Placing<'a> {
    clauses: &'a [Clause],
    placed: Vec<bool>,
}

impl VisitorMut for Placing<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name: ObjectName(parts), args: None, .. } = factor
            && let [ObjectNamePart::Identifier(_), ObjectNamePart::Identifier(table)] = parts.as_slice()
            && let Some(index) = self.clauses.iter().position(|clause| clause.table == table.span.start)
        {
            let catalog = catalog_of(&self.clauses[index].moment.as_of);
            parts.insert(0, ObjectNamePart::Identifier(Ident::with_quote('"', catalog)));
            self.placed[index] = true;
        }
        ControlFlow::Continue(())
    }
}

/// The clause that begins at a token, and the token behind it.
fn clause(sql: &str, tokens: &[TokenWithSpan], at: usize) -> Result<Option<(Clause, usize)>> {
    let word = |index: usize, words: &[&str]| match tokens.get(index).map(|token| &token.token) {
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            words.iter().any(|known| word.value.eq_ignore_ascii_case(known))
        }
        _ => false,
    };
    let begins = word(at, &["for"]);
    let kind = at + usize::from(begins);
    let is_version = word(kind, &["version", "system_version"]);
    let is_clause = (is_version || word(kind, &["timestamp", "system_time"]))
        && word(kind + 1, &["as"])
        && word(kind + 2, &["of"])
        && matches!(tokens[at - 1].token, Token::Word(_));
    if !is_clause {
        return Ok(None);
    }
    // `timestamp '2026-01-31'` is a constant, too.
    let typed = !is_version && word(kind + 3, &["timestamp", "date"]);
    let constant = kind + 3 + usize::from(typed);
    let bytes = |from: &TokenWithSpan, to: &TokenWithSpan| {
        Some(
            byte_at(sql, from.span.start.line, from.span.start.column)?
                ..byte_at(sql, to.span.end.line, to.span.end.column)?,
        )
    };
    let as_of = match tokens.get(constant).map(|token| &token.token) {
        Some(Token::Number(number, false)) if is_version => number.parse().ok().map(AsOf::Snapshot),
        Some(Token::SingleQuotedString(text)) if !is_version => Some(AsOf::Time(text.clone())),
        _ => None,
    };
    let Some(as_of) = as_of else {
        // Without FOR it may be something else: a column `version` that is called `of`.
        if !begins {
            return Ok(None);
        }
        let help = match is_version {
            true => "write the number of a snapshot, as `headwater history` shows it: for version as of 12",
            false => "write a date or a time in quotes: for system_time as of '2026-01-31T08:00:00Z'",
        };
        let last = tokens.get(constant).unwrap_or(&tokens[kind + 2]);
        let span = bytes(&tokens[at], last).unwrap_or_default();
        return Err(wrong("the moment that a table is read as of is a constant", span).help(help));
    };
    let (Some(span), Some(moment)) =
        (bytes(&tokens[at], &tokens[constant]), bytes(&tokens[constant], &tokens[constant]))
    else {
        return Ok(None);
    };
    let clause = Clause { moment: Moment { as_of, span: moment }, table: tokens[at - 1].span.start, span };
    Ok(Some((clause, constant + 1)))
}

/// As many spaces as a text has bytes, but for its line breaks.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

fn wrong(message: &str, span: Range<usize>) -> Error {
    Error::new("HW0565", Blame::Project, message).at(Some(span))
}
