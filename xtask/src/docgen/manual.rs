//! The doc comment at the top of a module, as a part of a page.

use super::tokens::Token;

/// The lines of a module's doc comment (`//! …`), as Markdown that stands by itself.
pub(super) fn of_module(source: &str) -> Result<String, String> {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    if text.is_empty() {
        Err("there is no doc comment at its top".to_owned())
    } else {
        Ok(without_paths(&text.join("\n")))
    }
}

/// Markdown with links to items of Rust as the items' names: `[`A`](b::A)` and `[`A`]` as `` `A` ``.
pub(super) fn without_paths(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        out += before;
        let Some((name, end)) = after.split_once("`]") else {
            out += "[`";
            rest = after;
            continue;
        };
        let (target, beyond) = match end.strip_prefix('(').and_then(|link| link.split_once(')')) {
            Some((target, beyond)) => (Some(target), beyond),
            None => (None, end),
        };
        match target {
            // A link to a page stays.
            Some(target) if !target.contains("::") => out += &format!("[`{name}`]({target})"),
            _ => out += &format!("`{name}`"),
        }
        rest = beyond;
    }
    out + rest
}

/// The names in `vec![erased::<a::A>(), …]`: the modules of what a crate lists as there, as far as tokens tell.
pub(super) fn listed(tokens: &[Token]) -> Vec<String> {
    let found = tokens.windows(6).filter_map(|window| match window {
        [
            Token::Word(erased),
            Token::Mark(':'),
            Token::Mark(':'),
            Token::Mark('<'),
            Token::Word(module),
            Token::Mark(':'),
        ] if erased == "erased" => Some(module.clone()),
        _ => None,
    });
    found.collect()
}
