//! SQL as a sequence of tokens, so that neither layout nor comments nor the letter case of keywords make a model new.

/// The SQL with comments removed, blanks between tokens reduced to one, and everything outside quotes in lower case.
///
/// Text inside `'…'`, `"…"`, `` `…` `` and `$tag$…$tag$` stays as it is. Block comments nest. A quote or a comment
/// that is not closed reaches to the end: such SQL is no valid SQL, and only has to come out the same every time.
pub fn normalize_sql(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut blank = false;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("--") {
            blank = true;
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            blank = true;
            block_comment(rest)
        } else if first.is_whitespace() {
            blank = true;
            first.len_utf8()
        } else {
            if blank && needs_blank(&out, first) {
                out.push(' ');
            }
            blank = false;
            push_token(&mut out, rest, first)
        };
        rest = &rest[taken..];
    }
    while out.ends_with(';') || out.ends_with(' ') {
        out.pop();
    }
    out
}

/// Whether a blank between what is written and `next` separates two words (elsewhere it means nothing, except between
/// operators, where `- -` and `--` differ).
fn needs_blank(out: &str, next: char) -> bool {
    let Some(last) = out.chars().next_back() else { return false };
    let plain = |c: char| matches!(c, ',' | '(' | ')' | ';');
    !plain(last) && !plain(next)
}

/// Writes the token that `rest` begins with and returns its length in bytes.
fn push_token(out: &mut String, rest: &str, first: char) -> usize {
    let quoted = match first {
        '\'' | '"' | '`' => Some(quoted(rest, first)),
        '$' => dollar_quoted(rest),
        _ => None,
    };
    if let Some(length) = quoted {
        out.push_str(&rest[..length]);
        return length;
    }
    out.extend(first.to_lowercase());
    first.len_utf8()
}

/// Length of a quoted text; a doubled quote inside stands for one.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return at + quote.len_utf8(),
            }
        }
    }
    rest.len()
}

/// Length of `$tag$…$tag$`, if `rest` begins with one.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag_end = rest[1..].find('$')? + 2;
    let tag = &rest[..tag_end];
    let named = tag[1..tag_end - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
    (named && !tag[1..].starts_with(|c: char| c.is_ascii_digit()))
        .then(|| rest[tag_end..].find(tag).map_or(rest.len(), |end| tag_end + end + tag.len()))
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_comments_and_case_do_not_matter() {
        let plain = normalize_sql("select a, 'It''s' from s.t where \"B\" > 1");
        for same in [
            "SELECT a ,\n  'It''s'  -- the reason\n FROM s.t /* nested /* too */ */ WHERE \"B\" > 1 ;",
            "/*---\ndescription: x\n---*/ select a,'It''s' from s.t where \"B\" > 1\n",
        ] {
            assert_eq!(normalize_sql(same), plain);
        }
    }

    #[test]
    fn what_means_something_else_differs() {
        for (one, other) in [
            ("select 'a b'", "select 'a  b'"),
            ("select 'A'", "select 'a'"),
            ("select \"A\"", "select \"a\""),
            ("select ab", "select a b"),
            ("select 1 - -1", "select 1 --1"),
            ("select '-- x', 1", "select '', 1"),
            ("select $q$ A $q$", "select $q$ a $q$"),
        ] {
            assert_ne!(normalize_sql(one), normalize_sql(other), "{one} / {other}");
        }
    }

    #[test]
    fn unclosed_quotes_and_comments_end_with_the_text() {
        for text in ["select 'a", "select /* a", "select \"ä", "$x$ é", "$", "--"] {
            assert_eq!(normalize_sql(text), normalize_sql(text));
        }
    }
}
