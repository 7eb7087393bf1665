//! Scripts: programs that read tables and yield one.

use std::collections::BTreeMap;
use std::fmt;

use headwater_diagnostics::Span;
use headwater_sdk::TableName;
use headwater_sdk::connector::OnBadRow;
use headwater_sdk::engine::Layout;
use headwater_sdk::lineage::ColumnRef;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::script::DataFormat;

/// When a script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptRefresh {
    /// When what it reads, its files or its declaration have changed.
    Auto,
    /// Every time: it reads what nobody else knows of.
    Always,
}

/// A program, what it reads, and what becomes of its rows. Its `Debug` shows no variables, since they may hold secrets.
#[derive(Clone)]
pub struct ScriptAsset {
    /// The program's name or path, and its arguments. Never empty.
    pub command: Vec<String>,
    /// The folder of its declaration, which it is run in, relative to the project.
    pub folder: String,
    /// What it reads, in order.
    pub inputs: Vec<ScriptInput>,
    /// How it reads rows.
    pub input_format: DataFormat,
    /// How it writes them.
    pub output_format: DataFormat,
    /// What happens to a row of text that cannot be read.
    pub on_bad_row: OnBadRow,
    /// For each of its columns what the project says that it is made from; `None` for all that the script reads.
    pub from: Vec<Option<Vec<(ColumnRef, Span)>>>,
    /// The files that are a part of its definition, relative to the project, each with a hash of its contents; sorted.
    pub files: Vec<(String, String)>,
    /// The project's variables that it is given, with their values.
    pub vars: BTreeMap<String, serde_json::Value>,
    /// The variables of its environment, with secrets in them.
    pub env: BTreeMap<String, String>,
    /// The same as they are written, with `${NAME}` in place of secrets: what may be kept and compared.
    pub written_env: serde_json::Value,
    /// How long it may take, in seconds.
    pub timeout: Option<u64>,
    /// When it is run.
    pub refresh: ScriptRefresh,
    /// The columns that partition the table's files.
    pub partition_by: Vec<String>,
    /// Where each of [`ScriptAsset::partition_by`] is written.
    pub partition_spans: Vec<Span>,
    /// How its rows are to lie in files. It is no part of the definition: it changes no row.
    pub layout: Layout,
    /// Where each of the columns is written that its rows are clustered by.
    pub cluster_spans: Vec<Span>,
}

impl ScriptAsset {
    /// Whether rows that cannot be read are kept beside its table. Those of an Arrow stream are read all or none.
    pub fn keeps_rejected(&self) -> bool {
        self.output_format != DataFormat::Arrow && self.on_bad_row == OnBadRow::Reject
    }
}

/// A table that a script reads.
#[derive(Debug, Clone)]
pub struct ScriptInput {
    /// The table.
    pub table: TableName,
    /// Where it is named.
    pub span: Span,
    /// The columns that are read of it, and where each is named; `None` for all.
    pub columns: Option<Vec<(String, Span)>>,
    /// The condition of the rows that are read, and where it is written.
    pub filter: Option<(String, Span)>,
}

impl ScriptInput {
    /// The query whose rows the program reads.
    pub fn sql(&self) -> String {
        let columns = match &self.columns {
            None => "*".to_owned(),
            Some(columns) => {
                let quoted = columns.iter().map(|(name, _)| quote_identifier(name));
                quoted.collect::<Vec<_>>().join(", ")
            }
        };
        let filter = self.filter.as_ref().map(|(condition, _)| format!(" where (\n{condition}\n)")).unwrap_or_default();
        format!("select {columns} from {}{filter}", self.table)
    }
}

impl fmt::Debug for ScriptAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptAsset")
            .field("command", &self.command)
            .field("inputs", &self.inputs)
            .field("files", &self.files)
            .field("written_env", &self.written_env)
            .finish_non_exhaustive()
    }
}
