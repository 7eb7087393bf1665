//! From the text of `--select` to an expression, with a diagnostic for every part that is malformed.
//!
//! ```text
//! expression = both { blanks both }
//! both       = term { "," term }
//! term       = [ "@" ] [ [ digits ] "+" ] [ method ":" ] value [ "+" [ digits ] ]
//! value      = characters | '"' … '"' | "'" … "'"
//! ```

use std::ops::Range;

use headwater_diagnostics::{Diagnostic, FileId, Span, nearest};

use super::expression::{Both, Criterion, Expression, METHODS, Reach, Term, Type, Wanted};
use super::pattern::Pattern;
use crate::codes;

/// Reads an expression. What is malformed is left out of it, and told.
pub(super) fn expression(text: &str, file: FileId, option: &str, diagnostics: &mut Vec<Diagnostic>) -> Expression {
    let before = diagnostics.len();
    let mut parser = Parser { text, file, diagnostics };
    let words = parser.split(0..text.len(), char::is_whitespace);
    let words: Vec<Range<usize>> = words.into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() && parser.diagnostics.len() == before {
        let message = format!("{option} names nothing");
        let help = format!("write e.g. {option} marts.*, or leave {option} out");
        parser.report(codes::SELECTION, message, 0..text.len(), help);
    }
    Expression { either: words.into_iter().map(|word| parser.both(word)).collect() }
}

struct Parser<'a> {
    text: &'a str,
    file: FileId,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn report(&mut self, code: &'static str, message: impl Into<String>, at: Range<usize>, help: impl Into<String>) {
        let diagnostic = Diagnostic::error(code, message).at(Span::new(self.file, at), "");
        self.diagnostics.push(diagnostic.help(help));
    }

    /// The parts of a range between characters that stand outside quotes.
    fn split(&mut self, range: Range<usize>, parts_at: impl Fn(char) -> bool) -> Vec<Range<usize>> {
        let (mut parts, mut start, mut quote) = (Vec::new(), range.start, None);
        for (offset, character) in self.text[range.clone()].char_indices() {
            let at = range.start + offset;
            match quote {
                Some((_, open)) if character == open => quote = None,
                None if matches!(character, '"' | '\'') => quote = Some((at, character)),
                None if parts_at(character) => {
                    parts.push(start..at);
                    start = at + character.len_utf8();
                }
                _ => {}
            }
        }
        if let Some((at, open)) = quote {
            self.report(codes::SELECTION, "a quote is not closed", at..at + 1, format!("end the value with {open}"));
            return Vec::new();
        }
        parts.push(start..range.end);
        parts
    }

    fn both(&mut self, word: Range<usize>) -> Both {
        let parts = self.split(word.clone(), |c| c == ',');
        let mut terms = Vec::new();
        for part in parts {
            if part.is_empty() {
                // The comma that nothing stands behind, or before.
                let comma = if part.end < word.end { part.end..part.end + 1 } else { part.start - 1..part.start };
                let help = "a comma joins two expressions: what both of them choose is selected; a blank adds one";
                self.report(codes::SELECTION, "a comma joins nothing", comma, help);
            } else {
                terms.extend(self.term(part));
            }
        }
        Both { terms }
    }

    fn term(&mut self, part: Range<usize>) -> Option<Term> {
        let mut rest = part.clone();
        let whole = self.text[rest.clone()].starts_with('@');
        rest.start += usize::from(whole);
        let upstream = self.before(&mut rest)?;
        let downstream = self.behind(&mut rest)?;
        if rest.is_empty() {
            let operator = &self.text[part.clone()];
            let message = format!("'{operator}' stands before nothing");
            self.report(codes::SELECTION, message, part, "write it together with a name, e.g. +marts.fct_flights");
            return None;
        }
        if whole && downstream.is_some() {
            let help = "@ alone chooses all that is made from it, and all that this is made from";
            self.report(codes::SELECTION, "there is no + behind what @ stands before", rest.end..part.end, help);
            return None;
        }
        let (criterion, value) = self.criterion(rest)?;
        Some(Term { whole, upstream, criterion, downstream, span: Span::new(self.file, value) })
    }

    /// Takes `+` or `2+` from the beginning. `None` when it has a mistake.
    fn before(&mut self, rest: &mut Range<usize>) -> Option<Option<Reach>> {
        let text = &self.text[rest.clone()];
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if !text[digits..].starts_with('+') {
            return Some(None);
        }
        let steps = rest.start..rest.start + digits;
        rest.start += digits + 1;
        self.reach(steps).map(Some)
    }

    /// Takes `+` or `+2` from the end, if it stands outside quotes. `None` when it has a mistake.
    fn behind(&mut self, rest: &mut Range<usize>) -> Option<Option<Reach>> {
        let text = &self.text[rest.clone()];
        let shorter = text.trim_end_matches(|c: char| c.is_ascii_digit());
        if !shorter.ends_with('+') {
            return Some(None);
        }
        let steps = rest.start + shorter.len()..rest.end;
        rest.end = rest.start + shorter.len() - 1;
        self.reach(steps).map(Some)
    }

    fn reach(&mut self, steps: Range<usize>) -> Option<Reach> {
        match &self.text[steps.clone()] {
            "" => Some(Reach::All),
            digits => match digits.parse() {
                Ok(number) => Some(Reach::Steps(number)),
                Err(_) => {
                    let message = format!("{digits} steps are more than can be counted");
                    self.report(codes::SELECTION, message, steps, "leave the number out: + alone goes all the way");
                    None
                }
            },
        }
    }

    /// What an asset is asked for, and where the value is written.
    fn criterion(&mut self, range: Range<usize>) -> Option<(Criterion, Range<usize>)> {
        let text = &self.text[range.clone()];
        let colon = text.find(':').filter(|colon| !text[..*colon].contains(['"', '\'']));
        let Some(colon) = colon else {
            let (value, place) = self.value(range)?;
            if value.contains('/') {
                return Some((Criterion::Path(Pattern::new(value)), place));
            }
            self.refuse_signs(&place)?;
            return Some((Criterion::Name(Pattern::new(value)), place));
        };
        let method = &text[..colon];
        let place = range.start..range.start + colon;
        if !METHODS.contains(&method) {
            let message = format!("there is no method '{method}' to select by");
            let help = match nearest(method, METHODS) {
                Some(near) => format!("did you mean '{near}:'?"),
                None => {
                    let methods: Vec<String> = METHODS.iter().map(|method| format!("{method}:")).collect();
                    format!("select by a name alone, or by {}", methods.join(", "))
                }
            };
            self.report(codes::SELECTION_METHOD, message, place, help);
            return None;
        }
        if colon + 1 == text.len() {
            let message = format!("nothing stands behind '{method}:'");
            self.report(codes::SELECTION, message, place.start..range.end, format!("write e.g. {}", example(method)));
            return None;
        }
        let (value, place) = self.value(range.start + colon + 1..range.end)?;
        let criterion = match method {
            "owner" => Criterion::Owner(Pattern::new(value)),
            "path" => Criterion::Path(Pattern::new(value)),
            "source" => Criterion::Source(Pattern::new(value)),
            "state" => Criterion::State(self.one_of("state", &Wanted::ALL, value, &place)?),
            "tag" => Criterion::Tag(Pattern::new(value)),
            _ => Criterion::Type(self.one_of("type", &Type::ALL, value, &place)?),
        };
        Some((criterion, place))
    }

    /// A value without its quotes, and its place without them.
    fn value(&mut self, range: Range<usize>) -> Option<(&'a str, Range<usize>)> {
        let text = self.text;
        let written = &text[range.clone()];
        let quoted = written.chars().next().filter(|c| matches!(c, '"' | '\''));
        let inside = quoted.and_then(|quote| {
            let inside = written.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inside.is_empty() && !inside.contains(quote)).then_some(inside)
        });
        match (inside, written.find(['"', '\''])) {
            (Some(inside), _) => Some((inside, range.start + 1..range.end - 1)),
            (None, None) => Some((written, range)),
            (None, Some(at)) => {
                let at = range.start + at..range.start + at + 1;
                let help = "quotes stand around a whole value, e.g. owner:'Data Team'";
                self.report(codes::SELECTION, "a quote in a wrong place", at, help);
                None
            }
        }
    }

    /// Refuses signs that no name has: most often another tool's operators.
    fn refuse_signs(&mut self, value: &Range<usize>) -> Option<()> {
        let text = &self.text[value.clone()];
        let wrong = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-' | '*' | '?');
        let Some((at, sign)) = text.char_indices().find(|(_, c)| wrong(*c)) else { return Some(()) };
        let at = value.start + at..value.start + at + sign.len_utf8();
        let message = format!("'{sign}' means nothing here");
        let help = "a blank adds, a comma keeps what both sides choose, + and @ stand before or behind a name, \
                    --exclude takes away";
        self.report(codes::SELECTION, message, at, help);
        None
    }

    fn one_of<T: Copy>(
        &mut self,
        method: &str,
        list: &[(&'static str, T)],
        value: &str,
        place: &Range<usize>,
    ) -> Option<T> {
        if let Some((_, found)) = list.iter().find(|(word, _)| *word == value) {
            return Some(*found);
        }
        let words: Vec<&str> = list.iter().map(|(word, _)| *word).collect();
        let help = match nearest(value, words.iter().copied()) {
            Some(near) => format!("did you mean '{method}:{near}'?"),
            None => format!("write one of {}", words.join(", ")),
        };
        self.report(codes::UNMATCHED, format!("'{value}' is no {method}"), place.clone(), help);
        None
    }
}

/// An example of a method with a value.
fn example(method: &str) -> &'static str {
    match method {
        "owner" => "owner:data-team",
        "path" => "path:models/marts",
        "source" => "source:raw.flights",
        "state" => "state:modified",
        "tag" => "tag:nightly",
        _ => "type:view",
    }
}
