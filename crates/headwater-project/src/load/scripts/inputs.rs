//! What a script reads, and what its columns are made from.

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::TableName;
use headwater_sdk::lineage::ColumnRef;

use super::super::conditions::check_condition;
use super::{clustering, read_of};
use crate::asset::ScriptInput;
use crate::codes;
use crate::graph::Read;
use crate::spec::{InputOption, Named, ScriptColumn};
use crate::yaml::Node;

/// The tables that a script names, for the graph.
pub(super) fn reads(inputs: &[InputOption], node: &Node) -> Vec<Read> {
    let place = |at: usize| node.get("inputs").and_then(|list| list.items().get(at));
    let read = |(at, input): (usize, &InputOption)| {
        let (table, item) = (table_of(input), place(at));
        let span = item.map_or(node.span, |item| item.get("table").unwrap_or(item).span);
        read_of(table, span)
    };
    inputs.iter().enumerate().map(read).collect()
}

fn table_of(input: &InputOption) -> &TableName {
    match input {
        InputOption::Table(table) => &table.0,
        InputOption::Part(part) => &part.table.0,
    }
}

/// The inputs, with the places of all that they name.
pub(super) fn read(inputs: &[InputOption], node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Vec<ScriptInput> {
    let mut found = Vec::with_capacity(inputs.len());
    for ((at, input), read) in inputs.iter().enumerate().zip(reads(inputs, node)) {
        let item = node.get("inputs").and_then(|list| list.items().get(at));
        let (mut columns, mut filter) = (None, None);
        if let InputOption::Part(part) = input {
            let item = item.unwrap_or(node);
            columns = part.columns.as_ref().map(|names| {
                let spans = clustering::spans_of(item, "columns", names.len(), item.span);
                names.iter().cloned().zip(spans).collect::<Vec<_>>()
            });
            if let Some(named) = &columns {
                verify_columns(named, item.get("columns").unwrap_or(item).span, diagnostics);
            }
            filter = part.r#where.as_ref().map(|condition| {
                let span = item.get("where").unwrap_or(item).span;
                check_condition(condition, "`where`", span, diagnostics);
                (condition.clone(), span)
            });
        }
        found.push(ScriptInput { table: table_of(input).clone(), span: read.span, columns, filter });
    }
    found
}

fn verify_columns(named: &[(String, Span)], list: Span, diagnostics: &mut Vec<Diagnostic>) {
    if named.is_empty() {
        let diagnostic = Diagnostic::error(codes::SCRIPT, "no column is read of this input").at(list, "");
        diagnostics.push(diagnostic.help("name the columns, or leave `columns` out to read all of them"));
    }
    for (at, (name, span)) in named.iter().enumerate() {
        if let Some((_, first)) = named[..at].iter().find(|(other, _)| other == name) {
            let diagnostic = Diagnostic::error(codes::SCRIPT, format!("'{name}' is named twice"));
            diagnostics
                .push(diagnostic.at(*span, "again here").also(*first, "first here").help("leave one of the two out"));
        }
    }
}

/// For each column of the script what it says that it is made from.
pub(super) fn origins(
    columns: &Named<ScriptColumn>,
    node: &Node,
    inputs: &[ScriptInput],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Option<Vec<(ColumnRef, Span)>>> {
    let mut origins = Vec::with_capacity(columns.0.len());
    for (name, column) in &columns.0 {
        let Some(from) = &column.from else {
            origins.push(None);
            continue;
        };
        let written = node.get("columns").and_then(|columns| columns.get(name)).unwrap_or(node);
        let spans = clustering::spans_of(written, "from", from.len(), written.span);
        let mut refs = Vec::with_capacity(from.len());
        for (text, span) in from.iter().zip(spans) {
            match origin(text, inputs) {
                Ok(column) => refs.push((column, span)),
                Err((message, help)) => {
                    diagnostics.push(Diagnostic::error(codes::SCRIPT_ORIGIN, message).at(span, "").help(help));
                }
            }
        }
        origins.push(Some(refs));
    }
    origins
}

fn origin(text: &str, inputs: &[ScriptInput]) -> Result<ColumnRef, (String, String)> {
    let parsed = text.rsplit_once('.').and_then(|(table, column)| Some((table.parse::<TableName>().ok()?, column)));
    let Some((table, column)) = parsed else {
        let message = format!("'{text}' is not a column of a table");
        return Err((message, "write schema.table.column, e.g. marts.fct_flights.dep_delay".to_owned()));
    };
    let of_table = || inputs.iter().filter(|input| input.table == table);
    if of_table().next().is_none() {
        let names: Vec<String> = inputs.iter().map(|input| input.table.to_string()).collect();
        let help = match nearest(&table.to_string(), names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean '{near}.{column}'?"),
            None if names.is_empty() => "it has no `inputs`".to_owned(),
            None => format!("it reads {}", names.join(", ")),
        };
        return Err((format!("the script does not read '{table}'"), help));
    }
    // An input of which all columns are read is looked at when its columns are known.
    let is_read = |input: &ScriptInput| input.columns.as_ref().is_none_or(|c| c.iter().any(|(name, _)| name == column));
    if !of_table().any(is_read) {
        let read: Vec<&str> =
            of_table().flat_map(|input| input.columns.iter().flatten()).map(|(name, _)| name.as_str()).collect();
        let help = match nearest(column, read.iter().copied()) {
            Some(near) => format!("did you mean '{table}.{near}'?"),
            None => format!("it reads {}; add '{column}' to the columns of the input", read.join(", ")),
        };
        return Err((format!("the script does not read column '{column}' of {table}"), help));
    }
    Ok(ColumnRef { table, column: column.to_owned() })
}
