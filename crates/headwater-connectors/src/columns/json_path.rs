//! Paths into JSON: `data.items`, `orders[].lines`, `"odd.key".value`, `items?`, `$`.

use std::fmt;

use serde_json::Value;

use super::values::read_object;

/// A way from an answer down to something in it.
///
/// Keys are parted by dots, and stand in double quotes where they have one of `.[]?"$` in them (`\"` and `\\` are a quote and a backslash).
/// `[]` behind one goes through all items of a list, `?` says that it may be missing. `$` is the answer itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath {
    pub(crate) steps: Vec<Step>,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key of an object.
    Key {
        name: String,
        /// Whether an object may be without it.
        optional: bool,
    },
    /// Each item of a list.
    Each,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At<'a> {
    /// This token, which may be `null`.
    Token(&'a [u8]),
    /// Nothing: there is no such key. What comes before it is there.
    Missing {
        /// Whether the path says that it may be missing.
        optional: bool,
    },
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// A clause that says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let mut steps = Vec::new();
        let rooted = rest.starts_with('$');
        if rooted {
            rest = &rest[1..];
        }
        while let Some(behind) = rest.strip_prefix("[]") {
            steps.push(Step::Each);
            rest = behind;
        }
        if rooted || !steps.is_empty() {
            if rest.is_empty() {
                return Ok(Self { steps });
            }
            rest = rest.strip_prefix('.').ok_or("a dot parts keys")?;
        }
        loop {
            let (name, behind) = key(rest)?;
            rest = behind;
            let optional = rest.starts_with('?');
            rest = rest.strip_prefix('?').unwrap_or(rest);
            steps.push(Step::Key { name, optional });
            while let Some(behind) = rest.strip_prefix("[]") {
                steps.push(Step::Each);
                rest = behind;
            }
            if rest.is_empty() {
                return Ok(Self { steps });
            }
            rest = rest.strip_prefix('.').ok_or("a dot parts keys, and `[]` stands behind the key of a list")?;
        }
    }

    /// Whether it goes through a list.
    pub(crate) fn has_lists(&self) -> bool {
        self.steps.contains(&Step::Each)
    }

    /// The names of its keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Key { name, .. } => Some(name.as_str()),
            Step::Each => None,
        })
    }

    /// The token that keys alone lead to in a JSON text, which has been verified.
    pub(crate) fn find<'a>(&self, token: &'a [u8]) -> At<'a> {
        walk(&self.steps, token)
    }
}

/// The token that steps of keys lead to.
pub(crate) fn walk<'a>(steps: &[Step], mut token: &'a [u8]) -> At<'a> {
    for step in steps {
        let Step::Key { name, optional } = step else { return At::Missing { optional: false } };
        match value_of(token, name) {
            Some(value) => token = value,
            None => return At::Missing { optional: *optional },
        }
    }
    At::Token(token)
}

/// The token of a key's value; `None` where the key is missing or there is no object. Of several the last one, as programs read it.
pub(crate) fn value_of<'a>(token: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut found = None;
    let read = read_object(token, |key, value| {
        if key == name {
            found = Some(value);
        }
        Ok(())
    });
    read.ok().and(found)
}

/// Sets the value at a path of keys in a JSON body. Objects are made on the way.
///
/// # Errors
/// A clause: something on the way is no object.
pub(crate) fn set(body: &mut Value, keys: &[String], value: Value) -> Result<(), String> {
    let mut place = body;
    for key in keys {
        if place.is_null() {
            *place = Value::Object(serde_json::Map::new());
        }
        let Value::Object(map) = place else { return Err(format!("the body has no object that '{key}' could be in")) };
        place = map.entry(key.clone()).or_insert(Value::Null);
    }
    *place = value;
    Ok(())
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.steps.first(), None | Some(Step::Each)) {
            f.write_str("$")?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                Step::Each => f.write_str("[]")?,
                Step::Key { name, optional } => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if is_bare(name) {
                        f.write_str(name)?;
                    } else {
                        write!(f, "\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))?;
                    }
                    if *optional {
                        f.write_str("?")?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.contains(['.', '[', ']', '?', '"', '$'])
}

/// The key at the start of a text, and what is behind it.
fn key(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (name, behind) = text.split_at(text.find(['.', '[', '?']).unwrap_or(text.len()));
        return match is_bare(name) {
            true => Ok((name.to_owned(), behind)),
            false if name.is_empty() => Err("a key is missing".to_owned()),
            false => Err(format!("the key '{name}' has to stand in double quotes")),
        };
    };
    let (mut name, mut characters) = (String::new(), quoted.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((name, &quoted[at + 1..])),
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            other => name.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(text: &str) -> Vec<String> {
        let path = JsonPath::parse(text).unwrap();
        let name = |step: &Step| match step {
            Step::Key { name, optional } => format!("{name}{}", if *optional { " (optional)" } else { "" }),
            Step::Each => "each".to_owned(),
        };
        path.steps.iter().map(name).collect()
    }

    #[test]
    fn paths_are_read() {
        assert_eq!(steps("data.items"), ["data", "items"]);
        assert_eq!(steps("orders[].lines[]"), ["orders", "each", "lines", "each"]);
        assert_eq!(steps("$"), [""; 0]);
        assert_eq!(steps("$[].a"), ["each", "a"]);
        assert_eq!(steps("[].a"), ["each", "a"]);
        assert_eq!(steps("$.a"), ["a"]);
        assert_eq!(steps(r#""a.b".c?[]"#), ["a.b", "c (optional)", "each"]);
        assert_eq!(steps(r#""say \"x\"\\""#), [r#"say "x"\"#]);
        assert_eq!(steps("\"@odata.nextLink\""), ["@odata.nextLink"]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in ["", ".", "a.", ".a", "a..b", "a[", "a[0]", "a]b", "\"a", "a\"b", "a b.$x", "$a", "a[]b", "a?b"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_found_and_set() {
        let body = br#" {"a": {"b": [1, 2], "c": null}, "a.b": "x"} "#;
        let find = |path: &str| match JsonPath::parse(path).unwrap().find(body) {
            At::Token(token) => String::from_utf8(token.to_vec()).unwrap(),
            At::Missing { optional } => format!("missing {optional}"),
        };
        assert_eq!(find("a.b"), "[1, 2]");
        assert_eq!(find("a.c"), "null");
        assert_eq!(find("\"a.b\""), "\"x\"");
        assert_eq!(find("a.d"), "missing false");
        assert_eq!(find("a.d?"), "missing true");
        assert_eq!(find("a.b.c"), "missing false");
        let mut body = serde_json::json!({ "page": { "size": 10 } });
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        set(&mut body, &keys(&["page", "after"]), "x".into()).unwrap();
        set(&mut body, &keys(&["new", "deep"]), 1.into()).unwrap();
        assert_eq!(body, serde_json::json!({ "page": { "size": 10, "after": "x" }, "new": { "deep": 1 } }));
        assert!(set(&mut body, &keys(&["page", "size", "x"]), 1.into()).is_err());
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Each),
            ("\\PC{0,6}", any::<bool>()).prop_map(|(name, optional)| Step::Key { name, optional }),
        ]
    }

    proptest! {
        #[test]
        fn a_path_is_read_as_it_is_written(steps in prop::collection::vec(any_step(), 0..6)) {
            let path = JsonPath { steps };
            prop_assert_eq!(JsonPath::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn any_text_is_a_path_or_refused(text in "\\PC{0,24}|[a-c.\\[\\]?\"$\\\\]{0,12}") {
            if let Ok(path) = JsonPath::parse(&text) {
                prop_assert_eq!(JsonPath::parse(&path.to_string()), Ok(path));
            }
        }
    }
}
