//! `--select` and `--exclude`, for every command that takes them.

use clap::Args;
use headwater_project::select::Selection;

use crate::failure::Failure;
use crate::wiring::project::Opened;

/// How to write expressions, for the help of commands.
pub(crate) const EXPRESSIONS: &str = "\
Expressions of --select and --exclude (docs/reference/selection.md):
  marts.fct_flights      a table; without its schema in every schema; * stands for anything
  marts, marts.*         all tables of a schema
  tag:nightly            what has the tag           owner:ops             what it answers for
  source:raw.flights     streams, also by the name of the source's file
  path:models/marts      what is declared in a file or folder
  state:modified         what main has of another definition, or not (state:new); state:unmodified
  type:view              view, table, scd2, snapshot, model, seed or stream
  +x, x+, 2+x, x+3, @x   with what x is made from, with what is made from it, so many steps, with both for all of these
  a b                    a or b;  a,b  what is both

Examples:
  headwater run --select +marts.fct_flights
  headwater plan --select state:modified+ --exclude tag:slow
  headwater list --select 'path:models/marts,type:view'";

/// What a command is about.
#[derive(Debug, Default, Args)]
pub(crate) struct Selecting {
    /// Only these assets, in the selection grammar of dbt; several are added up (the project's folder stands before them)
    #[arg(short, long, value_name = "EXPR", num_args = 1..)]
    select: Vec<String>,
    /// All but these assets
    #[arg(long, value_name = "EXPR", num_args = 1..)]
    exclude: Vec<String>,
}

impl Selecting {
    /// What it chooses of a project; `None` for all of it.
    pub(crate) fn read(&self, opened: &mut Opened) -> Result<Option<Selection>, Failure> {
        let read = Selection::read(&self.select, &self.exclude, &opened.project, &mut opened.files);
        read.map_err(|diagnostics| {
            let files = Box::new(std::mem::take(&mut opened.files));
            Failure::Project { diagnostics, files }
        })
    }
}
