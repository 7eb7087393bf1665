//! `--select` and `--exclude` choose assets for `headwater run`, `plan` and `list`, in the grammar of dbt.
//!
//! ```sh
//! headwater run --select marts.fct_flights           # one table
//! headwater run --select +marts.fct_flights          # and all that it is made from
//! headwater run --select state:modified+             # what was edited, and all that depends on it
//! headwater plan --select 'tag:nightly,staging.*'    # what has the tag and is in the schema
//! headwater list --select path:models/marts --exclude owner:finance
//! ```
//!
//! Expressions parted by blanks, or given one by one, are added up; a comma keeps what both sides choose. What `--exclude`
//! chooses is taken away; without `--select` it is taken away from everything. A selection in which each part is right and
//! of which nothing is left is no error: nothing is done, the program says so and exits with 0. A part that matches
//! nothing in the project is one, in `--exclude` too: most often it is misspelt.
//!
//! | expression | chooses |
//! | --- | --- |
//! | `marts.fct_flights` | the table |
//! | `fct_flights` | the table of that name, in every schema |
//! | `marts`, `marts.*` | all tables of the schema |
//! | `tag:nightly` | what has the tag; a stream has those of its source |
//! | `source:raw.flights`, `source:flights`, `source:monthly` | streams: by table, by schema, or by the name of the source's file |
//! | `path:models/marts`, `path:seeds/*.csv` | what is declared in the file, or in a file of the folder; a script also by the files of its program |
//! | `owner:data-team` | what that owner answers for |
//! | `type:view` | of `stream`, `seed`, `script`, `view`, `table`, `scd2` and `snapshot`, or `model` for the last four; `resource_type:` means the same |
//! | `state:new` | what `main` does not have |
//! | `state:modified` | what `main` does not have, or has of another definition |
//! | `state:unmodified` | what `main` has of the same definition |
//!
//! In names and values `*` stands for any characters and `?` for one; in a path `*` stays in its folder, and `**` does not. A
//! value with blanks or commas goes into quotes: `"owner:'Data Team'"`. A definition is the SQL, the checks and the options, of a script its files, not
//! the data: what a source brings, or the rows of a seed, are no modification.
//!
//! | operator | adds |
//! | --- | --- |
//! | `+x` | all that x is made from |
//! | `x+` | all that is made from x |
//! | `2+x`, `x+3` | the same, as many steps away at most |
//! | `@x` | all that is made from x, and all that this is made from |
//!
//! A table that checks compare with counts as something that the asset is made from.
//!
//! A run builds what was selected and is not up to date (`--full-refresh`: all of it), and leaves the rest as it is: what
//! was not selected is read as `main` has it, is not removed from `main` when the project has it no more, and its age is
//! not judged. The plan and the run say which inputs have changes that were not selected. An input that was never built and is
//! not selected is an error, before anything runs. One thing is done beyond the selection: a published view that shows a
//! table which is rebuilt is checked again, and when its checks fail, neither is published. An interrupted run is gone on
//! with by a run of the same selection; another one gives it up.

mod evaluate;
mod expression;
mod graph;
mod inputs;
mod parse;
mod pattern;
mod suggest;

pub(crate) use evaluate::file_names;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use headwater_diagnostics::{Diagnostic, SourceMap};
use headwater_sdk::TableName;

use crate::{Asset, Project};
use expression::{Criterion, Expression};
pub use pattern::Pattern;

pub use inputs::{unbuilt_inputs, unchecked_views};

/// How an asset's definition compares with what `main` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// `main` does not have the asset.
    New,
    /// `main` has it of another definition.
    Modified,
    /// `main` has it of this definition.
    Unmodified,
}

/// What a person selected of a project. Its `Display` are the options to type.
#[derive(Debug, Clone)]
pub struct Selection {
    select: Option<Expression>,
    exclude: Option<Expression>,
}

impl Selection {
    /// Reads the values of `--select` and `--exclude`; `None` when there are none. What they say becomes part of `files`, for
    /// diagnostics to point into.
    ///
    /// # Errors
    /// All that is malformed, and all that names nothing in the project.
    pub fn read(
        select: &[String],
        exclude: &[String],
        project: &Project,
        files: &mut SourceMap,
    ) -> Result<Option<Self>, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut read = |option: &str, values: &[String]| {
            let text = values.join(" ");
            let file = files.add(option.to_owned(), text.clone());
            (!values.is_empty()).then(|| parse::expression(&text, file, option, &mut diagnostics))
        };
        let selection = Self { select: read("--select", select), exclude: read("--exclude", exclude) };
        let given = selection.select.is_some() || selection.exclude.is_some();
        diagnostics.extend(suggest::unmatched(&selection, project));
        diagnostics.sort_by_key(Diagnostic::span);
        if diagnostics.is_empty() { Ok(given.then_some(selection)) } else { Err(diagnostics) }
    }

    /// Whether what it chooses depends on what `main` holds.
    pub fn asks_for_state(&self) -> bool {
        self.expressions().flat_map(Expression::terms).any(|term| matches!(term.criterion, Criterion::State(_)))
    }

    /// The assets that it chooses. `standing` is asked for nothing unless [`Selection::asks_for_state`].
    pub fn assets(&self, project: &Project, standing: &dyn Fn(&Asset) -> Standing) -> BTreeSet<TableName> {
        evaluate::assets(self, project, standing)
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.select.iter().chain(&self.exclude)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = [("--select", &self.select), ("--exclude", &self.exclude)];
        let given = options.iter().filter_map(|(option, expression)| Some((option, expression.as_ref()?)));
        for (position, (option, expression)) in given.enumerate() {
            f.write_str(if position == 0 { "" } else { " " })?;
            f.write_str(option)?;
            for both in &expression.either {
                write!(f, " {}", shell_word(&both.to_string()))?;
            }
        }
        Ok(())
    }
}

/// A word as a shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ',' | ':' | '/' | '+' | '@' | '-');
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
