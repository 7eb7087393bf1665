//! What columns a table has after a load: those it has, those declared, and those in the files, under a drift policy.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headwater_diagnostics::nearest;
use headwater_sdk::connector::{DeclaredColumn, Drift, ReadMode, StreamSettings};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error};

use super::values::{Guess, shown};
use crate::codes;
use crate::lake_types::{reads_as, widened};

/// What is known of a column of a file.
#[derive(Debug, Clone)]
pub(crate) enum Evidence {
    /// The file says its type, here as a lake type.
    Typed(DataType),
    /// Values were looked at.
    Sampled {
        /// What they could be.
        guess: Guess,
        /// Those that the table's type does not take.
        misfits: u64,
    },
    /// Only its name.
    Named,
}

/// The columns of a file.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The file.
    pub(crate) file: Arc<str>,
    /// Its columns, in order; `None` for an empty file.
    pub(crate) columns: Option<Vec<(String, Evidence)>>,
    /// Whether rows without a value may leave the column out (JSON), so that a column not seen is not missing.
    pub(crate) sparse: bool,
}

/// The columns of the table after the load.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// Lake types; every column may be null.
    pub(crate) schema: SchemaRef,
    /// For each, whether its type was inferred.
    pub(crate) inferred: Vec<bool>,
    /// What the policy let pass.
    pub(crate) notes: Vec<String>,
}

/// Decides on the columns. `table` has lake types.
///
/// # Errors
/// `HW0308` with every difference that the policy does not allow; `HW0310` when there is no column at all.
pub(crate) fn resolve(settings: &StreamSettings, table: Option<&Schema>, seen: &[Seen]) -> Result<Resolved, Error> {
    let mut resolver = Resolver {
        settings,
        declared: settings.columns.iter().map(|column| (column.name.as_str(), column)).collect(),
        table,
        seen,
        differences: Vec::new(),
        notes: Vec::new(),
        has_clash: false,
    };
    let names = resolver.names();
    if names.is_empty() {
        let message = format!("{} has no columns: every file is empty", settings.table);
        return Err(Error::new(codes::NO_COLUMNS, Blame::Data, message)
            .help("declare the columns, or load when there is something in the files"));
    }
    let (fields, inferred): (Vec<Field>, Vec<bool>) = names.iter().map(|name| resolver.column(name)).unzip();
    let schema = Arc::new(Schema::new(fields));
    resolver.refuse_clashes(&schema);
    resolver.miss_keys();
    // An empty file has no rows. Only where a table would be emptied by a file that has not even its header is this more likely lost
    // than meant; who declares the columns says what is in such a file.
    let nothing = table.is_some() && settings.mode == ReadMode::Full && settings.columns.is_empty();
    let nothing = nothing && seen.iter().all(|seen| seen.columns.is_none());
    for lacks_header in [true, false] {
        let empty = seen.iter().filter(|s| s.columns.is_none() && s.sparse != lacks_header);
        let empty: Vec<&str> = empty.map(|s| &*s.file).collect();
        if !empty.is_empty() {
            let are = if empty.len() == 1 { "is" } else { "are" };
            let what = if lacks_header { "empty, without even a header" } else { "empty" };
            let allowed = !(lacks_header && nothing) || settings.drift != Drift::Fail;
            resolver.differ(allowed, format!("{} {are} {what}", listed(&empty)));
        }
    }
    if !resolver.differences.is_empty() {
        return Err(resolver.error());
    }
    Ok(Resolved { schema, inferred, notes: resolver.notes })
}

struct Resolver<'a> {
    settings: &'a StreamSettings,
    declared: HashMap<&'a str, &'a DeclaredColumn>,
    table: Option<&'a Schema>,
    seen: &'a [Seen],
    differences: Vec<String>,
    notes: Vec<String>,
    /// Whether names differ in letter case only.
    has_clash: bool,
}

/// A few names, and how many more.
fn listed(files: &[&str]) -> String {
    match files.len() {
        0..=3 => files.join(", "),
        more => format!("{} and {} more files", files[..3].join(", "), more - 3),
    }
}

impl<'a> Resolver<'a> {
    /// The files that have a column, and what is known of it in each.
    fn evidence(&self, name: &str) -> Vec<(&'a str, &'a Evidence)> {
        let found = |seen: &'a Seen| {
            let columns = seen.columns.as_ref()?;
            let (_, evidence) = columns.iter().find(|(column, _)| column == name)?;
            Some((&*seen.file, evidence))
        };
        self.seen.iter().filter_map(found).collect()
    }

    /// The files that should have a column and do not.
    fn without(&self, name: &str) -> Vec<&'a str> {
        let lacks = |seen: &&Seen| match &seen.columns {
            Some(columns) => !seen.sparse && !columns.iter().any(|(column, _)| column == name),
            None => false,
        };
        self.seen.iter().filter(lacks).map(|seen| &*seen.file).collect()
    }

    /// Takes a difference as the policy says; true when it is let pass.
    fn differ(&mut self, allowed: bool, text: String) -> bool {
        let list = if allowed { &mut self.notes } else { &mut self.differences };
        list.push(text);
        allowed
    }

    /// The names of the table's columns after the load, in order. Those of files that are left out or refused are
    /// reported here.
    fn names(&mut self) -> Vec<String> {
        let policy = self.settings.drift;
        let mut names: Vec<String> = match self.table {
            Some(table) => table.fields().iter().map(|field| field.name().clone()).collect(),
            None => Vec::new(),
        };
        // Without a table, the first file is what the others are compared with. Samples of sparse files are put together.
        let mut founded = self.table.is_some();
        let mut strangers: Vec<(String, Vec<&str>)> = Vec::new();
        let mut places: HashMap<String, usize> = names.iter().enumerate().map(|(at, n)| (n.clone(), at)).collect();
        let mut strange: HashMap<String, usize> = HashMap::new();
        for seen in self.seen {
            let Some(columns) = &seen.columns else { continue };
            for (name, _) in columns {
                if places.contains_key(name) {
                    continue;
                }
                let founding = self.table.is_none() && (!founded || seen.sparse);
                let stranger = !founding && strange.contains_key(name);
                if founding || (policy.adds() && !stranger) {
                    places.insert(name.clone(), names.len());
                    names.push(name.clone());
                }
                if !founding && !stranger {
                    strange.insert(name.clone(), strangers.len());
                    strangers.push((name.clone(), vec![&seen.file]));
                } else if stranger {
                    strangers[strange[name]].1.push(&seen.file);
                }
            }
            founded = true;
        }
        for (name, files) in strangers {
            let shown = shown(name.as_bytes());
            let text = match policy {
                Drift::Ignore => format!("column '{shown}' of {} is left out", listed(&files)),
                _ => format!("column '{shown}' is new in {}", listed(&files)),
            };
            self.differ(policy != Drift::Fail, text);
        }
        let settings = self.settings;
        for column in &settings.columns {
            if !places.contains_key(&column.name) {
                self.absent_declared(column, &mut names);
            }
        }
        names
    }

    /// A declared column that the table does not have.
    fn absent_declared(&mut self, column: &DeclaredColumn, names: &mut Vec<String>) {
        let in_files = !self.evidence(&column.name).is_empty();
        if in_files {
            // New in the files: reported there.
            return;
        }
        let any_file = self.seen.iter().any(|seen| seen.columns.is_some() && !seen.sparse);
        if self.table.is_some() && self.settings.drift == Drift::Ignore {
            return;
        }
        if any_file {
            let known = self.seen.iter().filter_map(|seen| seen.columns.as_ref()).flatten().map(|(n, _)| n.as_str());
            let hint =
                nearest(&column.name, known).map(|near| format!(" (did you mean '{near}'?)")).unwrap_or_default();
            let text = format!("column '{}' is declared and in no file{hint}", column.name);
            if !self.differ(self.settings.drift != Drift::Fail, text) {
                return;
            }
        }
        names.push(column.name.clone());
    }

    /// A column of the table after the load, and whether its type was inferred.
    fn column(&mut self, name: &str) -> (Field, bool) {
        let evidence = self.evidence(name);
        let declared = self.declared.get(name).and_then(|column| column.data_type.clone());
        let in_table = self.table.and_then(|table| table.field_with_name(name).ok()).map(|f| f.data_type().clone());
        let missing = self.without(name);
        if !missing.is_empty() && (self.table.is_some() || !evidence.is_empty()) {
            let text = format!("column '{}' is missing in {}", shown(name.as_bytes()), listed(&missing));
            // Of new files that lack it, the table has the others' values. Where all is read again, it would be null for ever.
            let is_gone = self.settings.mode == ReadMode::Full && self.table.is_some();
            let allowed = match self.settings.drift {
                Drift::Fail => false,
                Drift::Add | Drift::Ignore => true,
                Drift::NewVersion => !is_gone,
            };
            self.differ(allowed, text);
        }
        let (data_type, inferred) = match (in_table, declared) {
            (None, Some(declared)) => (declared, false),
            (None, None) => self.found_type(name, &evidence),
            (Some(table), Some(declared)) if table == declared => (table, false),
            (Some(table), Some(declared)) => (self.redeclared(name, table, declared), false),
            (Some(table), None) => (self.expected_type(name, table, &evidence), true),
        };
        (Field::new(name, data_type, true), inferred)
    }

    /// The type of a column that neither the table nor the project knows.
    fn found_type(&mut self, name: &str, evidence: &[(&str, &Evidence)]) -> (DataType, bool) {
        let mut guess = Guess::default();
        let mut typed: Option<DataType> = None;
        for (file, evidence) in evidence {
            match evidence {
                Evidence::Named => {}
                Evidence::Sampled { guess: more, .. } => guess.merge(more),
                Evidence::Typed(data_type) => {
                    let Some(known) = &typed else {
                        typed = Some(data_type.clone());
                        continue;
                    };
                    if !reads_as(data_type, known) {
                        let known = known.clone();
                        typed = Some(self.retyped(name, known, data_type, file));
                    }
                }
            }
        }
        match typed {
            Some(data_type) => (data_type, false),
            // A column without a value in the sample takes any text.
            None => (self.guessed(name, &guess, evidence), true),
        }
    }

    /// The type that values suggest.
    fn guessed(&mut self, name: &str, guess: &Guess, evidence: &[(&str, &Evidence)]) -> DataType {
        guess.data_type().unwrap_or_else(|| {
            if !evidence.is_empty() {
                let name = shown(name.as_bytes());
                self.notes.push(format!("column '{name}' has no values yet: it is string unless its type is declared"));
            }
            DataType::Utf8
        })
    }

    /// A column whose declared type is not the table's.
    fn redeclared(&mut self, name: &str, table: DataType, declared: DataType) -> DataType {
        let text = format!(
            "column '{name}' is declared as {} and is {} in the table",
            type_name(&declared),
            type_name(&table)
        );
        if self.settings.mode == ReadMode::Full {
            // The table is replaced: what the project says now goes.
            self.notes.push(text);
            return declared;
        }
        let widens = reads_as(&table, &declared);
        match self.settings.drift {
            Drift::Add | Drift::NewVersion if widens => {
                self.notes.push(text);
                declared
            }
            Drift::Ignore => {
                self.notes.push(text);
                table
            }
            Drift::Add | Drift::NewVersion | Drift::Fail => {
                self.differences.push(text);
                table
            }
        }
    }

    /// A column whose type the table says, against what the files hold.
    fn expected_type(&mut self, name: &str, table: DataType, evidence: &[(&str, &Evidence)]) -> DataType {
        let mut guess = Guess::default();
        let (mut misfits, mut sampled) = (0, Vec::new());
        let mut result = table;
        for (file, evidence) in evidence {
            match evidence {
                Evidence::Named => {}
                Evidence::Typed(data_type) => {
                    if !reads_as(data_type, &result) {
                        result = self.retyped(name, result, data_type, file);
                    }
                }
                Evidence::Sampled { guess: more, misfits: count } => {
                    guess.merge(more);
                    misfits += count;
                    if *count > 0 {
                        sampled.push(*file);
                    }
                }
            }
        }
        let Some(found) = guess.data_type().filter(|_| misfits > 0) else { return result };
        // All values fit a wider type of the same kind, or most fit nothing like the table's: the column has changed.
        // Otherwise a few values are wrong: they make bad rows.
        let of_a_kind = found != DataType::Utf8 && widened(&result, &found).is_some_and(|wider| wider != result);
        if of_a_kind || misfits * 2 > guess.values() {
            result = self.retyped(name, result, &found, &listed(&sampled));
        }
        result
    }

    /// A column that has another type in a file. Gives the type to go on with.
    fn retyped(&mut self, name: &str, known: DataType, found: &DataType, file: &str) -> DataType {
        let text = format!(
            "column '{}' is {} and not {} in {file}",
            shown(name.as_bytes()),
            type_name(found),
            type_name(&known)
        );
        match self.settings.drift {
            Drift::Ignore => {
                self.notes.push(text);
                known
            }
            Drift::Add | Drift::NewVersion => match widened(&known, found) {
                Some(wider) if *found == DataType::Utf8 || wider != DataType::Utf8 => {
                    self.notes.push(format!("{text}: it becomes {}", type_name(&wider)));
                    wider
                }
                _ => {
                    self.differences.push(format!("{text}, and no type takes both"));
                    known
                }
            },
            Drift::Fail => {
                self.differences.push(text);
                known
            }
        }
    }

    /// Records may leave out what is null, but a key is never null: one that none of them has is missing.
    fn miss_keys(&mut self) {
        let (settings, seen) = (self.settings, self.seen);
        for key in &settings.key {
            let lacks = |seen: &Seen| {
                let columns = seen.columns.as_ref().filter(|columns| seen.sparse && !columns.is_empty())?;
                (!columns.iter().any(|(name, _)| name == key)).then(|| Arc::clone(&seen.file))
            };
            let lacking: Vec<Arc<str>> = seen.iter().filter_map(lacks).collect();
            if lacking.is_empty() || !self.evidence(key).is_empty() {
                continue;
            }
            let files: Vec<&str> = lacking.iter().map(|file| &**file).collect();
            let text = format!("column '{}' of the key is in no record of {}", shown(key.as_bytes()), listed(&files));
            self.differ(settings.drift != Drift::Fail, text);
        }
    }

    /// Names of a table differ in more than letter case.
    fn refuse_clashes(&mut self, schema: &Schema) {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for field in schema.fields() {
            if let Some(other) = seen.insert(field.name().to_lowercase(), field.name()) {
                let text = format!("columns '{other}' and '{}' differ in letter case only", field.name());
                self.differences.push(text);
                self.has_clash = true;
            }
        }
    }

    fn error(&self) -> Error {
        let what = if self.table.is_some() { "the columns have changed" } else { "the columns do not agree" };
        let message = format!("{}: {what}: {}", self.settings.table, self.differences.join("; "));
        let help = match self.settings.drift {
            _ if self.has_clash => "name one of them otherwise where it comes from: a table can hold but one of them",
            Drift::Fail => {
                "say `drift: add` to take over what is new and let be null what is missing, `drift: ignore` to keep the \
                 table's columns, or correct the source or the declared columns"
            }
            Drift::Add | Drift::NewVersion | Drift::Ignore => {
                "correct the source or the declared columns, or load the table again from the start"
            }
        };
        Error::new(codes::DRIFT, Blame::Data, message).help(help)
    }
}
