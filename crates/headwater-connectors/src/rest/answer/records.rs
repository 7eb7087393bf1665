//! The records of an answer, and what of their surroundings becomes columns.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::columns::{At, JsonPath, Step, read_array, read_object, shown, value_of, walk};

/// Keys that a message lists, at most.
const LISTED: usize = 8;

/// Where records are in an answer.
#[derive(Debug, Clone)]
pub(crate) struct RecordsAt {
    /// `None` where the answer has to be a list of them.
    path: Option<JsonPath>,
    include: Vec<Include>,
}

/// A column that comes of what is around the records.
#[derive(Debug, Clone)]
pub(crate) struct Include {
    /// The column.
    pub(crate) column: String,
    /// Its path from the answer on.
    pub(crate) path: JsonPath,
}

/// The records of one answer.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// What pages are counted in: the items of the outermost list.
    pub(crate) items: u64,
    /// Where the records stand in the answer.
    pub(crate) records: Vec<Record>,
    /// Members that stand before those of the records, as JSON: `"order_id":7,"as_of":null`.
    prefixes: Vec<Vec<u8>>,
}

/// Where a record stands in its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    start: u32,
    end: u32,
    prefix: u32,
}

impl RecordsAt {
    /// # Errors
    /// A clause: a column's path does not lead to what is around the records.
    pub(crate) fn new(path: Option<JsonPath>, include: Vec<Include>) -> Result<Self, String> {
        let path = path.map(|mut path| {
            // A list at the end is gone through anyway.
            if path.steps.last() == Some(&Step::Each) {
                path.steps.pop();
            }
            path
        });
        let steps = path.as_ref().map_or(&[][..], |path| &path.steps);
        for Include { column, path } in &include {
            let last = path.steps.iter().rposition(|step| *step == Step::Each).map_or(0, |last| last + 1);
            if last > steps.len() || path.steps[..last] != steps[..last] {
                return Err(format!("`{path}` of '{column}' goes through a list that the records are not in"));
            }
            if path.steps.len() == last {
                return Err(format!("`{path}` of '{column}' names no key"));
            }
        }
        Ok(Self { path, include })
    }

    /// The names of the columns that come of what is around the records.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.include.iter().map(|include| include.column.as_str())
    }

    /// The records of an answer that is JSON. `before` are members that stand before those of each record.
    ///
    /// # Errors
    /// When the answer does not hold records there.
    pub(crate) fn find(&self, answer: &[u8], before: &[u8]) -> Result<Records, Amiss> {
        let mut finding = Finding { at: self, answer, found: Records::default() };
        let root = answer.trim_ascii();
        let prefix = finding.prefix(before, root, 0);
        let Some(path) = &self.path else {
            if root.first() == Some(&b'{') {
                return Err(not_a_list(root).into());
            }
            finding.leaf(root, 0, prefix)?;
            return Ok(finding.found);
        };
        finding.walk(root, &path.steps, 0, prefix)?;
        match errors_in(root).filter(|_| finding.found.items == 0) {
            Some(errors) => {
                let what = format!("has no records at '{path}', and errors: {}", shown(errors));
                Err(Amiss { what, is_told: true })
            }
            None => Ok(finding.found),
        }
    }
}

impl Records {
    /// Appends a record's text to `text`, with the members that stand before its own. What is no object is appended as it is.
    pub(crate) fn write(&self, record: Record, answer: &[u8], text: &mut Vec<u8>) {
        let token = self.token(record, answer);
        let prefix = self.prefixes.get(record.prefix as usize).map_or(&[][..], Vec::as_slice);
        match token.strip_prefix(b"{") {
            Some(members) if !prefix.is_empty() => {
                text.push(b'{');
                text.extend_from_slice(prefix);
                if members.trim_ascii_start() != b"}" {
                    text.push(b',');
                }
                text.extend_from_slice(members);
            }
            _ => text.extend_from_slice(token),
        }
    }

    /// A digest of the records alone. Not for keeping: it is the same within a process only.
    pub(crate) fn digest(&self, answer: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.records.iter().for_each(|record| self.token(*record, answer).hash(&mut hasher));
        hasher.finish()
    }

    /// A record as it stands in its answer.
    pub(crate) fn token<'a>(&self, record: Record, answer: &'a [u8]) -> &'a [u8] {
        &answer[record.start as usize..record.end as usize]
    }
}

/// A member of an object as JSON, without a comma: `"name":value`.
pub(crate) fn member(name: &str, value: &[u8], text: &mut Vec<u8>) {
    if !text.is_empty() {
        text.push(b',');
    }
    text.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
    text.push(b':');
    text.extend_from_slice(value);
}

/// Why an answer has no records.
#[derive(Debug)]
pub(crate) struct Amiss {
    /// A clause.
    pub(crate) what: String,
    /// Whether the answer says so itself.
    pub(crate) is_told: bool,
}

impl From<String> for Amiss {
    fn from(what: String) -> Self {
        Self { what, is_told: false }
    }
}

struct Finding<'a> {
    at: &'a RecordsAt,
    answer: &'a [u8],
    found: Records,
}

impl<'a> Finding<'a> {
    /// The number of the members before those of records within `item`, which is `depth` lists deep.
    fn prefix(&mut self, outer: &[u8], item: &[u8], depth: usize) -> u32 {
        let mut prefix = outer.to_vec();
        for Include { column, path } in &self.at.include {
            let last = path.steps.iter().rposition(|step| *step == Step::Each).map_or(0, |last| last + 1);
            if path.steps[..last].iter().filter(|step| **step == Step::Each).count() == depth {
                let value = match walk(&path.steps[last..], item) {
                    At::Token(token) => token,
                    At::Missing { .. } => b"null",
                };
                member(column, value, &mut prefix);
            }
        }
        self.found.prefixes.push(prefix);
        (self.found.prefixes.len() - 1) as u32
    }

    fn walk(&mut self, token: &'a [u8], steps: &[Step], depth: usize, prefix: u32) -> Result<(), String> {
        let Some((step, rest)) = steps.split_first() else { return self.leaf(token, depth, prefix) };
        match step {
            Step::Key { name, optional } => match value_of(token, name) {
                Some(b"null") => Ok(()),
                Some(value) => self.walk(value, rest, depth, prefix),
                None if token.first() != Some(&b'{') => {
                    Err(format!("has {} where an object with the key '{name}' is expected", shown(token)))
                }
                // Within a list, items may differ.
                None if *optional || depth > 0 => Ok(()),
                None => Err(no_key(name, token)),
            },
            Step::Each => {
                for item in self.items(token, depth)? {
                    let has_own = self.at.include.iter().any(|include| include.path.has_lists());
                    let within = if has_own {
                        let outer = std::mem::take(&mut self.found.prefixes[prefix as usize]);
                        let within = self.prefix(&outer, item, depth + 1);
                        self.found.prefixes[prefix as usize] = outer;
                        within
                    } else {
                        prefix
                    };
                    self.walk(item, rest, depth + 1, within)?;
                }
                Ok(())
            }
        }
    }

    /// Takes the records that a path ends at: the items of a list, or one object.
    fn leaf(&mut self, token: &'a [u8], depth: usize, prefix: u32) -> Result<(), String> {
        match token.first() {
            Some(b'[') => {
                for item in self.items(token, depth)? {
                    self.take(item, prefix);
                }
            }
            Some(b'{') => {
                self.found.items += u64::from(depth == 0);
                self.take(token, prefix);
            }
            _ if token == b"null" => {}
            _ => return Err(format!("has {} where records are expected", shown(token))),
        }
        Ok(())
    }

    fn items(&mut self, token: &'a [u8], depth: usize) -> Result<Vec<&'a [u8]>, String> {
        let mut items = Vec::new();
        if token == b"null" {
            return Ok(items);
        }
        read_array(token, |item| items.push(item))
            .map_err(|_| format!("has {} where a list is expected", shown(token)))?;
        if depth == 0 {
            self.found.items += items.len() as u64;
        }
        Ok(items)
    }

    fn take(&mut self, token: &[u8], prefix: u32) {
        // A token is a part of the answer.
        let start = (token.as_ptr() as usize - self.answer.as_ptr() as usize) as u32;
        self.found.records.push(Record { start, end: start + token.len() as u32, prefix });
    }
}

/// What an answer says of errors, as GraphQL and others do beside the status 200: nothing there would be taken for no records.
fn errors_in(root: &[u8]) -> Option<&[u8]> {
    let told = ["errors", "error"].iter().filter_map(|name| value_of(root, name));
    told.into_iter().find(|value| {
        let inner = value.get(1..value.len().saturating_sub(1)).unwrap_or_default().trim_ascii();
        match value.first() {
            Some(b'[' | b'{' | b'"') => !inner.is_empty(),
            _ => *value == b"true",
        }
    })
}

/// The keys of an object whose values begin with `first`, if that is asked for.
fn keys_of(token: &[u8], first: Option<u8>) -> String {
    let mut keys = Vec::new();
    let _read = read_object(token, |key, value| {
        if first.is_none_or(|first| value.first() == Some(&first)) {
            keys.push(shown(key.as_bytes()));
        }
        Ok(())
    });
    let more = keys.len().saturating_sub(LISTED);
    keys.truncate(LISTED);
    let listed = keys.join(", ");
    if more > 0 { format!("{listed} and {more} more") } else { listed }
}

fn not_a_list(root: &[u8]) -> String {
    let lists = keys_of(root, Some(b'['));
    match lists.is_empty() {
        true => format!("is an object and no list of records; its keys are: {}", keys_of(root, None)),
        false => format!("is an object and no list of records; it has lists under: {lists}"),
    }
}

fn no_key(name: &str, token: &[u8]) -> String {
    format!("has no key '{name}'; there is: {}", keys_of(token, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(records: Option<&str>, include: &[(&str, &str)], answer: &str) -> Result<(u64, Vec<String>), String> {
        let path = |text: &str| JsonPath::parse(text).unwrap();
        let include = include.iter().map(|(column, at)| Include { column: (*column).to_owned(), path: path(at) });
        let at = RecordsAt::new(records.map(path), include.collect())?;
        let found = at.find(answer.as_bytes(), b"").map_err(|amiss| amiss.what)?;
        let text = |record: &Record| {
            let mut text = Vec::new();
            found.write(*record, answer.as_bytes(), &mut text);
            String::from_utf8(text).unwrap()
        };
        Ok((found.items, found.records.iter().map(text).collect()))
    }

    #[test]
    fn records_are_found() {
        let one = |text: &str| vec![text.to_owned()];
        assert_eq!(found(None, &[], " [{\"a\":1}] ").unwrap(), (1, one("{\"a\":1}")));
        assert_eq!(found(Some("d.items"), &[], r#"{"d":{"items":[{"a":1}, 2]}}"#).unwrap().1, ["{\"a\":1}", "2"]);
        assert_eq!(found(Some("$"), &[], r#"{"a":1}"#).unwrap(), (1, one(r#"{"a":1}"#)));
        assert_eq!(found(Some("d"), &[], r#"{"d":null}"#).unwrap(), (0, vec![]));
        assert_eq!(found(Some("d?"), &[], "{}").unwrap(), (0, vec![]));
        let orders = r#"{"at":"x","orders":[{"id":1,"lines":[{"n":1},{}]},{"id":2},{"id":3,"lines":null},{"id":4,"lines":[{"n":5}]}]}"#;
        let include = [("order_id", "orders[].id"), ("at", "at"), ("none", "orders[].none")];
        let (items, lines) = found(Some("orders[].lines[]"), &include, orders).unwrap();
        assert_eq!(items, 4, "pages are counted in orders");
        let expected = [
            r#"{"at":"x","order_id":1,"none":null,"n":1}"#,
            r#"{"at":"x","order_id":1,"none":null}"#,
            r#"{"at":"x","order_id":4,"none":null,"n":5}"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_not_where_it_should_be_is_told() {
        let wrong = |records, answer| found(records, &[], answer).unwrap_err();
        assert!(wrong(None, r#"{"data":[],"n":1}"#).contains("lists under: data"));
        assert!(wrong(None, r#"{"error":"x"}"#).contains("keys are: error"));
        assert!(wrong(Some("dta"), r#"{"data":[]}"#).contains("has no key 'dta'; there is: data"));
        assert!(wrong(Some("data"), r#"{"data":"soon"}"#).contains("has \"soon\" where records are expected"));
        let failed = r#"{"errors":[{"message":"no such field"}],"data":null}"#;
        for path in ["data", "data.items", "data?.items"] {
            let told = wrong(Some(path), failed);
            assert!(told.contains("and errors: [{") && told.contains("no such field"), "{told}");
        }
        assert!(wrong(Some("d?"), r#"{"error":"quota"}"#).contains("errors: \"quota\""));
        for none in [r#"{"errors":[],"d":null}"#, r#"{"error":null,"d":[]}"#, r#"{"error":false}"#, r#"{"error":""}"#] {
            assert_eq!(found(Some("d?"), &[], none).unwrap().0, 0, "{none}");
        }
        assert_eq!(found(Some("d"), &[], r#"{"errors":["one part"],"d":[{"a":1}]}"#).unwrap().0, 1);
        assert!(wrong(Some("data[].x"), r#"{"data":{}}"#).contains("where a list is expected"));
        assert!(found(Some("a[].b"), &[("x", "c[].id")], "{}").is_err());
        assert!(found(Some("a[].b"), &[("x", "a[].b[].id")], "{}").is_err());
        assert!(found(Some("a[].b"), &[("x", "a[]")], "{}").is_err());
    }
}
