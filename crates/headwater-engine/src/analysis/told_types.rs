//! Types as DataFusion's and Arrow's messages write them (`List(Struct("a": Int64), field: 'element')`), as people do
//! (`list<struct<a: bigint>>`).

use headwater_sdk::types::{field_name, type_name};

use arrow::datatypes::{DataType, TimeUnit};

/// A text with the types in it as people write them. What is no type stays.
pub(crate) fn retold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        // Names stand in quotes, or have other letters before them.
        let may_begin = letter.is_ascii_uppercase() && !(before.is_alphanumeric() || "_\"'`.".contains(before));
        match Reader::of(rest).filter(|_| may_begin) {
            Some((told, length)) => {
                out.push_str(&told);
                rest = &rest[length..];
                before = 'a';
            }
            None => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
                before = letter;
            }
        }
    }
    out
}

/// The type that a text begins with, as people write it.
pub(super) fn first_type(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text };
    reader.data_type()
}

/// Reads one type.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// The type at the beginning of a text, and its length there. Words that messages have for other things, too, are none.
    fn of(text: &'a str) -> Option<(String, usize)> {
        let mut reader = Reader { rest: text };
        let told = reader.data_type()?;
        let length = text.len() - reader.rest.len();
        let is_word = ["Binary", "Null"].contains(&&text[..length]);
        let goes_on = reader.rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        (!is_word && !goes_on).then_some((told, length))
    }

    fn eat(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// What stands in parentheses, of which there are none within.
    fn arguments(&mut self) -> Option<&'a str> {
        let (arguments, rest) = self.rest.strip_prefix('(')?.split_once(')')?;
        self.rest = rest;
        Some(arguments)
    }

    fn data_type(&mut self) -> Option<String> {
        let simple = match self.word() {
            "Boolean" => DataType::Boolean,
            "Int8" => DataType::Int8,
            "Int16" => DataType::Int16,
            "Int32" => DataType::Int32,
            "Int64" => DataType::Int64,
            "Float32" => DataType::Float32,
            "Float64" => DataType::Float64,
            "Date32" => DataType::Date32,
            "Utf8" | "LargeUtf8" | "Utf8View" => DataType::Utf8,
            "Binary" | "LargeBinary" | "BinaryView" => DataType::Binary,
            "Null" => return Some("null".to_owned()),
            word @ ("UInt8" | "UInt16" | "UInt32" | "UInt64" | "Float16" | "Date64") => return Some(word.to_owned()),
            "FixedSizeBinary" => self.arguments().map(|_| DataType::Binary)?,
            "Time32" | "Time64" => self.arguments().map(|_| DataType::Time64(TimeUnit::Microsecond))?,
            "Interval" => return self.arguments().map(|_| "interval".to_owned()),
            "Duration" => return self.arguments().map(|_| "duration".to_owned()),
            "Timestamp" => {
                let has_zone = self.arguments()?.contains('"');
                DataType::Timestamp(TimeUnit::Microsecond, has_zone.then(|| "UTC".into()))
            }
            "Decimal32" | "Decimal64" | "Decimal128" | "Decimal256" => {
                let (digits, scale) = self.arguments()?.split_once(',')?;
                DataType::Decimal128(digits.trim().parse().ok()?, scale.trim().parse().ok()?)
            }
            "List" | "LargeList" | "ListView" | "LargeListView" => return self.list(),
            "FixedSizeList" => {
                let (_, rest) = self.rest.split_once(" x ").filter(|(count, _)| count.len() < 12)?;
                self.rest = rest;
                let item = self.item()?;
                return Some(format!("list<{item}>"));
            }
            "Struct" => {
                let fields = self.fields()?;
                let told = fields.iter().map(|(name, told)| format!("{}: {told}", field_name(name)));
                return Some(format!("struct<{}>", told.collect::<Vec<_>>().join(", ")));
            }
            "Map" => return self.map(),
            "Dictionary" => {
                self.eat("(")?;
                self.data_type()?;
                self.eat(", ")?;
                let values = self.data_type()?;
                self.eat(")")?;
                return Some(values);
            }
            _ => return None,
        };
        Some(type_name(&simple))
    }

    fn list(&mut self) -> Option<String> {
        self.eat("(")?;
        let item = self.item()?;
        Some(format!("list<{item}>"))
    }

    /// The type of a list's items, and what follows it to the end of the list.
    fn item(&mut self) -> Option<String> {
        let _may_be_null = self.eat("non-null ");
        let item = self.data_type()?;
        if self.eat(", field: '").is_some() {
            let (_, rest) = self.rest.split_once('\'')?;
            self.rest = rest;
        }
        self.eat(")")?;
        Some(item)
    }

    fn fields(&mut self) -> Option<Vec<(String, String)>> {
        self.eat("(")?;
        let mut fields = Vec::new();
        loop {
            if self.eat(")").is_some() {
                return Some(fields);
            }
            let _first = self.eat(", ");
            fields.push(self.field()?);
        }
    }

    fn field(&mut self) -> Option<(String, String)> {
        let (name, rest) = self.rest.strip_prefix('"')?.split_once("\": ")?;
        self.rest = rest;
        let _may_be_null = self.eat("non-null ");
        Some((name.to_owned(), self.data_type()?))
    }

    fn map(&mut self) -> Option<String> {
        self.eat("(\"")?;
        let (_, rest) = self.rest.split_once("\": ")?;
        self.rest = rest;
        let _may_be_null = self.eat("non-null ");
        self.eat("Struct")?;
        let parts = self.fields()?;
        let _order = self.eat(", unsorted").or_else(|| self.eat(", sorted"));
        self.eat(")")?;
        Some(format!("map<{}>", parts.into_iter().map(|(_, told)| told).collect::<Vec<_>>().join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::Field;
    use headwater_sdk::types::{list_of, timestamp_utc};

    use super::*;

    #[test]
    fn what_arrow_writes_is_read_back() {
        let field = |name: &str, data_type| Field::new(name, data_type, true);
        let fields = vec![field("b", DataType::Utf8View), field("c d", list_of(timestamp_utc()))];
        let entries = vec![Field::new("key", DataType::Utf8, false), field("value", DataType::Decimal128(4, 2))];
        let entries = Field::new("entries", DataType::Struct(entries.into()), false);
        for data_type in [
            DataType::Int64,
            DataType::Timestamp(TimeUnit::Nanosecond, None),
            DataType::Time64(TimeUnit::Nanosecond),
            list_of(DataType::Struct(fields.into())),
            DataType::LargeList(Arc::new(Field::new("item", DataType::Int32, false))),
            DataType::FixedSizeList(Arc::new(field("item", DataType::Float32)), 3),
            DataType::Map(Arc::new(entries), false),
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            DataType::Struct(Vec::<Field>::new().into()),
        ] {
            let (written, told) = (data_type.to_string(), type_name(&data_type));
            assert_eq!(retold(&format!("a {written}, b")), format!("a {told}, b"), "{written}");
        }
    }

    #[test]
    fn what_is_no_type_stays() {
        for text in [
            "Binary operator and Null",
            "column 'Int64' and \"Utf8\"",
            "MyInt64 Int64s List( Struct(\"a\": x) Int64_2",
            "é List of ü",
        ] {
            assert_eq!(retold(text), text);
        }
        assert_eq!(retold("upper(List(Int64)) + Int64"), "upper(list<bigint>) + bigint");
    }
}
