//! Which columns of a relation are read, and how: by what the project says and what the table has.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headwater_sdk::connector::{Drift, StreamSettings};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result};

use crate::codes;
use crate::lake_types::{reads_as, widened};

/// How a column is read.
pub(crate) trait ColumnRead {
    /// What it becomes in the lake.
    fn data_type(&self) -> &DataType;
    /// How the nulls of a column come that only the table has.
    fn nulls(data_type: &DataType) -> Self;
}

/// A column's type in a database.
pub(crate) trait NativeType {
    type Reading: ColumnRead;
    /// The code of errors about what a project asks for.
    const OPTIONS: &'static str;
    /// As a person writes it.
    fn written(&self) -> &str;
    /// How a column is read that the project says nothing of.
    fn natural(&self) -> Self::Reading;
    /// How it is read in a type that the project declares; `None` when that could change a value or end the load.
    fn declared(&self, wanted: &DataType) -> Option<Self::Reading>;
    /// How it is read in the type that the table has, where the policy is not to fail and the project says nothing of it; `None`
    /// when the table's type does not stay.
    fn kept(&self, table: &DataType, drift: Drift) -> Option<Self::Reading> {
        let stays = drift == Drift::Ignore || reads_as(self.natural().data_type(), table);
        self.declared(table).filter(|_| stays)
    }
    /// How it is read in the type that the table has, where the database does not say what the type is: then this is no drift.
    fn settled(&self, table: &DataType) -> Option<Self::Reading> {
        let _ = table;
        None
    }
}

/// A column to be read.
#[derive(Debug, Clone)]
pub(crate) struct SourceColumn<R> {
    pub(crate) name: String,
    pub(crate) reading: R,
    /// Whether only the table has it: its values are null.
    pub(crate) is_gone: bool,
}

/// The columns in the lake's types.
pub(crate) fn schema<R: ColumnRead>(columns: &[SourceColumn<R>]) -> SchemaRef {
    let field = |column: &SourceColumn<R>| Field::new(&column.name, column.reading.data_type().clone(), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// The columns that are read, and in words what the drift policy let pass.
pub(crate) type Chosen<R> = (Vec<SourceColumn<R>>, Vec<String>);

/// What of a relation's columns is read, and how, by what the project says and what the table has. The texts say what the drift policy
/// let pass.
///
/// # Errors
/// For a declared column that is not there or cannot be read in its type, and for drift that the policy does not let pass.
pub(crate) fn chosen<T: NativeType>(
    found: Vec<(String, T)>,
    exclude: &[String],
    settings: &StreamSettings,
    table: Option<&Schema>,
    shown: &str,
) -> Result<Chosen<T::Reading>> {
    check(&found, exclude, settings, shown)?;
    let (mut columns, mut notes, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    let read: Vec<_> = found.into_iter().filter(|(name, _)| !exclude.contains(name)).collect();
    let names: Vec<String> = read.iter().map(|(name, _)| name.clone()).collect();
    for (name, native) in read {
        let spec = settings.columns.iter().find(|column| column.name == name);
        let before = table.and_then(|table| table.field_with_name(&name).ok());
        let wanted = spec.and_then(|column| column.data_type.as_ref());
        let reading = match (wanted, before) {
            (Some(wanted), _) => native.declared(wanted).ok_or_else(|| undeclarable(&name, &native, wanted, shown))?,
            (None, Some(field)) => native.settled(field.data_type()).unwrap_or_else(|| native.natural()),
            (None, None) => native.natural(),
        };
        match before {
            None if table.is_some() => match settings.drift {
                Drift::Fail => {
                    changed.push(format!("column '{name}' ({}) is new", native.written()));
                }
                Drift::Add | Drift::NewVersion if settings.mode.adds_rows() => notes.push(format!(
                    "column '{name}' is new, and null in the rows that were there before: --full-refresh reads it for all"
                )),
                Drift::Add | Drift::NewVersion => notes.push(format!("column '{name}' is new")),
                Drift::Ignore => {
                    notes.push(format!("column '{name}' is new and left out"));
                    continue;
                }
            },
            Some(field) if !field.data_type().equals_datatype(reading.data_type()) => {
                let was = type_name(field.data_type());
                let now = type_name(reading.data_type());
                let stays = wanted.is_none() && settings.drift != Drift::Fail;
                // What the table has stays, where that loses nothing.
                match stays.then(|| native.kept(field.data_type(), settings.drift)).flatten() {
                    Some(reading) => {
                        columns.push(SourceColumn { name, reading, is_gone: false });
                        continue;
                    }
                    // What the table has is written again in the new type.
                    None => {
                        let wider =
                            if settings.drift.adds() { wider(&native, field.data_type(), reading) } else { None };
                        let Some(reading) = wider else {
                            changed.push(format!("column '{name}' was {was} and is {now}"));
                            continue;
                        };
                        let becomes = type_name(reading.data_type());
                        notes.push(format!("column '{name}' was {was}: it becomes {becomes}"));
                        columns.push(SourceColumn { name, reading, is_gone: false });
                        continue;
                    }
                }
            }
            _ => {}
        }
        columns.push(SourceColumn { name, reading, is_gone: false });
    }
    let Some(table) = table else { return Ok((columns, notes)) };
    for field in table.fields() {
        if names.contains(field.name()) {
            continue;
        }
        let gone = format!("column '{}' is gone", field.name());
        if matches!(settings.drift, Drift::Fail | Drift::NewVersion) {
            changed.push(gone);
            continue;
        }
        notes.push(gone);
        let reading = T::Reading::nulls(field.data_type());
        columns.push(SourceColumn { name: field.name().clone(), reading, is_gone: true });
    }
    if !changed.is_empty() {
        return Err(drifted(&changed.join("; "), settings.drift, shown));
    }
    // The table's order stays; what is new comes behind.
    columns.sort_by_key(|column| table.index_of(&column.name).unwrap_or(usize::MAX));
    Ok((columns, notes))
}

/// How a column is read whose values and those that the table has are all in one type, which is a number's where these are numbers; `None` when
/// there is none. `now` is how it is read where there is no table.
fn wider<T: NativeType>(native: &T, table: &DataType, now: T::Reading) -> Option<T::Reading> {
    let both = widened(table, now.data_type()).filter(|both| *both != DataType::Utf8)?;
    if both == *now.data_type() {
        return Some(now);
    }
    // More digits before the point, and fewer behind it.
    let are_decimals = [table, now.data_type()].iter().all(|one| matches!(one, DataType::Decimal128(..)));
    native.declared(&both).filter(|_| are_decimals)
}

/// Whether there is something to read, and all is there that the project names.
fn check<T: NativeType>(
    found: &[(String, T)],
    exclude: &[String],
    settings: &StreamSettings,
    shown: &str,
) -> Result<()> {
    if found.iter().all(|(name, _)| exclude.contains(name)) {
        return Err(Error::new(T::OPTIONS, Blame::Project, format!("{shown} has no columns to read"))
            .help("leave the stream out, or fewer columns"));
    }
    if let Some(twice) = (1..found.len()).find(|at| found[..*at].iter().any(|(name, _)| *name == found[*at].0)) {
        let message = format!("{shown} has two columns '{}'", found[twice].0);
        return Err(Error::new(T::OPTIONS, Blame::Project, message).help("give each its own name: … as …"));
    }
    let has = |name: &str| found.iter().any(|(known, _)| known == name);
    let named = exclude.iter().chain(settings.columns.iter().map(|column| &column.name));
    if let Some(missing) = named.into_iter().find(|name| !has(name)) {
        return Err(no_column(T::OPTIONS, shown, missing, found.iter().map(|(name, _)| name.as_str())));
    }
    Ok(())
}

/// That a relation has no such column.
pub(crate) fn no_column<'a>(
    code: &'static str,
    shown: &str,
    missing: &str,
    names: impl Iterator<Item = &'a str>,
) -> Error {
    let names: Vec<&str> = names.collect();
    let near = headwater_diagnostics::nearest(missing, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("did you mean '{near}'? "));
    Error::new(code, Blame::Project, format!("{shown} has no column '{missing}'"))
        .help(format!("{near}its columns are: {}", names.join(", ")))
}

fn undeclarable<T: NativeType>(name: &str, native: &T, wanted: &DataType, shown: &str) -> Error {
    let message =
        format!("column '{name}' of {shown} is {}, and cannot be read as {}", native.written(), type_name(wanted));
    Error::new(T::OPTIONS, Blame::Project, message).help(format!(
        "declare {} or string, and cast it in a model, where a value that does not fit can be dealt with",
        type_name(native.natural().data_type())
    ))
}

/// The columns that a table of the lake has.
pub(crate) fn names(table: Option<&Schema>) -> Vec<String> {
    table.into_iter().flat_map(Schema::fields).map(|field| field.name().clone()).collect()
}

/// A table that is followed was altered so that rows have other values than the lake's, which no change tells of.
pub(crate) fn other_values(shown: &str, reason: &str) -> Error {
    Error::new(codes::ALTERED, Blame::Data, format!("{shown} was altered: {reason}")).help(
        "--full-refresh reads the table anew and follows it from there; with `drift: add`, `ignore` or `new_version` a run does so itself",
    )
}

/// Rows of a table that is followed may be others than the lake's, of which there are no changes.
pub(crate) fn unlogged(shown: &str, reason: &str) -> Error {
    Error::new(codes::UNLOGGED, Blame::Data, format!("{shown}: {reason}")).help("--full-refresh reads the table anew")
}

/// What is not let pass, and what can be done about it that has not been done.
fn drifted(what: &str, policy: Drift, shown: &str) -> Error {
    let help = match policy {
        Drift::Fail => "allow it with `drift: add` or `drift: ignore`, declare the columns, or run with --full-refresh",
        // Only a type gets here, which nothing that the table has can hold.
        Drift::Add | Drift::Ignore | Drift::NewVersion => {
            "run with --full-refresh, which makes the table anew with that type, or leave the column out with `exclude`"
        }
    };
    Error::new(codes::DRIFT, Blame::Data, format!("{shown} has changed: {what}")).help(help)
}
