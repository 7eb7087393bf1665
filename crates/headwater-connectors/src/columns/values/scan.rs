//! JSON objects that are as they should be, found to be so in one pass. Whatever else a text is, [`super::read_object`] tells.

/// How deep arrays and objects may be nested.
const DEEPEST: usize = 64;

/// A key of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// The one that was expected, by its place.
    Expected(usize),
    /// Another one: the text between its quotes, in which no escape stands.
    Other(&'a [u8]),
}

/// Calls `each` with every key and the token of its value; the object is the whole text, but for blanks. `false` when it is none, when a key
/// has escapes, or when `each` wants no more: what came till then counts for nothing.
///
/// `each` tells which of the `expected` keys comes next, as it seems; the first one does at first. These are as [`expectable`] has them.
/// The text is UTF-8. What is taken is JSON (RFC 8259), and the same tokens that [`super::read_object`] finds.
pub(crate) fn scan_object<'a>(
    text: &'a [u8],
    expected: &[String],
    mut each: impl FnMut(Key<'a>, &'a [u8]) -> Option<usize>,
) -> bool {
    let mut scan = Scan { text, at: 0 };
    scan.object(expected, &mut each).is_some_and(|()| {
        scan.blanks();
        scan.at == text.len()
    })
}

/// A key as it stands in texts. One that is written with escapes is none that could be expected: its place is taken by a text that is in
/// no key.
pub(crate) fn expectable(key: &str) -> String {
    let is_plain = key.bytes().all(|byte| byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
    if is_plain { key.to_owned() } else { "\0".to_owned() }
}

/// A place in a text.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn next(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes over blanks and one byte.
    #[inline]
    fn byte(&mut self, wanted: u8) -> Option<()> {
        self.blanks();
        self.passes(wanted).then_some(())
    }

    #[inline]
    fn passes(&mut self, wanted: u8) -> bool {
        let passes = self.next() == Some(wanted);
        self.at += usize::from(passes);
        passes
    }

    fn object(&mut self, expected: &[String], each: &mut impl FnMut(Key<'a>, &'a [u8]) -> Option<usize>) -> Option<()> {
        self.byte(b'{')?;
        self.blanks();
        if self.passes(b'}') {
            return Some(());
        }
        let mut next = 0;
        loop {
            self.byte(b'"')?;
            let key = self.key(next, expected)?;
            self.byte(b':')?;
            self.blanks();
            let start = self.at;
            self.value(DEEPEST)?;
            next = each(key, &self.text[start..self.at])?;
            self.blanks();
            if !self.passes(b',') {
                return self.passes(b'}').then_some(());
            }
        }
    }

    /// A key, behind its first quote.
    #[inline]
    fn key(&mut self, next: usize, expected: &[String]) -> Option<Key<'a>> {
        let rest = &self.text[self.at..];
        if let Some(name) = expected.get(next)
            && rest.starts_with(name.as_bytes())
            && rest.get(name.len()) == Some(&b'"')
        {
            self.at += name.len() + 1;
            return Some(Key::Expected(next));
        }
        let start = self.at;
        let has_escapes = self.string()?;
        (!has_escapes).then(|| Key::Other(&self.text[start..self.at - 1]))
    }

    #[inline]
    fn value(&mut self, deeper: usize) -> Option<()> {
        match self.next()? {
            b'"' => {
                self.at += 1;
                self.string().map(drop)
            }
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            b'[' => self.several(b']', deeper, false),
            b'{' => self.several(b'}', deeper, true),
            _ => None,
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let is_there = self.text[self.at..].starts_with(word);
        self.at += word.len();
        is_there.then_some(())
    }

    /// An array or an object within the object.
    fn several(&mut self, end: u8, deeper: usize, has_keys: bool) -> Option<()> {
        let deeper = deeper.checked_sub(1)?;
        self.at += 1;
        self.blanks();
        if self.passes(end) {
            return Some(());
        }
        loop {
            if has_keys {
                self.byte(b'"')?;
                self.string()?;
                self.byte(b':')?;
            }
            self.blanks();
            self.value(deeper)?;
            self.blanks();
            if !self.passes(b',') {
                return self.passes(end).then_some(());
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        self.passes(b'-');
        if !self.passes(b'0') {
            self.digits()?;
        }
        if self.passes(b'.') {
            self.digits()?;
        }
        if matches!(self.next(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.passes(b'-') {
                self.passes(b'+');
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit, and those that follow.
    #[inline]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.next(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// The rest of a string, its last quote included: whether escapes stand in it.
    #[inline]
    fn string(&mut self) -> Option<bool> {
        let mut has_escapes = false;
        loop {
            match self.sign()? {
                b'"' => return Some(has_escapes),
                b'\\' => {
                    has_escapes = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
    }

    /// Passes over the next quote, backslash or control character, and tells which it is.
    #[inline]
    fn sign(&mut self) -> Option<u8> {
        let mut rest = self.text.get(self.at..)?;
        while let Some((eight, behind)) = rest.split_first_chunk() {
            let signs = signs(u64::from_le_bytes(*eight));
            if signs != 0 {
                let at = (signs.trailing_zeros() / 8) as usize;
                self.at += at + 1;
                return Some(eight[at]);
            }
            self.at += 8;
            rest = behind;
        }
        let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        self.at += at + 1;
        Some(rest[at])
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' if self.text.get(self.at + 1..self.at + 5)?.iter().all(u8::is_ascii_hexdigit) => self.at += 5,
            _ => return None,
        }
        Some(())
    }
}

/// The highest bit of the first byte, in the order of the text, that is a quote, a backslash or a control character; later bytes may
/// be marked wrongly. None when there is no such byte.
///
/// Taking 1 from each byte borrows from the next one only where a byte was 0 (or, for control characters, below 0x20), which is
/// then marked itself.
#[inline]
fn signs(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let zeros = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let quotes = zeros(eight ^ (ONES * b'"' as u64));
    let backslashes = zeros(eight ^ (ONES * b'\\' as u64));
    let controls = eight.wrapping_sub(ONES * 0x20) & !eight;
    (quotes | backslashes | controls) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read_object;
    use super::*;

    /// The keys and tokens of an object.
    type Found = Option<Vec<(String, String)>>;

    /// What the scan finds, and what the parser does.
    fn both(text: &[u8]) -> (Found, Found) {
        let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let expected = ["a", "b\\\\", "é", ""].map(expectable);
        let mut scanned = Vec::new();
        let whole = scan_object(text, &expected, |key, token| {
            let (key, next) = match key {
                Key::Expected(place) => (expected[place].clone(), place + 1),
                Key::Other(text) => (text_of(text), scanned.len() % 5),
            };
            scanned.push((key, text_of(token)));
            Some(next)
        });
        let mut parsed = Vec::new();
        let read = read_object(text, |key, token| {
            parsed.push((key.to_owned(), text_of(token)));
            Ok(())
        });
        (whole.then_some(scanned), read.ok().map(|()| parsed))
    }

    #[test]
    fn what_is_right_is_found_and_what_is_not_is_left() {
        let long = format!("{{\"a\": {}1{}}}", "[".repeat(70), "]".repeat(70));
        for text in [
            "{}",
            " { } ",
            "{\"a\":1}",
            "{\"a\" : -0.5e+10 , \"b\":[1,{\"c\":[]},{}],\"d\":\"x\\\"y\\u00e9\\\\\"}\r",
            "{\"key of some length\":\"a text that is longer than eight bytes, and é\",\"b\":true,\"c\":false,\"d\":null}",
        ] {
            let (scanned, parsed) = both(text.as_bytes());
            assert!(scanned.is_some() && scanned == parsed, "{text}: {scanned:?} {parsed:?}");
        }
        for text in [
            "",
            "{",
            "[]",
            "1",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":tru}",
            "{\"a\":nul",
            "{\"a\":\"x}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":1}}",
            "{\"a\":1} x",
            "{\"a\":[1,]}",
            "{\"a\":{\"b\"}}",
            "{'a':1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":\"0123456\u{1}\"}",
            "{\"a\":\"\\u00",
        ] {
            assert_eq!(both(text.as_bytes()), (None, None), "{text}");
        }
        // These are left to the parser.
        for text in ["{\"a\\u0062\":1}", &long] {
            let (scanned, parsed) = both(text.as_bytes());
            assert!(scanned.is_none() && parsed.is_some(), "{text}");
        }
        assert!(!scan_object(b"{\"a\":1}", &[], |_, _| None));
        assert_eq!(["a b", "é", "a\"", "a\\", "\u{1f}"].map(expectable), ["a b", "é", "\0", "\0", "\0"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Texts that are almost objects: what the scan finds is what the parser finds, and it gives up on no other object than
        /// one with escapes in a key.
        #[test]
        fn the_scan_and_the_parser_agree(text in "\\{?(( ?\"[a-z\\\\\"\u{1}é]{0,10}\"? ?:? ?(\"[ -~é\\\\\u{1f}]{0,20}\"|-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?|true|null|fals|\\[([0-9],?)*\\]|\\{\"k\": ?[0-9]?\\})?),?){0,4}\\}? ?") {
            let (scanned, parsed) = both(text.as_bytes());
            match scanned {
                Some(scanned) => prop_assert_eq!(Some(scanned), parsed),
                None => prop_assert!(parsed.is_none() || text.contains('\\'), "{}", text),
            }
        }

        /// Any bytes in a string: a sign is found wherever it stands.
        #[test]
        fn the_first_sign_is_found(bytes in "[\"\\\\a-z\u{0}-\u{1f}\u{7f}-\u{ff}]{0,30}") {
            let mut scan = Scan { text: bytes.as_bytes(), at: 0 };
            let at = bytes.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(scan.sign(), at.map(|at| bytes.as_bytes()[at]));
            prop_assert_eq!(at.is_none() || scan.at == at.unwrap() + 1, true);
        }
    }
}
