//! The type of a column, from a sample of its values.

use arrow_schema::{DataType, Field, TimeUnit};
use headwater_sdk::types::{list_of, timestamp_utc};

use super::nested::{MAX_DEPTH, read_array, read_object};
use super::{Reading, Value, json_value};
use crate::text::number::{parse_int, parse_plain_float};

/// What the values seen so far could be. A value counts towards every kind that it fits.
///
/// | all values are | type |
/// | --- | --- |
/// | `true`, `false` | boolean |
/// | dates | date |
/// | dates or timestamps without a zone | timestamp_ntz |
/// | timestamps with a zone | timestamp |
/// | whole numbers of 64 bits without leading zeros or `+` | bigint |
/// | such numbers, decimals of at most 17 digits, `NaN`, `inf` | double |
/// | JSON objects, JSON arrays | struct, list |
/// | JSON arrays and others, where those stand for lists of one (XML) | list |
/// | anything else | string |
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guess {
    values: u64,
    booleans: u64,
    dates: u64,
    local: u64,
    zoned: u64,
    integers: u64,
    numbers: u64,
    specials: u64,
    objects: u64,
    arrays: u64,
    fields: Vec<(String, Guess)>,
    items: Option<Box<Guess>>,
    /// Whether a value that is no array may be a list of itself.
    lone_items: bool,
}

/// What a text of digits and dots looks like.
enum Digits {
    Integer,
    Number,
    Special,
    Other,
}

/// Numbers as programs write them. Leading zeros, a plus sign and an exponent without sign or point are left alone:
/// they are more often parts of an identifier (`007`, `+49…`, `12E4`) than of a number.
fn digits(text: &[u8]) -> Digits {
    let text = text.trim_ascii();
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    match unsigned {
        [b'0', b'0'..=b'9', ..] => return Digits::Other,
        [b'0'..=b'9' | b'.', ..] => {}
        _ if unsigned.eq_ignore_ascii_case(b"nan")
            || unsigned.eq_ignore_ascii_case(b"inf")
            || unsigned.eq_ignore_ascii_case(b"infinity") =>
        {
            return Digits::Special;
        }
        _ => return Digits::Other,
    }
    if unsigned.iter().all(u8::is_ascii_digit) {
        // More digits than 64 bits hold would lose some as a double.
        return if parse_int(text).is_some() { Digits::Integer } else { Digits::Other };
    }
    if let Some(exponent) = unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
        let signed = matches!(unsigned.get(exponent + 1), Some(b'+' | b'-'));
        if !signed && !unsigned[..exponent].contains(&b'.') {
            return Digits::Other;
        }
    }
    if parse_plain_float(text).is_some() { Digits::Number } else { Digits::Other }
}

/// The same, of numbers in the form that the file has them in.
fn formatted_digits(text: &[u8], reading: &Reading) -> Digits {
    let Some(format) = &reading.numbers else { return digits(text) };
    let mut plain = Vec::new();
    if format.plain(text, &mut plain).is_some() { digits(&plain) } else { Digits::Other }
}

impl Guess {
    /// Takes a field of a file without types of its own.
    pub(crate) fn see_field(&mut self, value: Value<'_>, reading: &Reading) {
        let Value::Text(text) = value else { return };
        if text.is_empty() {
            // An empty field in quotes: null in every column but one of strings, so it says nothing.
            return;
        }
        self.values += 1;
        self.see_time(text, reading);
        match formatted_digits(text, reading) {
            Digits::Integer => {
                self.integers += 1;
                self.numbers += 1;
            }
            Digits::Number => self.numbers += 1,
            Digits::Special => self.specials += 1,
            Digits::Other => {
                let word = text.trim_ascii();
                let boolean = word.eq_ignore_ascii_case(b"true") || word.eq_ignore_ascii_case(b"false");
                self.booleans += u64::from(boolean);
            }
        }
    }

    /// Takes a text that its file says to be one: it may be a time, and is neither a number nor a truth value.
    pub(crate) fn see_text(&mut self, text: &[u8], reading: &Reading) {
        self.values += 1;
        self.see_time(text, reading);
    }

    /// Takes a JSON token.
    pub(crate) fn see_token(&mut self, token: &[u8], reading: &Reading) {
        self.see_nested_token(token, reading, 0);
    }

    fn see_nested_token(&mut self, token: &[u8], reading: &Reading, depth: usize) {
        if token == b"null" {
            return;
        }
        self.values += 1;
        self.lone_items = reading.lone_items;
        match token.first() {
            Some(b'"') => {
                if let Value::Text(text) = json_value(token, &mut Vec::new()) {
                    self.see_time(text, reading);
                }
            }
            Some(b'{') if depth < MAX_DEPTH => {
                let fields = &mut self.fields;
                let read = read_object(token, |key, token| {
                    let at = fields.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                        fields.push((key.to_owned(), Self::default()));
                        fields.len() - 1
                    });
                    fields[at].1.see_nested_token(token, reading, depth + 1);
                    Ok(())
                });
                self.objects += u64::from(read.is_ok());
            }
            Some(b'[') if depth < MAX_DEPTH => {
                let items = self.items.get_or_insert_default();
                let read = read_array(token, |token| items.see_nested_token(token, reading, depth + 1));
                self.arrays += u64::from(read.is_ok());
            }
            Some(b't' | b'f') => self.booleans += 1,
            _ => match digits(token) {
                Digits::Integer => {
                    self.integers += 1;
                    self.numbers += 1;
                }
                // JSON says that it is a number, in whichever form.
                Digits::Number => self.numbers += 1,
                _ if token.iter().any(|b| matches!(b, b'e' | b'E')) => self.numbers += 1,
                _ => {}
            },
        }
    }

    fn see_time(&mut self, text: &[u8], reading: &Reading) {
        self.dates += u64::from(reading.date(text).is_some());
        match reading.moment(text) {
            Some(moment) if moment.zoned => self.zoned += 1,
            Some(_) => self.local += 1,
            None => {}
        }
    }

    /// Adds what another sample of the same column showed.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.values += other.values;
        self.booleans += other.booleans;
        self.dates += other.dates;
        self.local += other.local;
        self.zoned += other.zoned;
        self.integers += other.integers;
        self.numbers += other.numbers;
        self.specials += other.specials;
        self.objects += other.objects;
        self.arrays += other.arrays;
        self.lone_items |= other.lone_items;
        for (name, guess) in &other.fields {
            match self.fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.merge(guess),
                None => self.fields.push((name.clone(), guess.clone())),
            }
        }
        if let Some(items) = &other.items {
            self.items.get_or_insert_default().merge(items);
        }
    }

    /// Values seen that are not null.
    pub(crate) fn values(&self) -> u64 {
        self.values
    }

    /// The type; `None` when no value was seen.
    pub(crate) fn data_type(&self) -> Option<DataType> {
        let all = |count: u64| count == self.values;
        if all(0) {
            return None;
        }
        Some(if all(self.booleans) {
            DataType::Boolean
        } else if all(self.dates) {
            DataType::Date32
        } else if all(self.zoned) {
            timestamp_utc()
        } else if all(self.local) {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        } else if all(self.integers) {
            DataType::Int64
        } else if self.numbers > 0 && all(self.numbers + self.specials) {
            DataType::Float64
        } else if all(self.objects) && !self.fields.is_empty() {
            let field = |(name, guess): &(String, Guess)| Field::new(name, guess.or_string(), true);
            DataType::Struct(self.fields.iter().map(field).collect())
        } else if all(self.arrays) {
            let item = self.items.as_ref().map_or(DataType::Utf8, |items| items.or_string());
            list_of(item)
        } else if self.lone_items && self.arrays > 0 {
            let mut items = Self { values: self.values - self.arrays, arrays: 0, items: None, ..self.clone() };
            self.items.iter().for_each(|others| items.merge(others));
            list_of(items.or_string())
        } else {
            DataType::Utf8
        })
    }

    /// The type, or string when nothing is known: every value reads as a string.
    fn or_string(&self) -> DataType {
        self.data_type().unwrap_or(DataType::Utf8)
    }
}

#[cfg(test)]
mod tests {
    use headwater_sdk::types::type_name;

    use super::*;

    fn guessed(values: &[&str]) -> Option<String> {
        let mut guess = Guess::default();
        for value in values {
            guess.see_field(Value::Text(value.as_bytes()), &Reading::default());
        }
        guess.data_type().map(|t| type_name(&t))
    }

    #[test]
    fn fields_tell_their_type() {
        for (values, expected) in [
            (&["1", "-20", " 3 "][..], "bigint"),
            (&["1", "2.5"], "double"),
            (&["1", "NaN"], "double"),
            (&["1e-05", "1.5E10"], "double"),
            (&["NaN", "inf"], "string"),
            (&["007", "1"], "string"),
            (&["+49301234"], "string"),
            (&["12E4"], "string"),
            (&["99999999999999999999"], "string"),
            (&["12345678901234567890.123456789", "1"], "string"),
            (&["0.1000000000000000055511151231257827"], "string"),
            (&["10.357019999999999", "0.50000000000000000000"], "double"),
            (&["0", "0.5", "-0.5"], "double"),
            (&["true", "FALSE"], "boolean"),
            (&["true", "1"], "string"),
            (&["2013-01-01"], "date"),
            (&["2013-01-01", "2013-01-01 10:00"], "timestamp_ntz"),
            (&["2013-01-01T10:00:00Z"], "timestamp"),
            (&["2013-01-01T10:00:00Z", "2013-01-01T10:00:00"], "string"),
            (&["N14228", "1"], "string"),
        ] {
            assert_eq!(guessed(values).as_deref(), Some(expected), "{values:?}");
        }
        assert_eq!(guessed(&[]), None);
    }

    #[test]
    fn json_tokens_tell_their_type() {
        let mut guess = Guess::default();
        for token in [r#"{"a": 1, "b": ["x"]}"#, r#"{"a": 2.5, "c": {"d": "2013-01-01"}}"#, "null"] {
            guess.see_token(token.as_bytes(), &Reading::default());
        }
        let Some(DataType::Struct(fields)) = guess.data_type() else { panic!("{guess:?}") };
        let names: Vec<_> = fields.iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(fields[0].data_type(), &DataType::Float64);
        assert!(matches!(fields[1].data_type(), DataType::List(item) if item.data_type() == &DataType::Utf8));
        let mut mixed = Guess::default();
        for token in ["1", "\"1\""] {
            mixed.see_token(token.as_bytes(), &Reading::default());
        }
        assert_eq!(mixed.data_type(), Some(DataType::Utf8));
    }
}
