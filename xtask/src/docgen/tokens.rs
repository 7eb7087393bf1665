//! Rust sources as tokens: as much of the language as it takes to find texts and what stands around them.

/// A token. Comments and what is between tokens are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, keyword or number.
    Word(String),
    /// A text, without its quotation marks and with its escapes undone.
    Text(String),
    /// Any other character.
    Mark(char),
}

/// The tokens of a source.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").ok_or("a comment has no end")?.1;
        } else if let Some((text, after)) = raw_text(rest) {
            found.push(Token::Text(text.to_owned()));
            rest = after;
        } else if c == '"' {
            let (text, after) = text(&rest[1..])?;
            found.push(Token::Text(text));
            rest = after;
        } else if let Some(after) = character(rest) {
            rest = after;
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            if !c.is_whitespace() {
                found.push(Token::Mark(c));
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(found)
}

/// The text that a raw string literal at the start holds (`r"…"`, `r#"…"#`), and what comes after it.
fn raw_text(rest: &str) -> Option<(&str, &str)> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    body.split_once(&format!("\"{}", "#".repeat(hashes)))
}

/// The text of a string literal after its first quotation mark, and what comes after its last.
fn text(rest: &str) -> Result<(String, &str), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((text, &rest[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, c @ ('"' | '\\' | '\''))) => text.push(c),
                // The line goes on after the blanks that begin the next one.
                Some((end, '\n')) => {
                    let blanks = rest[end..].len() - rest[end..].trim_start().len();
                    let (more, after) = self::text(&rest[end + blanks..])?;
                    return Ok((text + &more, after));
                }
                Some((_, c)) => return Err(format!("the escape '\\{c}' is not known")),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err("a text has no end".to_owned())
}

/// What comes after a character literal at the start; a lifetime is none.
fn character(rest: &str) -> Option<&str> {
    let body = rest.strip_prefix('\'')?;
    if let Some(escape) = body.strip_prefix('\\') {
        let skipped = escape.chars().next()?.len_utf8();
        return escape[skipped..].split_once('\'').map(|(_, after)| after);
    }
    let c = body.chars().next()?;
    body[c.len_utf8()..].strip_prefix('\'')
}
