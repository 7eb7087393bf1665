//! Columns of structs and lists, from JSON text.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, FieldRef, Fields};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Column, Flaw, Reading, Value, json_value, shown};

/// Structs and lists may be nested this deep; deeper ones are kept as JSON text.
pub(crate) const MAX_DEPTH: usize = 16;

/// Structs being collected.
#[derive(Debug)]
pub(crate) struct Structs {
    fields: Fields,
    children: Vec<Column>,
    nulls: NullBufferBuilder,
    scratch: Vec<u8>,
    ignore_unknown_keys: bool,
    /// Values of such keys so far.
    left_out: u64,
}

/// Lists being collected.
#[derive(Debug)]
pub(crate) struct Lists {
    item: FieldRef,
    child: Box<Column>,
    items: usize,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
    scratch: Vec<u8>,
}

impl Structs {
    pub(super) fn new(fields: &Fields, reading: &Reading) -> Option<Self> {
        let children = fields.iter().map(|f| Column::new(f.data_type(), reading)).collect::<Option<_>>()?;
        Some(Self {
            fields: fields.clone(),
            children,
            nulls: NullBufferBuilder::new(0),
            scratch: Vec::new(),
            ignore_unknown_keys: reading.ignore_unknown_keys,
            left_out: 0,
        })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_valid(row)
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out + self.children.iter().map(Column::left_out).sum::<u64>()
    }

    pub(super) fn size(&self) -> usize {
        self.children.iter().map(Column::size).sum()
    }

    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), Flaw> {
        let mut slots: Vec<Option<&[u8]>> = vec![None; self.children.len()];
        let (fields, ignore, left_out) = (&self.fields, self.ignore_unknown_keys, &mut self.left_out);
        let (present, mut outcome) = match value {
            Value::Null => (false, Ok(())),
            Value::Broken(why) => (false, Err(Flaw::Other(why.to_owned()))),
            Value::Text(text) if text.first() == Some(&b'{') => {
                let mut is_unknown = false;
                let read = read_object(text, |key, token| match fields.iter().position(|f| f.name() == key) {
                    Some(at) if slots[at].is_some() => Err(format!("has the key '{key}' twice")),
                    Some(at) => {
                        slots[at] = Some(token);
                        Ok(())
                    }
                    None if ignore => {
                        *left_out += 1;
                        Ok(())
                    }
                    None => {
                        is_unknown = true;
                        Err(format!("has the key '{}', which is not in its type", shown(key.as_bytes())))
                    }
                });
                (read.is_ok(), read.map_err(if is_unknown { Flaw::UnknownKey } else { Flaw::Other }))
            }
            Value::Text(text) => (false, Err(Flaw::NotOfType(shown(text)))),
        };
        for (child, slot) in self.children.iter_mut().zip(slots) {
            let value = match slot {
                Some(token) if present => json_value(token, &mut self.scratch),
                _ => Value::Null,
            };
            outcome = outcome.and(child.push(value));
        }
        self.nulls.append(present);
        outcome
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let children = self.children.iter_mut().map(Column::finish).collect::<Result<_, _>>()?;
        let rows = self.nulls.len();
        let nulls = self.nulls.finish();
        Ok(Arc::new(StructArray::try_new_with_length(self.fields.clone(), children, nulls, rows)?))
    }
}

impl Lists {
    pub(super) fn new(item: &FieldRef, reading: &Reading) -> Option<Self> {
        let child = Box::new(Column::new(item.data_type(), reading)?);
        let nulls = NullBufferBuilder::new(0);
        Some(Self { item: Arc::clone(item), child, items: 0, offsets: vec![0], nulls, scratch: Vec::new() })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        !self.nulls.is_valid(row)
    }

    pub(super) fn left_out(&self) -> u64 {
        self.child.left_out()
    }

    pub(super) fn size(&self) -> usize {
        // Items of fixed width are counted too: a list can hold any number of them.
        self.child.size() + self.items * 8
    }

    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), Flaw> {
        let mut outcome = Ok(());
        let present = match value {
            Value::Null => false,
            Value::Broken(why) => {
                outcome = Err(Flaw::Other(why.to_owned()));
                false
            }
            Value::Text(text) if text.first() == Some(&b'[') => {
                let (child, items, scratch) = (&mut self.child, &mut self.items, &mut self.scratch);
                let read = read_array(text, |token| {
                    *items += 1;
                    let taken = child.push(json_value(token, scratch));
                    if outcome.is_ok() {
                        outcome = taken;
                    }
                });
                outcome = outcome.and(read.map_err(Flaw::Other));
                true
            }
            Value::Text(text) => {
                outcome = Err(Flaw::NotOfType(shown(text)));
                false
            }
        };
        self.offsets.push(self.items as i32);
        self.nulls.append(present);
        outcome
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.offsets, vec![0])));
        self.items = 0;
        let items = self.child.finish()?;
        Ok(Arc::new(ListArray::try_new(Arc::clone(&self.item), offsets, items, self.nulls.finish())?))
    }
}

/// Calls `each` with every key of a JSON object and the token of its value, and makes sure that nothing follows.
///
/// # Errors
/// A clause that says what is wrong with the text, or what `each` said.
pub(crate) fn read_object<'a>(
    text: &'a [u8],
    each: impl FnMut(&str, &'a [u8]) -> Result<(), String>,
) -> Result<(), String> {
    struct Object<F>(F, Option<String>);
    impl<'de, F: FnMut(&str, &'de [u8]) -> Result<(), String>> Visitor<'de> for &mut Object<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
                let token = map.next_value::<&'de RawValue>()?;
                // The object is read to its end even so: its syntax is judged first.
                if self.1.is_none() {
                    self.1 = (self.0)(&key, token.get().as_bytes()).err();
                }
            }
            Ok(())
        }
    }
    let mut object = Object(each, None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.deserialize_map(&mut object).and_then(|()| reader.end()).map_err(|e| syntax(&e))?;
    object.1.map_or(Ok(()), Err)
}

/// Calls `each` with the token of every item of a JSON array.
pub(crate) fn read_array<'a>(text: &'a [u8], each: impl FnMut(&'a [u8])) -> Result<(), String> {
    struct Array<F>(F);
    impl<'de, F: FnMut(&'de [u8])> Visitor<'de> for Array<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON array")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
            while let Some(token) = items.next_element::<&'de RawValue>()? {
                (self.0)(token.get().as_bytes());
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.deserialize_seq(Array(each)).and_then(|()| reader.end()).map_err(|e| syntax(&e))
}

/// A JSON error as a clause; the line in it would be one of the row's text, not of the file.
fn syntax(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    format!("is not a JSON object: {text} (column {})", error.column())
}

/// A key of an object, borrowed from the text where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
