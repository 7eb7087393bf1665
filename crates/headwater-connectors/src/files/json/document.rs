//! The records of JSON documents as lines of JSON: a file that is one array, or an object with one somewhere in it.

use std::io::{self, Read};
use std::sync::Arc;

use headwater_sdk::{Blame, Error};

use super::Written;
use crate::codes;
use crate::columns::{JsonPath, MAX_DEPTH, Step, shown};

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// A text of JSON lines, made of the records of a text of JSON, without the text being held. Each stands in the line where it begins, as long
/// as no line has several.
pub(crate) struct DocumentLines<R> {
    inner: R,
    path: Arc<JsonPath>,
    name: Arc<str>,
    /// Bytes of a record, at most.
    max_record: usize,
    chunk: Box<[u8]>,
    /// What is open around what is read, as far as the path leads through it.
    open: Vec<Open>,
    state: State,
    /// The key that is read, or the beginning of a value that is passed over, for messages.
    text: Vec<u8>,
    /// Whether a record is too large to be kept.
    too_large: bool,
    /// Lines of the file before what is read, and those before the record.
    line: u64,
    began: u64,
    written: Written,
    ended: bool,
}

/// Something that the path leads through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// An object, in which the step of this number is looked for, and whether it was found.
    Object { step: usize, found: bool },
    /// A list, whose items the step of this number is applied to.
    List { step: usize },
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value that the steps from this one on lead into; in a list there may be none.
    Value { step: usize, may_end: bool },
    /// A comma, or the end of what is open.
    Behind,
    /// A key, or, where there may be none, the end of the object.
    Key { may_end: bool },
    /// Within a key.
    InKey { escaped: bool },
    /// The colon behind a key.
    Colon,
    /// Within a value: so deep in brackets, perhaps in a string. `kept` says that it is a record.
    Within { kept: bool, depth: usize, quoted: bool, escaped: bool },
    /// Within a number, or a word.
    Word { kept: bool },
}

impl<R: Read> DocumentLines<R> {
    /// The records at `path` of a text in UTF-8.
    pub(crate) fn new(inner: R, path: Arc<JsonPath>, name: Arc<str>, max_record: usize) -> Self {
        Self {
            inner,
            path,
            name,
            max_record,
            chunk: vec![0; CHUNK].into_boxed_slice(),
            open: Vec::new(),
            state: State::Value { step: 0, may_end: true },
            text: Vec::new(),
            too_large: false,
            line: 0,
            began: 0,
            written: Written::default(),
            ended: false,
        }
    }

    fn wrong(&self, what: &str, help: &str) -> io::Error {
        let message = format!("{}, line {}: {what}", self.name, self.line + 1);
        io::Error::other(Error::new(codes::CORRUPT, Blame::Data, message).help(help))
    }

    fn no_json(&self, found: u8, expected: &str) -> io::Error {
        let what = format!("this is no JSON: there is '{}' where {expected} is expected", shown(&[found]));
        self.wrong(&what, "correct the file (`jq . file` tells the same)")
    }

    fn not_there(&self, what: &str) -> io::Error {
        self.wrong(what, "say where the records are: `records: data.items`; `records: $` for a list, or for objects one behind the other")
    }

    /// Goes on until records are written, or the text ends.
    fn advance(&mut self) -> io::Result<()> {
        self.written.clear();
        while self.written.is_empty() && !self.ended {
            let count = self.inner.read(&mut self.chunk)?;
            if count == 0 {
                self.ended = true;
                return self.finish();
            }
            for at in 0..count {
                let byte = self.chunk[at];
                self.step(byte)?;
                self.line += u64::from(byte == b'\n');
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if let State::Word { kept } = self.state {
            self.end_of_value(kept);
        }
        if !self.open.is_empty() || !matches!(self.state, State::Value { step: 0, may_end: true } | State::Behind) {
            return Err(self.wrong("the file ends within its JSON", "fetch or write the file again: it is cut off"));
        }
        Ok(())
    }

    /// Takes the next byte.
    fn step(&mut self, byte: u8) -> io::Result<()> {
        match self.state {
            State::Within { kept, depth, quoted, escaped } => self.within(byte, kept, depth, (quoted, escaped)),
            State::Word { kept } => match byte {
                b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n' => {
                    self.end_of_value(kept);
                    return self.step(byte);
                }
                byte => self.keep(byte, kept),
            },
            State::InKey { escaped: false } if byte == b'"' => self.state = State::Colon,
            State::InKey { escaped } => {
                self.text.push(byte);
                self.state = State::InKey { escaped: byte == b'\\' && !escaped };
                if self.text.len() > self.max_record {
                    return Err(self.wrong("a key is longer than `max_line` allows", "correct the file"));
                }
            }
            _ if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') => {}
            State::Value { step, may_end } => self.value(byte, step, may_end)?,
            State::Key { may_end } => match byte {
                b'"' => {
                    self.text.clear();
                    self.state = State::InKey { escaped: false };
                }
                b'}' if may_end => self.close()?,
                byte => return Err(self.no_json(byte, "a key")),
            },
            State::Colon if byte == b':' => self.begin_value()?,
            State::Colon => return Err(self.no_json(byte, "a colon")),
            State::Behind => match (byte, self.open.last().copied()) {
                (b',', Some(Open::Object { .. })) => self.state = State::Key { may_end: false },
                (b',', Some(Open::List { step })) => self.state = State::Value { step, may_end: false },
                (b'}', Some(Open::Object { .. })) | (b']', Some(Open::List { .. })) => self.close()?,
                // Documents may stand one behind the other.
                (byte, None) => self.value(byte, 0, true)?,
                (byte, Some(_)) => return Err(self.no_json(byte, "a comma, or the end of what is open,")),
            },
        }
        Ok(())
    }

    /// Behind the colon of a key: a value on the way, or one that is passed over.
    fn begin_value(&mut self) -> io::Result<()> {
        let Some(Open::Object { step, found }) = self.open.last_mut() else { return Ok(()) };
        let key: Option<String> = serde_json::from_slice(&[b"\"", self.text.as_slice(), b"\""].concat()).ok();
        let is_meant = matches!(&self.path.steps[*step], Step::Key { name, .. } if key.as_ref() == Some(name));
        self.state = match is_meant {
            true => {
                *found = true;
                State::Value { step: *step + 1, may_end: false }
            }
            // No step has this number: nothing leads there.
            false => State::Value { step: usize::MAX, may_end: false },
        };
        match key {
            Some(_) => Ok(()),
            None => {
                Err(self.wrong("this is no JSON: a key is no text", "correct the file (`jq . file` tells the same)"))
            }
        }
    }

    /// The first byte of a value.
    fn value(&mut self, byte: u8, step: usize, may_end: bool) -> io::Result<()> {
        if byte == b']' && may_end && matches!(self.open.last(), Some(Open::List { .. })) {
            return self.close();
        }
        if !matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            return Err(self.no_json(byte, "a value"));
        }
        let is_item = matches!(self.open.last(), Some(Open::List { .. }));
        let next = self.path.steps.get(step).cloned();
        match (next, byte) {
            (None, b'[') if step == self.path.steps.len() && !is_item_of_records(&self.open, self.path.steps.len()) => {
                self.push(Open::List { step })?;
                self.state = State::Value { step, may_end: true };
            }
            // What is no object is a record all the same: it is set aside by who reads it.
            (None, byte) if step == self.path.steps.len() && (byte == b'{' || is_item) => self.begin(byte, true),
            (Some(Step::Key { .. }), b'{') => {
                self.push(Open::Object { step, found: false })?;
                self.state = State::Key { may_end: true };
            }
            (Some(Step::Each), b'[') => {
                self.push(Open::List { step: step + 1 })?;
                self.state = State::Value { step: step + 1, may_end: true };
            }
            (None, byte) if step > self.path.steps.len() => self.begin(byte, false),
            (_, b'n') => self.begin(byte, false),
            (next, _) => {
                let expected = match next {
                    None => "records are expected".to_owned(),
                    Some(Step::Each) => "a list is expected".to_owned(),
                    Some(Step::Key { name, .. }) => format!("an object with the key '{name}' is expected"),
                };
                return Err(self.not_there(&format!("there is '{}' where {expected}", shown(&[byte]))));
            }
        }
        Ok(())
    }

    fn push(&mut self, open: Open) -> io::Result<()> {
        if self.open.len() >= MAX_DEPTH {
            let what = format!("values are more than {MAX_DEPTH} deep");
            return Err(self.wrong(&what, "write the file with fewer values within one another"));
        }
        self.open.push(open);
        Ok(())
    }

    /// A value that is a record, or is passed over.
    fn begin(&mut self, byte: u8, kept: bool) {
        if kept {
            (self.began, self.too_large) = (self.line, false);
            self.text.clear();
        }
        self.keep(byte, kept);
        self.state = match byte {
            b'{' | b'[' => State::Within { kept, depth: 1, quoted: false, escaped: false },
            b'"' => State::Within { kept, depth: 0, quoted: true, escaped: false },
            _ => State::Word { kept },
        };
    }

    fn within(&mut self, byte: u8, kept: bool, depth: usize, (quoted, escaped): (bool, bool)) {
        // A line break between values is a blank; within a string it is no JSON, and makes the record a bad one.
        let is_blank = !quoted && matches!(byte, b'\n' | b'\r');
        self.keep(if is_blank { b' ' } else { byte }, kept);
        let (depth, quoted, escaped) = match byte {
            b'"' if !escaped => (depth, !quoted, false),
            b'\\' if quoted => (depth, true, !escaped),
            b'{' | b'[' if !quoted => (depth + 1, false, false),
            b'}' | b']' if !quoted => (depth.saturating_sub(1), false, false),
            _ => (depth, quoted, false),
        };
        match depth == 0 && !quoted {
            true => self.end_of_value(kept),
            false => self.state = State::Within { kept, depth, quoted, escaped },
        }
    }

    fn keep(&mut self, byte: u8, kept: bool) {
        if kept && !self.too_large {
            self.text.push(if byte == b'\n' { b'\r' } else { byte });
            self.too_large = self.text.len() > self.max_record;
        }
    }

    fn end_of_value(&mut self, kept: bool) {
        if kept {
            let json = (!self.too_large).then_some(self.text.as_slice());
            self.written.record(self.began, json, self.max_record);
        }
        self.state = State::Behind;
    }

    /// The end of an object or a list on the way.
    fn close(&mut self) -> io::Result<()> {
        let closed = self.open.pop();
        self.state = State::Behind;
        if let Some(Open::Object { step, found: false }) = closed
            && let Step::Key { name, optional: false } = &self.path.steps[step]
            // Within a list, items may differ.
            && !self.open.iter().any(|open| matches!(open, Open::List { .. }))
        {
            return Err(self.not_there(&format!("there is no key '{name}'")));
        }
        Ok(())
    }
}

/// A text of which the beginning has been read.
type Whole<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// Whether a text is one JSON array, as far as its first byte tells, and the text from its beginning on.
pub(crate) fn peeked<R: Read>(mut text: R) -> io::Result<(bool, Whole<R>)> {
    let (mut begin, mut byte) = (Vec::new(), [0]);
    while begin.len() < CHUNK && text.read(&mut byte)? == 1 {
        begin.push(byte[0]);
        if !byte[0].is_ascii_whitespace() {
            break;
        }
    }
    let is_array = begin.last() == Some(&b'[');
    Ok((is_array, io::Cursor::new(begin).chain(text)))
}

/// Whether what is read is an item of the list of records itself: a list there is a bad record, and no list of more.
fn is_item_of_records(open: &[Open], steps: usize) -> bool {
    matches!(open.last(), Some(Open::List { step }) if *step == steps)
}

impl<R: Read> Read for DocumentLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.written.is_empty() {
            self.advance()?;
        }
        Ok(self.written.read(buffer))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Gives few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines(path: &str, text: &str, step: usize) -> Result<String, String> {
        let path = Arc::new(JsonPath::parse(path).unwrap());
        let mut read = String::new();
        let mut lines = DocumentLines::new(Slow(text.as_bytes(), step), path, "a.json".into(), 100);
        lines.read_to_string(&mut read).map_err(|error| error.to_string())?;
        Ok(read)
    }

    #[test]
    fn records_stand_in_their_lines() {
        for step in [1, 7, 1000] {
            let of = |path: &str, text: &str| lines(path, text, step).unwrap();
            assert_eq!(of("$", "[{\"a\":1},{\"a\":2}]"), "{\"a\":1}\n{\"a\":2}\n");
            assert_eq!(of("$", "[\n  {\n \"a\": 1\n},\n {\"b\":[{}]}\n]\n"), "\n{  \"a\": 1 }\n\n\n{\"b\":[{}]}\n");
            assert_eq!(of("$", "{\"a\":1}\n{\"a\":\n2}"), "{\"a\":1}\n{\"a\": 2}\n");
            assert_eq!(
                of(
                    "data.items",
                    "{\"x\":{\"items\":[9]},\"data\":{\"n\":\"}]\\\"\",\"items\":[{\"a\":\"[\"},3]},\"y\":1}"
                ),
                "{\"a\":\"[\"}\n3\n"
            );
            assert_eq!(
                of("d[].l", "{\"d\":[{\"l\":[{\"a\":1}]},{},{\"l\":null},{\"l\":[]},{\"l\":[{\"a\":2},[3]]}]}"),
                "{\"a\":1}\n{\"a\":2}\n[3]\n"
            );
            assert_eq!(of("d?", "{}"), "");
            assert_eq!(of("d", "{\"d\":null}"), "");
            assert_eq!(of("$", "[]"), "");
            assert_eq!(of("$", ""), "");
            assert_eq!(of("\"a.b\"", "{\"a\\u002eb\":[{\"c\":1}]}"), "{\"c\":1}\n");
            let long = format!("[{{\"a\":\"{}\"}},{{\"a\":1}}]", "x".repeat(200));
            assert_eq!(
                of("$", &long),
                format!("{}\n{{\"a\":1}}\n", "x".repeat(101)),
                "one that is too large is set aside"
            );
        }
    }

    #[test]
    fn what_is_amiss_is_told_with_its_line() {
        for (path, text, words) in [
            ("data", "{\n\"dat\": []}", "line 2: there is no key 'data'"),
            ("data", "[]", "where an object with the key 'data' is expected"),
            ("data", "{\"data\": 3}", "where records are expected"),
            ("d[].l", "{\"d\": {}}", "where a list is expected"),
            ("$", "[{\"a\":1}\n{\"a\":2}]", "line 2: this is no JSON: there is '{' where a comma"),
            ("$", "[{\"a\":1}", "the file ends within its JSON"),
            ("$", "<html>", "there is '<' where a value is expected"),
            ("a", "{a:1}", "where a key is expected"),
        ] {
            let told = lines(path, text, 3).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\\[\\]{}\"]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_document(
            records in prop::collection::vec(prop::collection::btree_map("[a-c]{1,2}", value(), 0..4), 0..6),
            around in value(),
            pretty: bool,
            step in 1_usize..50,
        ) {
            let document = json!({ "a": around, "d": { "x": around, "items": records, "y": around }, "z": around });
            let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
            let path = Arc::new(JsonPath::parse("d.items").unwrap());
            let mut read = String::new();
            DocumentLines::new(Slow(text.as_bytes(), step), path, "a".into(), 1 << 20).read_to_string(&mut read).unwrap();
            let found: Vec<Value> = read.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect();
            prop_assert_eq!(Value::from(found), document["d"]["items"].clone());
        }
    }
}
