//! The keys that a module's options take in YAML, from the structs and enums that parse them.

/// A struct or an enum that parses YAML.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// The type's name.
    pub(super) name: String,
    /// What it is.
    pub(super) text: String,
    /// Its keys, or values: name, what it is, whether it must be given.
    pub(super) keys: Vec<Key>,
}

/// A key of a struct, or a value of an enum.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// As it is written in YAML.
    pub(super) name: String,
    /// What it is.
    pub(super) text: String,
    /// Whether it must be given.
    pub(super) required: bool,
}

/// Every struct of named fields and every enum of plain names in a source whose schema is made (`JsonSchema`).
pub(super) fn of_source(source: &str) -> Vec<Keys> {
    let lines: Vec<&str> = source.lines().collect();
    let derives = |line: &str| line.starts_with("#[derive(") && line.contains("JsonSchema");
    let starts = lines.iter().enumerate().filter(|(_, line)| derives(line)).map(|(at, _)| at);
    starts.filter_map(|at| of_type(&lines, at)).collect()
}

/// The type that is derived at a line, if it has keys.
fn of_type(lines: &[&str], derive: usize) -> Option<Keys> {
    let docs = lines[..derive].iter().rev().map_while(|line| line.strip_prefix("///"));
    let mut text: Vec<&str> = docs.map(str::trim).collect();
    text.reverse();
    let head = lines[derive..].iter().position(|line| !line.starts_with('#'))? + derive;
    let snake = lines[derive..head].iter().any(|line| line.contains("rename_all = \"snake_case\""));
    let words: Vec<&str> = lines[head].split_whitespace().filter(|word| !word.starts_with("pub")).collect();
    let [kind @ ("struct" | "enum"), name, "{"] = words[..] else { return None };
    let body = lines[head + 1..].iter().take_while(|line| **line != "}");
    let keys = members(body.copied(), kind == "enum", snake);
    (!keys.is_empty()).then(|| Keys { name: name.to_owned(), text: text.join(" "), keys })
}

/// The fields of a struct, or the names of an enum. An enum with values inside is told by its schema, not by names.
fn members<'a>(lines: impl Iterator<Item = &'a str>, is_enum: bool, snake: bool) -> Vec<Key> {
    let mut keys = Vec::new();
    let (mut text, mut renamed, mut optional): (Vec<&str>, Option<&str>, bool) = (Vec::new(), None, false);
    for line in lines.map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            text.push(doc.trim());
        } else if let Some(attribute) = line.strip_prefix("#[serde(") {
            renamed = attribute.split_once("rename = \"").and_then(|(_, rest)| rest.split('"').next()).or(renamed);
            optional |= attribute.contains("default");
        } else if let Some(member) = line.strip_suffix(',') {
            let member =
                member.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ").trim_start_matches("pub ");
            let found = match (is_enum, member.split_once(": ")) {
                (false, Some((name, kind))) => {
                    let name = renamed.unwrap_or(name).trim_start_matches("r#").to_owned();
                    Some((name, !optional && !kind.starts_with("Option<")))
                }
                (true, None) if member.chars().all(char::is_alphanumeric) => {
                    let name = renamed.map(str::to_owned);
                    Some((name.unwrap_or_else(|| if snake { to_snake(member) } else { member.to_owned() }), false))
                }
                _ => None,
            };
            keys.extend(found.map(|(name, required)| Key { name, text: text.join(" "), required }));
            (text, renamed, optional) = (Vec::new(), None, false);
        }
    }
    keys
}

fn to_snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

/// Keys as a list in Markdown.
pub(super) fn list(keys: &[Key]) -> String {
    let item = |key: &Key| {
        let required = if key.required { " (required)" } else { "" };
        format!("- `{}`{required}: {}\n", key.name, super::manual::without_paths(&key.text))
    };
    keys.iter().map(item).collect()
}
