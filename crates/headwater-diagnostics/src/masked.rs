//! Secrets that are written out in a project's files are not shown with the lines that a diagnostic points at.

use std::borrow::Cow;
use std::ops::Range;

/// Keys whose values are secrets, as their names end.
const KEYS: [&str; 3] = ["password", "secret", "token"];

/// The text with stars in place of passwords in addresses (`postgres://user:password@host`) and of what stands after keys such as
/// `password: `. Each byte is a star, so that all places stay what they are. References, `${NAME}`, are no secrets.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let secrets: Vec<Range<usize>> = in_addresses(text).chain(after_keys(text)).collect();
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for secret in secrets {
        bytes[secret].fill(b'*');
    }
    String::from_utf8(bytes).map_or_else(|_| Cow::Owned("*".repeat(text.len())), Cow::Owned)
}

fn in_addresses(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(|(at, _)| {
        let start = at + 3;
        let ends = |c: char| c.is_whitespace() || "/'\"`,}".contains(c);
        // Those of a reference do not end it.
        let rest = text.get(start..)?;
        let line = rest.lines().next()?;
        let at_sign = match line.find('@')? {
            first if line[..first].contains("${") => line.rfind('@')?,
            _ => line[..line.find(ends).unwrap_or(line.len())].rfind('@')?,
        };
        let colon = line[..at_sign].find(':')?;
        secret(text, start + colon + 1..start + at_sign)
    })
}

fn after_keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    KEYS.iter().flat_map(|key| text.match_indices(key)).filter_map(|(at, key)| {
        let after = at + key.len();
        let value = text.get(after..)?.strip_prefix(": ")?;
        let start = after + 2 + (value.len() - value.trim_start_matches(' ').len());
        let line = text.get(start..)?.lines().next()?;
        let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
        let range = match quote {
            Some(quote) => start + 1..start + 1 + line.get(1..)?.find(quote)?,
            None => start..start + line.find([',', '}', '#']).unwrap_or(line.len()),
        };
        let is_text = !line.starts_with(['{', '[', '|', '>', '&', '*']);
        secret(text, range).filter(|_| is_text)
    })
}

fn secret(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let value = text.get(range.clone())?.trim_end();
    (!value.is_empty() && !value.contains("${")).then(|| range.start..range.start + value.len())
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn secrets_are_starred_and_places_stay() {
        for (text, shown) in [
            ("connection: postgres://ann:s3cret@db:5432/shop", "connection: postgres://ann:******@db:5432/shop"),
            ("connection: \"mysql://ann:s@c@db/shop\" # @", "connection: \"mysql://ann:***@db/shop\" # @"),
            ("url: http://db:5432/a?b=c@d", "url: http://db:5432/a?b=c@d"),
            ("url: postgres://ann:${PASSWORD}@db/shop", "url: postgres://ann:${PASSWORD}@db/shop"),
            ("url: postgres://${USER}:${PASSWORD:-x}@db/shop", "url: postgres://${USER}:${PASSWORD:-x}@db/shop"),
            (
                "auth: { type: basic, user: ann, password: pässe, more: 1 }",
                "auth: { type: basic, user: ann, password: ******, more: 1 }",
            ),
            ("  client_secret: 'a, b'\n  token:   abc  # mine\n", "  client_secret: '****'\n  token:   ***  # mine\n"),
            ("  token: ${TOKEN}\n  password:\n", "  token: ${TOKEN}\n  password:\n"),
            ("columns: { token: { type: string }, tokens: 2 }", "columns: { token: { type: string }, tokens: 2 }"),
            ("two: a://b:c@d e://f:gh@i", "two: a://b:*@d e://f:**@i"),
        ] {
            let is = masked(text);
            assert_eq!(is, shown);
            assert_eq!(is.len(), text.len());
        }
    }
}
