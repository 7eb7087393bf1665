//! From the names in SQL to the assets that make the tables.

use std::collections::HashMap;

use headwater_diagnostics::{Diagnostic, Span, nearest};
use headwater_sdk::TableName;

use super::{cycles, order};
use crate::asset::{Asset, Input};
use crate::codes;

/// An asset as its own file has it, before its names are looked up.
pub(crate) struct Draft {
    /// The table that it yields.
    pub(crate) name: TableName,
    /// Where it is declared.
    pub(crate) span: Span,
    /// The asset without inputs; `None` when its file has mistakes, so that only its name is known.
    pub(crate) asset: Option<Asset>,
    /// The tables that its SQL names.
    pub(crate) reads: Vec<Read>,
    /// The tables that its checks name.
    pub(crate) check_reads: Vec<Read>,
}

/// A table named somewhere.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// The parts of the name.
    pub(crate) parts: Vec<String>,
    /// Where it is named.
    pub(crate) span: Span,
}

/// An edge of the graph: what an asset reads, and where it says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// The number of the asset that makes the table.
    pub(crate) to: usize,
    pub(crate) span: Span,
}

/// Looks every name up and puts the assets into order. `None` as soon as something is wrong; what, is in `diagnostics`.
pub(crate) fn link(mut drafts: Vec<Draft>, diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<Asset>> {
    // By name, so that the order of the files decides nothing.
    drafts.sort_by(|a, b| a.name.cmp(&b.name).then(a.span.cmp(&b.span)));
    let before = diagnostics.len();
    let tables = Tables::of(&drafts, diagnostics);
    let mut edges = vec![Vec::new(); drafts.len()];
    let mut check_edges = vec![Vec::new(); drafts.len()];
    for index in 0..drafts.len() {
        let (inputs, found) = tables.look_up(&drafts[index].reads, diagnostics);
        let (mut check_inputs, check_found) = tables.look_up(&drafts[index].check_reads, diagnostics);
        edges[index] = found;
        check_edges[index] = check_found.into_iter().filter(|edge| edge.to != index).collect();
        let draft = &mut drafts[index];
        check_inputs.retain(|input| input.table != draft.name && !inputs.iter().any(|i| i.table == input.table));
        if let Some(asset) = &mut draft.asset {
            asset.inputs = inputs;
            asset.check_inputs = check_inputs;
        }
    }
    let names: Vec<&TableName> = drafts.iter().map(|d| &d.name).collect();
    cycles::report(&names, &edges, diagnostics);
    let is_sound = diagnostics[before..].iter().all(|d| !d.is_error());
    let sequence = if is_sound { order::sequence(&edges, &check_edges) } else { return None };
    let mut assets: Vec<Option<Asset>> = drafts.into_iter().map(|d| d.asset).collect();
    sequence.into_iter().map(|index| assets.get_mut(index).and_then(Option::take)).collect()
}

/// Who makes each table.
struct Tables {
    makers: HashMap<String, usize>,
    /// Assets by the table part of their name.
    by_table: HashMap<String, Vec<String>>,
}

impl Tables {
    fn of(drafts: &[Draft], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut makers: HashMap<String, usize> = HashMap::with_capacity(drafts.len());
        let mut by_table: HashMap<String, Vec<String>> = HashMap::with_capacity(drafts.len());
        for (index, draft) in drafts.iter().enumerate() {
            let name = draft.name.to_string();
            if let Some(first) = makers.get(&name).and_then(|first| drafts.get(*first)) {
                diagnostics.push(
                    Diagnostic::error(codes::DUPLICATE_TABLE, format!("the table '{name}' is filled twice"))
                        .at(draft.span, "again here")
                        .also(first.span, "first here")
                        .help("rename one of the two, or let a model unite them"),
                );
                continue;
            }
            let side_tables: Vec<TableName> = match &draft.asset {
                Some(asset) => asset.side_tables().collect(),
                // Not known: then rather too many than a mistake that is none.
                None => vec![draft.name.rejected(), draft.name.quarantine()],
            };
            makers.extend(side_tables.into_iter().map(|side| (side.to_string(), index)));
            by_table.entry(draft.name.table().to_owned()).or_default().push(name.clone());
            makers.insert(name, index);
        }
        Self { makers, by_table }
    }

    /// The inputs, each once, and the edges to their makers.
    fn look_up(&self, reads: &[Read], diagnostics: &mut Vec<Diagnostic>) -> (Vec<Input>, Vec<Edge>) {
        let (mut inputs, mut edges): (Vec<Input>, Vec<Edge>) = (Vec::new(), Vec::new());
        let mut seen: HashMap<&[String], ()> = HashMap::new();
        for read in reads {
            if seen.insert(&read.parts, ()).is_some() {
                continue;
            }
            let name = match read.parts.as_slice() {
                [schema, table] => TableName::new(schema.as_str(), table.as_str()).ok(),
                _ => None,
            };
            match name.and_then(|name| Some((self.makers.get(&name.to_string())?, name))) {
                Some((&to, table)) => {
                    inputs.push(Input { table, span: read.span });
                    edges.push(Edge { to, span: read.span });
                }
                None => diagnostics.push(self.unknown(read)),
            }
        }
        (inputs, edges)
    }

    fn unknown(&self, read: &Read) -> Diagnostic {
        let written = read.parts.join(".");
        match read.parts.as_slice() {
            [table] => {
                let message = format!("'{table}' has no schema");
                let same = self.by_table.get(&table.to_lowercase()).and_then(|names| names.first());
                let near = same.map(String::as_str).or_else(|| {
                    let near = nearest(table, self.sorted_tables())?;
                    self.by_table.get(near)?.first().map(String::as_str)
                });
                let help = match near {
                    Some(name) => format!("did you mean '{name}'? Tables are named schema.table"),
                    None => "tables are named schema.table".to_owned(),
                };
                Diagnostic::error(codes::UNQUALIFIED, message)
                    .at(read.span, "neither schema.table nor defined in WITH")
                    .help(help)
            }
            [_, table] => {
                let lower = written.to_lowercase();
                if lower != written && self.makers.contains_key(&lower) {
                    return Diagnostic::error(codes::BAD_TABLE_NAME, format!("there is no table '{written}'"))
                        .at(read.span, "")
                        .help(format!("names in quotes keep their capitals; write {lower}"));
                }
                let diagnostic = Diagnostic::error(codes::UNKNOWN_TABLE, format!("there is no table '{written}'"));
                diagnostic.at(read.span, "nothing in the project fills it").help(self.suggestion(&lower, table))
            }
            _ => {
                let tail = read.parts.get(read.parts.len().saturating_sub(2)..).unwrap_or(&[]).join(".");
                let help = if self.makers.contains_key(&tail) {
                    format!("write {tail}")
                } else {
                    "tables are named schema.table".to_owned()
                };
                Diagnostic::error(codes::BAD_TABLE_NAME, format!("'{written}' is not a table's name"))
                    .at(read.span, "")
                    .help(help)
            }
        }
    }

    fn suggestion(&self, name: &str, table: &str) -> String {
        if let Some(base) = name.strip_suffix("__rejected")
            && self.makers.contains_key(base)
        {
            return format!("'{base}' keeps no rejected rows: it reads no text, or has `on_bad_row: fail`");
        }
        if let Some(base) = name.strip_suffix("__quarantine")
            && self.makers.contains_key(base)
        {
            return format!("'{base}' has no check with `severity: quarantine`");
        }
        if name.starts_with("information_schema.") {
            return "a model reads tables of the project, and depends on nothing else".to_owned();
        }
        let same_table =
            || self.by_table.get(&table.to_lowercase()).and_then(|names| names.first()).map(String::as_str);
        let mut names: Vec<&str> = self.makers.keys().map(String::as_str).collect();
        names.sort_unstable();
        match nearest(name, names).or_else(same_table) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "add a stream, a seed, a model or a script of that name".to_owned(),
        }
    }

    fn sorted_tables(&self) -> Vec<&str> {
        let mut tables: Vec<&str> = self.by_table.keys().map(String::as_str).collect();
        tables.sort_unstable();
        tables
    }
}
