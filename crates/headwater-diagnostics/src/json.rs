//! Diagnostics for a program.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Label};
use crate::source::SourceMap;

/// A JSON array with one object per diagnostic: `code`, `severity`, `message`, `help`, `notes`, `labels` and, from the
/// place of the mistake, `file`, `line`, `column`, `end_line`, `end_column` (null when there is none). Lines and columns
/// count from 1, columns in characters; the end is the character after the last. Each label has these places too, with
/// its `text` and whether it is `primary`.
pub fn render_json(diagnostics: &[Diagnostic], files: &SourceMap) -> Value {
    diagnostics.iter().map(|d| diagnostic_json(d, files)).collect()
}

fn diagnostic_json(diagnostic: &Diagnostic, files: &SourceMap) -> Value {
    let main = diagnostic.labels.iter().find(|l| l.primary).or(diagnostic.labels.first());
    let mut value = json!({
        "code": diagnostic.code,
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "file": null, "line": null, "column": null, "end_line": null, "end_column": null,
        "help": diagnostic.help,
        "notes": diagnostic.notes,
        "labels": diagnostic.labels.iter().map(|l| label_json(l, files)).collect::<Vec<_>>(),
    });
    if let (Some(label), Value::Object(value)) = (main, &mut value) {
        for (key, place) in place_of(label, files) {
            value.insert(key.to_owned(), place);
        }
    }
    value
}

fn label_json(label: &Label, files: &SourceMap) -> Value {
    let mut object: serde_json::Map<String, Value> =
        place_of(label, files).into_iter().map(|(key, place)| (key.to_owned(), place)).collect();
    object.insert("text".to_owned(), label.text.clone().into());
    object.insert("primary".to_owned(), label.primary.into());
    Value::Object(object)
}

fn place_of(label: &Label, files: &SourceMap) -> [(&'static str, Value); 5] {
    let start = files.position(label.span.file, label.span.start);
    let end = files.position(label.span.file, label.span.end);
    [
        ("file", files.path(label.span.file).into()),
        ("line", start.line.into()),
        ("column", start.column.into()),
        ("end_line", end.line.into()),
        ("end_column", end.column.into()),
    ]
}
