//! What the rows of a delivery are made into, as a mark keeps it.

use serde_json::{Value, json};

use super::DeliveryMode;

/// What the rows of a delivery are made into. Its text is a list in JSON: columns, types, filter, mode and key, and then, for destinations that
/// keep their mark, the place and the form, which older marks do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The columns, in their order.
    pub columns: Vec<String>,
    /// Their types, as destinations remember them.
    pub types: Vec<String>,
    /// Which rows: a condition in SQL.
    pub filter: Option<String>,
    /// What is done with rows.
    pub mode: DeliveryMode,
    /// The columns of the key.
    pub key: Vec<String>,
    /// Where in the destination they are, and how they are written there (the delivery's other options).
    pub place: Option<(Value, Value)>,
}

impl Definition {
    /// The text that a mark keeps.
    pub fn text(&self) -> String {
        let Self { columns, types, filter, mode, key, place } = self;
        match place {
            None => json!([columns, types, filter, mode, key]),
            Some((place, form)) => json!([columns, types, filter, mode, key, place, form]),
        }
        .to_string()
    }

    /// Reads the text back; `None` when it is none of this kind.
    pub fn read(text: &str) -> Option<Self> {
        type Parts = (Vec<String>, Vec<String>, Option<String>, DeliveryMode, Vec<String>);
        let mut parts = serde_json::from_str::<Vec<Value>>(text).ok()?;
        let place = match parts.len() {
            7 => parts.pop().zip(parts.pop()).map(|(form, place)| (place, form)),
            _ => None,
        };
        let (columns, types, filter, mode, key): Parts = serde_json::from_value(Value::Array(parts)).ok()?;
        Some(Self { columns, types, filter, mode, key, place })
    }

    /// Whether rows go to another place than those of `then` went.
    pub fn is_elsewhere(&self, then: &Self) -> bool {
        self.place.as_ref().zip(then.place.as_ref()).is_some_and(|(now, then)| now.0 != then.0)
    }

    /// Whether rows are made into the same as those of `then` were. What is not known of them counts as the same.
    pub fn is_as(&self, then: &Self) -> bool {
        let place = if then.place.is_none() { None } else { self.place.clone() };
        Self { place, ..self.clone() } == *then
    }

    /// Whether it differs from `then` in columns alone that it has more, and in the form: what was added before has no value in these.
    pub fn has_grown_from(&self, then: &Self) -> bool {
        let columns = |this: &Self| this.columns.iter().cloned().zip(this.types.iter().cloned()).collect::<Vec<_>>();
        let mut later = columns(self).into_iter();
        // In their order: a text with columns in another order is another one.
        let all_stay = columns(then).iter().all(|column| later.any(|other| other == *column));
        all_stay && (&then.filter, then.mode, &then.key) == (&self.filter, self.mode, &self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Definition {
        Definition::read(text).unwrap()
    }

    #[test]
    fn only_more_columns_are_growth() {
        let then = read(r#"[["id","name"],["bigint","string"],null,"append",[]]"#);
        for (now, grown) in [
            (r#"[["id","name","city"],["bigint","string","string"],null,"append",[]]"#, true),
            (r#"[["id","city","name"],["bigint","string","string"],null,"append",[]]"#, true),
            (r#"[["name","id","city"],["string","bigint","string"],null,"append",[]]"#, false),
            (r#"[["id"],["bigint"],null,"append",[]]"#, false),
            (r#"[["id","name","city"],["double","string","string"],null,"append",[]]"#, false),
            (r#"[["id","name","city"],["bigint","string","string"],"id > 1","append",[]]"#, false),
        ] {
            assert_eq!(read(now).has_grown_from(&then), grown, "{now}");
        }
    }

    #[test]
    fn a_place_is_another_where_both_are_known() {
        let earlier = read(r#"[["id"],["bigint"],null,"append",[]]"#);
        let text = r#"[["id"],["bigint"],null,"append",[],"t",{"format":"csv"}]"#;
        let then = read(text);
        assert_eq!(then.text(), text);
        assert!(!then.is_elsewhere(&earlier) && then.is_as(&earlier) && then.is_as(&then));
        for (now, elsewhere, same) in [
            (r#"[["id"],["bigint"],null,"append",[],"u",{"format":"csv"}]"#, true, false),
            (r#"[["id"],["bigint"],null,"append",[],"t",{"format":"jsonl"}]"#, false, false),
            (text, false, true),
        ] {
            assert_eq!((read(now).is_elsewhere(&then), read(now).is_as(&then)), (elsewhere, same), "{now}");
        }
        for wrong in ["", "[]", "{}", "[1]"] {
            assert_eq!(Definition::read(wrong), None);
        }
    }
}
