//! Places in SQL text: from lines and columns, and from names, to bytes.

use std::ops::Range;

use datafusion::common::Span;
use datafusion::sql::sqlparser::dialect::Dialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};

/// The byte at a line and column, both counted from 1, columns in characters. `None` when the text has no such place.
pub(crate) fn byte_at(sql: &str, line: u64, column: u64) -> Option<usize> {
    let line_start = match line.checked_sub(1)? {
        0 => 0,
        breaks => sql.match_indices('\n').nth(breaks as usize - 1)?.0 + 1,
    };
    let text = sql.get(line_start..)?;
    let characters = column.checked_sub(1)? as usize;
    let offset = text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(characters)?;
    Some(line_start + offset)
}

/// The bytes of a span that the planner reports.
pub(super) fn bytes_of(sql: &str, span: &Span) -> Option<Range<usize>> {
    let start = byte_at(sql, span.start.line, span.start.column)?;
    let end = byte_at(sql, span.end.line, span.end.column)?;
    (start < end).then_some(start..end)
}

/// The bytes of the first place where a dotted name stands, e.g. `["t", "a"]` for `t.a`. Unquoted identifiers are compared
/// in lower case, as SQL reads them.
pub(super) fn find_name(sql: &str, dialect: &dyn Dialect, name: &[&str]) -> Option<Range<usize>> {
    let tokens = Tokenizer::new(dialect, sql).tokenize_with_location().ok()?;
    let width = (name.len() * 2).checked_sub(1)?;
    let (before, after) = (Some(&Token::Period), Some(&Token::Period));
    let found = (0..tokens.len().checked_sub(width)? + 1).find(|&at| {
        let preceded = at > 0 && tokens.get(at - 1).map(|t| &t.token) == before;
        let followed = tokens.get(at + width).map(|t| &t.token) == after;
        !preceded && !followed && is_name(&tokens[at..at + width], name)
    })?;
    let (first, last) = (tokens.get(found)?, tokens.get(found + width - 1)?);
    let at = |place: Location| byte_at(sql, place.line, place.column);
    Some(at(first.span.start)?..at(last.span.end)?)
}

fn is_name(tokens: &[TokenWithSpan], name: &[&str]) -> bool {
    tokens.iter().enumerate().all(|(index, token)| match &token.token {
        Token::Period => index % 2 == 1,
        Token::Word(word) => index % 2 == 0 && name.get(index / 2).is_some_and(|part| reads_as(word, part)),
        Token::Mul => index % 2 == 0 && name.get(index / 2) == Some(&"*"),
        _ => false,
    })
}

fn reads_as(word: &Word, name: &str) -> bool {
    if word.quote_style.is_some() { word.value == name } else { word.value.to_lowercase() == name }
}

/// The bytes of an item of the SELECT list that begins at byte `start`. The parser's own spans leave parts of an item out,
/// such as a cast's type.
pub(super) fn select_item(sql: &str, dialect: &dyn Dialect, start: usize, index: usize) -> Option<Range<usize>> {
    let tokens = Tokenizer::new(dialect, sql.get(start..)?).tokenize_with_location().ok()?;
    let byte = |place: Location| Some(start + byte_at(sql.get(start..)?, place.line, place.column)?);
    let (mut depth, mut item, mut found): (usize, usize, Option<Range<usize>>) = (0, 0, None);
    let (mut before, mut in_on) = (Keyword::NoKeyword, false);
    for token in &tokens {
        let keyword = if let Token::Word(word) = &token.token { word.keyword } else { Keyword::NoKeyword };
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace if depth == 0 => break,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            Token::Comma if depth == 0 => {
                item += 1;
                if item > index {
                    break;
                }
                continue;
            }
            Token::EOF | Token::SemiColon => break,
            _ => {}
        }
        // `a IS DISTINCT FROM b` goes on.
        let ends = matches!(keyword, Keyword::FROM if before != Keyword::DISTINCT) || ENDS_LIST.contains(&keyword);
        if depth == 0 && ends {
            break;
        }
        let is_prefix = found.is_none() && (PREFIXES.contains(&keyword) || (keyword == Keyword::ON || in_on));
        in_on = is_prefix && (keyword == Keyword::ON || (in_on && !(depth == 0 && token.token == Token::RParen)));
        before = keyword;
        if item == index && !is_prefix {
            let first = match &found {
                Some(range) => range.start,
                None => byte(token.span.start)?,
            };
            found = Some(first..byte(token.span.end)?);
        }
    }
    found
}

/// Keywords that can stand between SELECT and its list.
const PREFIXES: [Keyword; 2] = [Keyword::DISTINCT, Keyword::ALL];
/// Keywords after which a SELECT list is over, beside FROM.
const ENDS_LIST: [Keyword; 11] = [
    Keyword::WHERE,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::QUALIFY,
    Keyword::WINDOW,
    Keyword::ORDER,
    Keyword::LIMIT,
    Keyword::UNION,
    Keyword::INTERSECT,
    Keyword::EXCEPT,
    Keyword::INTO,
];

/// The place at the end of a parser's message, `… at Line: 2, Column: 7`, as line and column, and the message without it.
pub(super) fn split_location(message: &str) -> (&str, Option<(u64, u64)>) {
    let parse = || {
        let (text, place) = message.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
        Some((text, (line.parse().ok()?, column[..digits].parse().ok()?)))
    };
    parse().map_or((message, None), |(text, place)| (text, Some(place)))
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;

    use super::*;

    #[test]
    fn places_are_counted_in_characters_and_given_in_bytes() {
        let sql = "select 'é',\n  größe from s.t";
        assert_eq!(byte_at(sql, 1, 1), Some(0));
        assert_eq!(byte_at(sql, 2, 3), Some(sql.find("größe").unwrap()));
        assert_eq!(byte_at(sql, 2, 8), Some(sql.find(" from").unwrap()));
        assert_eq!((byte_at(sql, 3, 1), byte_at(sql, 1, 0), byte_at(sql, 0, 1)), (None, None, None));
    }

    #[test]
    fn names_are_found_where_they_stand_alone() {
        let sql = "select x.a, 'a', aa, T.A, \"A\" from t -- a";
        let find = |name: &[&str]| find_name(sql, &PostgreSqlDialect {}, name).map(|range| &sql[range]);
        assert_eq!(find(&["t", "a"]), Some("T.A"));
        assert_eq!(find(&["A"]), Some("\"A\""));
        assert_eq!(find(&["a"]), None, "a qualified name, a text and a comment are not the name");
        assert_eq!(find(&["t"]), Some("t"));
    }

    #[test]
    fn items_of_a_select_list_are_whole() {
        let sql = "select distinct on (a, b) cast(a as text), f(b, 1)::int as x,\n a is distinct from b from t";
        let item = |index| select_item(sql, &PostgreSqlDialect {}, 6, index).map(|range| &sql[range]);
        assert_eq!(item(0), Some("cast(a as text)"));
        assert_eq!(item(1), Some("f(b, 1)::int as x"));
        assert_eq!(item(2), Some("a is distinct from b"));
        assert_eq!(item(3), None);
    }

    #[test]
    fn the_place_is_taken_off_a_message() {
        assert_eq!(split_location("Expected: x at Line: 2, Column: 7"), ("Expected: x", Some((2, 7))));
        assert_eq!(split_location("no place"), ("no place", None));
    }
}
