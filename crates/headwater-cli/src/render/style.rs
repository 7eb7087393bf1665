//! Colours of a terminal, the width of texts, and texts that a terminal could misread.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    Bold,
    Dim,
    Good,
    Warn,
    Bad,
}

impl Style {
    /// The text with the escapes of this style (ECMA-48 SGR), if colours are on.
    pub(crate) fn paint(self, text: &str, color: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31",
        };
        if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, cut to a width with `…` where it is longer.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide + 1 > limit {
            break;
        }
        out.push(character);
        used += wide;
    }
    if limit > 0 {
        out.push('…');
    }
    out
}

/// A word of a command that a person may type as it is: in quotes where a shell would take it apart.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// The text on one line, with control characters (among them the escapes that steer a terminal) made visible.
pub(crate) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push('⏎'),
            '\t' => out.push(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.extend(character.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!((width("日本"), width("ab")), (4, 2));
        assert_eq!(
            (cut("日本語", 5), cut("日本語", 6), cut("abcdef", 3)),
            ("日本…".into(), "日本語".into(), "ab…".into())
        );
        assert_eq!(cut("ab", 0), "");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31m\nb\u{202e}"), "a\\u{1b}[31m⏎b\\u{202e}");
    }
}
