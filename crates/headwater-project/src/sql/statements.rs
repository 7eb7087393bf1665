//! The statements of a text.

use std::ops::Range;

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::places::Places;

/// Where the statements of a text are. `;` ends one, except within quotes and comments; what holds no SQL is none.
///
/// Text that cannot be taken apart is one statement: whoever parses it says what is wrong.
pub fn statements(text: &str) -> Vec<Range<usize>> {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location() else {
        return std::iter::once(0..text.len()).collect();
    };
    let places = Places::new(text);
    let offset = |place| places.byte(place).unwrap_or(text.len());
    let mut found = Vec::new();
    let mut start = None;
    for token in tokens {
        match token.token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon => found.extend(start.take().map(|start| start..offset(token.span.start))),
            _ => start = start.or_else(|| Some(offset(token.span.start))),
        }
    }
    found.extend(start.map(|start| start..text.len()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_end_statements_where_they_are_not_text() {
        let of =
            |text: &'static str| statements(text).into_iter().map(|range| text[range].trim_end()).collect::<Vec<_>>();
        assert_eq!(of("select 1"), ["select 1"]);
        assert_eq!(of("-- a; b\nselect ';' ;\n\n select \"é;\" /* ; */ ; ;"), ["select ';'", "select \"é;\" /* ; */"]);
        assert_eq!(of("select $$;$$; select é;select 2 -- ;"), ["select $$;$$", "select é", "select 2 -- ;"]);
        assert_eq!(of("  ; -- nothing\n"), Vec::<&str>::new());
        assert_eq!(of("select 'open; select 2"), ["select 'open; select 2"]);
    }
}
