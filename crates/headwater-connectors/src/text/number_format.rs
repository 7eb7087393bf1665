//! Numbers as people of a country write them: `1.234,50`.

/// How numbers are written where it is not with a point and digits alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NumberFormat {
    /// Between the whole number and its fraction.
    pub(crate) decimal: char,
    /// Between groups of digits, if anything may stand there. A blank stands for the blanks that do not break lines, too.
    pub(crate) grouping: Option<char>,
}

impl NumberFormat {
    /// Writes a number with a point and without groups into `plain`, as programs do; `None` where it is not written in this form. What holds
    /// no digit (`NaN`, `inf`) stays as it is.
    ///
    /// Groups have to be groups: one to three digits, then two or three each, and three in the last one, so that `1,5` is not taken for 15
    /// where commas may stand between groups.
    pub(crate) fn plain(&self, text: &[u8], plain: &mut Vec<u8>) -> Option<()> {
        plain.clear();
        let text = std::str::from_utf8(text).ok()?.trim();
        if !text.contains(|c: char| c.is_ascii_digit()) {
            plain.extend_from_slice(text.as_bytes());
            return Some(());
        }
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
        plain.extend_from_slice(&mantissa.as_bytes()[..mantissa.len() - unsigned.len()]);
        let (whole, fraction) = match unsigned.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        self.push_whole(whole, plain)?;
        if let Some(fraction) = fraction {
            plain.push(b'.');
            push_digits(fraction, plain)?;
        }
        plain.extend_from_slice(exponent.as_bytes());
        Some(())
    }

    fn push_whole(&self, whole: &str, plain: &mut Vec<u8>) -> Option<()> {
        let mut groups = whole.split(|c| self.is_grouping(c)).peekable();
        let first = groups.next().unwrap_or_default();
        push_digits(first, plain)?;
        if groups.peek().is_some() && !(1..=3).contains(&first.len()) {
            return None;
        }
        while let Some(group) = groups.next() {
            let is_last = groups.peek().is_none();
            if group.len() != 3 && (is_last || group.len() != 2) {
                return None;
            }
            push_digits(group, plain)?;
        }
        Some(())
    }

    fn is_grouping(&self, c: char) -> bool {
        match self.grouping {
            Some(' ') => matches!(c, ' ' | '\u{A0}' | '\u{2009}' | '\u{202F}'),
            grouping => grouping == Some(c),
        }
    }
}

fn push_digits(digits: &str, plain: &mut Vec<u8>) -> Option<()> {
    plain.extend_from_slice(digits.as_bytes());
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(decimal: char, grouping: Option<char>, text: &str) -> Option<String> {
        let mut plain = Vec::new();
        NumberFormat { decimal, grouping }.plain(text.as_bytes(), &mut plain)?;
        Some(String::from_utf8(plain).unwrap())
    }

    #[test]
    fn numbers_are_read_in_their_form_alone() {
        for (decimal, grouping, text, expected) in [
            (',', None, "1,5", "1.5"),
            (',', None, " -0,25 ", "-0.25"),
            (',', None, "+7", "+7"),
            (',', None, ",5", ".5"),
            (',', None, "1,5e-3", "1.5e-3"),
            (',', None, "NaN", "NaN"),
            (',', Some('.'), "1.234.567,89", "1234567.89"),
            (',', Some('.'), "-12.345", "-12345"),
            (',', Some(' '), "1 234\u{202F}567\u{A0}890,1", "1234567890.1"),
            ('.', Some(','), "12,34,567.5", "1234567.5"),
            ('.', Some('\''), "1'000", "1000"),
            ('.', Some(','), "1234.5", "1234.5"),
        ] {
            assert_eq!(plain(decimal, grouping, text).as_deref(), Some(expected), "{text}");
        }
        for (decimal, grouping, text) in [
            (',', None, "1.5"),
            (',', None, "1.234,5"),
            (',', None, "1,2,3"),
            (',', Some('.'), "1.5"),
            (',', Some('.'), "1.2.345"),
            ('.', Some(','), "1,5"),
            ('.', Some(','), ",500"),
            ('.', Some(','), "1234,567"),
            ('.', Some(','), "1,,234"),
            ('.', Some(','), "1,234,"),
            ('.', Some(','), "1.234,5"),
            (',', None, "1 234"),
            (',', None, "N1"),
        ] {
            assert_eq!(plain(decimal, grouping, text), None, "{text}");
        }
    }
}
