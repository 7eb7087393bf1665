//! A limit on nesting that is told from the tokens alone, before anything recursive looks at the SQL.
//!
//! The parser limits how deep parentheses and subqueries nest, but a chain of operators (`a + b + c + …`, `q union q
//! union …`) becomes a tree as deep as it is long, which every later step walks by recursion: the visitor, the
//! planner, even dropping it.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

/// How many parentheses, brackets and CASEs may be open.
pub(crate) const MAX_OPEN: usize = 100;
/// How many operators may stand in one expression, those of the enclosing expressions included; likewise UNIONs.
pub(crate) const MAX_CHAIN: usize = 1000;

/// What stands in one pair of parentheses, so far.
#[derive(Default)]
struct Level {
    operators: usize,
    set_operators: usize,
}

/// The token at which SQL nests too deeply, if there is one.
pub(crate) fn too_deep(tokens: &[TokenWithSpan]) -> Option<Span> {
    let mut levels = vec![Level::default()];
    let mut total = 0usize;
    for token in tokens {
        let level = levels.last_mut()?;
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => levels.push(Level::default()),
            Token::RParen | Token::RBracket | Token::RBrace => total -= close(&mut levels),
            Token::Comma | Token::SemiColon => total -= std::mem::take(&mut level.operators),
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::CASE => levels.push(Level::default()),
                Keyword::END => total -= close(&mut levels),
                Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::MINUS => {
                    level.set_operators += 1;
                    total += 1;
                }
                keyword if begins_clause(keyword) => total -= std::mem::take(&mut level.operators),
                keyword if is_operator(keyword) => {
                    level.operators += 1;
                    total += 1;
                }
                _ => {}
            },
            Token::Word(_)
            | Token::Whitespace(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Period
            | Token::EOF => {}
            _ => {
                level.operators += 1;
                total += 1;
            }
        }
        if levels.len() > MAX_OPEN || total > MAX_CHAIN {
            return Some(token.span);
        }
    }
    None
}

/// Leaves a level; what it held no longer counts. The outermost one stays.
fn close(levels: &mut Vec<Level>) -> usize {
    if levels.len() > 1 { levels.pop().map_or(0, |level| level.operators + level.set_operators) } else { 0 }
}

fn begins_clause(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::ORDER
            | Keyword::HAVING
            | Keyword::QUALIFY
            | Keyword::JOIN
            | Keyword::ON
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE
            | Keyword::LIMIT
            | Keyword::VALUES
    )
}

fn is_operator(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::XOR
            | Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::RLIKE
            | Keyword::REGEXP
            | Keyword::SIMILAR
            | Keyword::BETWEEN
            | Keyword::DIV
            | Keyword::COLLATE
            | Keyword::AT
            | Keyword::NOTNULL
            | Keyword::OVERLAPS
            | Keyword::PRIOR
            | Keyword::INTERVAL
    )
}
