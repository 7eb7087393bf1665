//! `headwater show`: the tables, or one of them.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use clap::Args;
use futures::StreamExt;
use headwater_diagnostics::nearest;
use headwater_project::{Project, Reach};
use headwater_run::Lake;
use headwater_sdk::check::{CheckResult, Verdict};
use headwater_sdk::engine::Past;
use headwater_sdk::store::{AssetState, SnapshotRecord};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Relation, TableName};
use serde_json::json;

use crate::cli::Global;
use crate::console::Console;
use crate::failure::Failure;
use crate::reading::Reading;
use crate::render::rows::{RowTable, cells};
use crate::render::style::{Style, one_line};
use crate::render::table::{Cell, Column, Table};
use crate::render::units::count;
use crate::wiring::lake::{self, Access};
use crate::wiring::project;

/// Lists what is published, or describes one table: its columns, its checks in the run that published it, its first
/// rows.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The table [default: a list of all]
    table: Option<TableName>,
    #[command(flatten)]
    reading: Reading,
    /// First rows to show
    #[arg(short = 'n', long, value_name = "ROWS", default_value_t = 5)]
    rows: usize,
}

pub(crate) async fn show(args: &ShowArgs, global: &Global, console: &Console) -> Result<u8, Failure> {
    let opened = project::open(None, global, console, Reach::LAKE)?;
    let lake = lake::open(&opened.project, Access::Read)?;
    let snapshot = args.reading.snapshot(&lake).await?.ok_or_else(lake::nothing_published)?;
    match &args.table {
        None => list(&opened.project, &snapshot, console)?,
        Some(table) => {
            let details = Details::read(&opened.project, &lake, &snapshot, table, args.rows)
                .await
                .map_err(|failure| failure.of_reading(&snapshot, args.reading.chosen()))?;
            if console.json {
                console.out_json(&details.to_json()?)?;
            } else {
                console.out(&details.to_text(console)?)?;
            }
        }
    }
    Ok(0)
}

fn list(project: &Project, snapshot: &SnapshotRecord, console: &Console) -> Result<(), Failure> {
    let describe = |name: &TableName| project.asset(name).and_then(|asset| asset.description.clone());
    if console.json {
        let tables: BTreeMap<String, _> = snapshot
            .relations
            .iter()
            .map(|(name, relation)| (name.to_string(), json!({ "relation": relation, "description": describe(name) })))
            .collect();
        return console.out_json(&json!({ "snapshot": snapshot.id, "tables": tables }));
    }
    let mut table = Table::new(vec![
        Column::text("table"),
        Column::text("kind").optional(2),
        Column::number("version").optional(3),
        Column::text("description").optional(1),
    ]);
    for (name, relation) in &snapshot.relations {
        let (kind, version) = kind(relation);
        let description = one_line(describe(name).unwrap_or_default().trim());
        table.push(vec![name.to_string().into(), kind.into(), version.into(), description.into()]);
    }
    console.out(&table.render(console.width(), console.color_out))
}

fn kind(relation: &Relation) -> (&'static str, String) {
    match relation {
        Relation::Table { version } | Relation::Staged { version, .. } => ("table", version.to_string()),
        Relation::View { .. } => ("view", String::new()),
    }
}

/// What there is to say about a table.
struct Details {
    name: TableName,
    snapshot: u64,
    relation: Relation,
    description: Option<String>,
    owner: Option<String>,
    schema: SchemaRef,
    /// Description and tags, by column.
    said: BTreeMap<String, (Option<String>, Vec<String>)>,
    rows: u64,
    state: Option<AssetState>,
    checks: Vec<CheckResult>,
    first: Vec<RecordBatch>,
}

impl Details {
    async fn read(
        project: &Project,
        lake: &Lake,
        snapshot: &SnapshotRecord,
        name: &TableName,
        rows: usize,
    ) -> Result<Self, Failure> {
        let relations = &snapshot.relations;
        let Some(relation) = relations.get(name).cloned() else { return Err(unknown(name, snapshot).into()) };
        let asset = project.asset(name);
        let columns = asset.map(|asset| asset.columns.as_slice()).unwrap_or_default();
        let said = columns.iter().map(|c| (c.name.clone(), (c.description.clone(), c.tags.clone()))).collect();
        let states = lake.store.asset_states(snapshot.id).await?;
        let state = states.into_iter().find(|state| state.asset == *name);
        let checks = match &state {
            Some(state) => checks_of(lake, state).await?,
            None => Vec::new(),
        };
        let counted = lake.engine.query(relations, &Past::new(), &format!("select count(*) as n from {name}")).await?;
        let counted: Vec<RecordBatch> = collect(counted.stream).await?;
        let count =
            counted.first().map(cells).transpose()?.and_then(|rows| rows.first()?.first()?.clone()?.parse().ok());
        let first = lake.engine.query(relations, &Past::new(), &format!("select * from {name} limit {rows}")).await?;
        Ok(Self {
            name: name.clone(),
            snapshot: snapshot.id,
            relation,
            description: asset.and_then(|asset| asset.description.clone()),
            owner: asset.and_then(|asset| asset.owner.clone()),
            schema: lake.engine.schema(relations, name).await?,
            said,
            rows: count.unwrap_or(0),
            state,
            checks,
            first: collect(first.stream).await?,
        })
    }

    fn to_json(&self) -> Result<serde_json::Value, Failure> {
        let columns: Vec<_> = self
            .schema
            .fields()
            .iter()
            .map(|field| {
                let (description, tags) = self.said.get(field.name()).cloned().unwrap_or_default();
                let data_type = type_name(field.data_type());
                json!({ "name": field.name(), "type": data_type, "description": description, "tags": tags })
            })
            .collect();
        let mut lines = Vec::new();
        let mut writer = arrow_json::WriterBuilder::new()
            .with_explicit_nulls(true)
            .build::<_, arrow_json::writer::JsonArray>(&mut lines);
        let unwritable = |e| Error::new("HW0813", Blame::Headwater, "a value cannot be shown").caused_by(e);
        for batch in &self.first {
            writer.write(batch).map_err(unwritable)?;
        }
        writer.finish().map_err(unwritable)?;
        drop(writer);
        let first: serde_json::Value =
            if lines.is_empty() { json!([]) } else { serde_json::from_slice(&lines).map_err(Failure::json)? };
        Ok(json!({
            "table": self.name, "snapshot": self.snapshot, "relation": self.relation, "rows": self.rows,
            "description": self.description, "owner": self.owner, "columns": columns, "checks": self.checks,
            "run": self.state.as_ref().map(|state| &state.run), "first_rows": first,
        }))
    }

    fn to_text(&self, console: &Console) -> Result<String, Failure> {
        let (width, color) = (console.width(), console.color_out);
        let (kind, version) = kind(&self.relation);
        let version = if version.is_empty() { String::new() } else { format!(", version {version}") };
        let name = Style::Bold.paint(&self.name.to_string(), color);
        let mut out = format!("{name}: {kind}{version}, {} rows, in snapshot {}\n", count(self.rows), self.snapshot);
        if let Some(description) = &self.description {
            out.push_str(&format!("{}\n", description.trim_end()));
        }
        if let Some(owner) = &self.owner {
            out.push_str(&format!("owner: {owner}\n"));
        }
        let mut columns = Table::new(vec![
            Column::text("column"),
            Column::text("type"),
            Column::text("tags").optional(2),
            Column::text("description").optional(1),
        ]);
        for field in self.schema.fields() {
            let (description, tags) = self.said.get(field.name()).cloned().unwrap_or_default();
            let description = one_line(description.unwrap_or_default().trim());
            let data_type = type_name(field.data_type());
            columns.push(vec![
                one_line(field.name()).into(),
                data_type.into(),
                tags.join(", ").into(),
                description.into(),
            ]);
        }
        out.push_str(&format!("\n{}", columns.render(width, color)));
        if !self.checks.is_empty() {
            out.push_str(&format!(
                "\nchecks of the load that published it\n{}",
                checks_table(&self.checks).render(width, color)
            ));
        }
        let mut rows = Vec::new();
        for batch in &self.first {
            rows.extend(cells(batch)?);
        }
        if !rows.is_empty() {
            let layout = RowTable::new(&self.schema, &rows, color, true);
            out.push('\n');
            out.push_str(&layout.titles(&self.schema));
            out.extend(rows.iter().map(|row| layout.row(row)));
        }
        Ok(out)
    }
}

fn checks_table(checks: &[CheckResult]) -> Table {
    let mut table = Table::new(vec![
        Column::text("check"),
        Column::text("result"),
        Column::number("failing").optional(1),
        Column::number("of rows").optional(2),
        Column::text("seen").optional(3),
    ]);
    for result in checks {
        let (word, style) = match result.verdict {
            Verdict::Passed => ("passed", Style::Good),
            Verdict::Warned => ("warned", Style::Warn),
            Verdict::Quarantined => ("set rows aside", Style::Warn),
            Verdict::Failed => ("failed", Style::Bad),
        };
        table.push(vec![
            result.check.name.clone().into(),
            Cell::styled(word, style),
            count(result.failing).into(),
            count(result.checked).into(),
            result.observed.clone().unwrap_or_default().into(),
        ]);
    }
    table
}

/// The results of a table's checks in the run that published it.
async fn checks_of(lake: &Lake, state: &AssetState) -> Result<Vec<CheckResult>, Failure> {
    let tasks = lake.store.tasks(&state.run).await?;
    let task = tasks.into_iter().find(|task| task.asset == state.asset);
    Ok(task.and_then(|task| task.staged).map(|staged| staged.checks).unwrap_or_default())
}

async fn collect(mut stream: headwater_sdk::BatchStream) -> Result<Vec<RecordBatch>, Failure> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok(batches)
}

fn unknown(name: &TableName, snapshot: &SnapshotRecord) -> Error {
    let error = Error::new("HW0808", Blame::Project, format!("snapshot {} has no table {name}", snapshot.id));
    let names: Vec<String> = snapshot.relations.keys().map(ToString::to_string).collect();
    match nearest(&name.to_string(), names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help("`headwater show` lists the tables"),
    }
}
