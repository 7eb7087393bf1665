//! A look at every source: its columns, and what there is to read since the last load.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::{Schema, SchemaRef};
use futures::StreamExt;
use headwater_project::plan::{Desired, definition, needs_reload};
use headwater_project::{Asset, AssetKind, Project, StreamAsset};
use headwater_sdk::connector::{
    ALTERED, ConnectorType, DRIFTED, Drift, ReadMode, ReadPlan, Source as System, SourceStream, UNLOGGED,
};
use headwater_sdk::{Blame, Error, Relation, Result, TableName};

use super::system::{Systems, open_stream};
use crate::lake::{Base, Lake};
use crate::scope::Scope;

/// How many sources are looked at at once.
const PARALLEL_LOOKS: usize = 8;

/// An opened source and what planning its load depends on.
pub(crate) struct Source {
    /// What the stream is a part of; the same for all of its streams.
    pub(crate) system: Arc<dyn System>,
    stream: Arc<dyn SourceStream>,
    table: Option<SchemaRef>,
    position: Option<serde_json::Value>,
    /// Whether rows are added to those of the table.
    appends: bool,
    /// Whether all is read again in the table's columns, as the table's rows are others in the source now.
    is_anew: AtomicBool,
    /// Why a look found that all has to be read again.
    pub(crate) because: Option<String>,
    /// Where what the table holds is kept, as it begins anew with other columns, and why.
    pub(crate) begins_anew: Option<(TableName, String)>,
    /// The plan of the look, for the first attempt at loading. Its parts can be read only once.
    look: Mutex<Option<ReadPlan>>,
}

impl Source {
    /// The plan of the look, or a new one when it has been used.
    pub(crate) async fn read_plan(&self) -> Result<ReadPlan> {
        let kept = self.look.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            Some(plan) => Ok(plan),
            None => self.plan().await,
        }
    }

    async fn plan(&self) -> Result<ReadPlan> {
        if self.is_anew() {
            return self.stream.plan(self.table.clone(), None).await;
        }
        if self.appends && self.table.is_some() && self.position.is_none() {
            // Everything would be loaded a second time.
            return Err(Error::new("HW0921", Blame::Environment, "what it has loaded is not known any more")
                .help("its log was cleaned by another program; --full-refresh loads everything again"));
        }
        self.stream.plan(self.table.clone(), self.position.clone()).await
    }

    /// A plan with the columns that the load has come upon and that the one before did not have; `None` when there are none, or they cannot
    /// be taken. What begins a new version of a table has to be known before it is read.
    pub(crate) async fn wider_plan(&self, drift: Drift) -> Option<ReadPlan> {
        let may = drift != Drift::NewVersion || self.table.is_none();
        if may && self.stream.has_more_columns() { self.plan().await.ok() } else { None }
    }

    /// Why the table begins anew, and what becomes of what it holds.
    fn why_anew(&self) -> Option<String> {
        match &self.begins_anew {
            Some((kept, why)) => Some(format!("{why}: the table begins anew, and what it holds is kept as {kept}")),
            None => self.because.as_ref().map(|why| format!("{why}: the table is read anew")),
        }
    }

    /// Takes up that the table has to be read anew from here on, if an error says so and the policy lets it.
    pub(crate) fn begin_anew(&self, error: &Error, drift: Drift) -> bool {
        let may = error.code == UNLOGGED || (error.code == ALTERED && drift != Drift::Fail);
        may && !self.is_anew.swap(true, Ordering::Relaxed)
    }

    /// Takes up that the table has to be read anew from here on: it was rolled back, and its changes since are gone.
    pub(crate) fn begin_anew_after_rollback(&self) {
        self.is_anew.store(true, Ordering::Relaxed);
    }

    /// Whether it does, or begins with other columns: its rows are not added to those that are there.
    pub(crate) fn is_anew(&self) -> bool {
        self.is_anew.load(Ordering::Relaxed) || self.begins_anew.is_some()
    }

    /// What had led to the position of the published table and is no longer there to load again.
    pub(crate) async fn vanished(&self, position: serde_json::Value) -> Result<Vec<String>> {
        self.stream.vanished(position).await
    }
}

/// What looking at a source tells.
pub(crate) struct Look {
    pub(super) schema: SchemaRef,
    pub(super) desired: Desired,
    pub(super) source: Source,
}

/// Looks at the streams and seeds that are in a scope or read there.
pub(super) async fn look_at_all(
    project: &Project,
    connectors: &[Box<dyn ConnectorType>],
    lake: &Lake,
    base: &Base,
    full_refresh: bool,
    scope: &Scope,
) -> BTreeMap<TableName, Result<Look>> {
    let systems = &Systems::new(project, connectors);
    let mut waiting = Vec::new();
    for asset in project.assets.iter().filter(|asset| scope.resolves(&asset.name) || scope.reads(&asset.name)) {
        if let AssetKind::Stream(stream) | AssetKind::Seed(stream) = &asset.kind {
            let full = full_refresh && scope.resolves(&asset.name);
            waiting.push(async move {
                let look = look(asset, stream, systems, lake, base, full).await;
                (asset.name.clone(), look)
            });
        }
    }
    futures::stream::iter(waiting).buffer_unordered(PARALLEL_LOOKS).collect().await
}

async fn look(
    asset: &Asset,
    stream: &StreamAsset,
    systems: &Systems<'_>,
    lake: &Lake,
    base: &Base,
    full_refresh: bool,
) -> Result<Look> {
    let system = systems.of(stream)?;
    let opened = open_stream(system.as_ref(), stream, stream.settings.clone())?;
    let reload = needs_reload(&definition(asset), base.states.get(&asset.name), full_refresh);
    let published = match base.relation(&asset.name).filter(|relation| relation.version().is_some()) {
        Some(relation) => Some((relation, lake.engine.schema(&base.relations(), &asset.name).await?)),
        None => None,
    };
    let appends = stream.settings.mode.adds_rows();
    let mut unpublished = false;
    let (table, position) = match &published {
        Some((relation, schema)) if !reload => {
            // Rows are added to the log's newest version, whatever is published: its position is the one that counts. The
            // newest version on a branch is the one that it shows.
            let newest = match base.branch {
                None => lake.engine.head_version(&asset.name).await?.map(|version| Relation::Table { version }),
                Some(_) => None,
            };
            let newest = newest.as_ref().unwrap_or(relation);
            unpublished = appends && newest.version() > relation.version();
            let position = if appends { lake.engine.position(&asset.name, newest).await? } else { None };
            (Some(Arc::clone(schema)), position)
        }
        _ => (None, None),
    };
    let mut source = Source {
        system,
        stream: opened,
        table,
        position,
        appends,
        is_anew: AtomicBool::new(false),
        because: None,
        begins_anew: None,
        look: Mutex::default(),
    };
    let mut planned = source.plan().await;
    if let Err(error) = &planned
        && stream.settings.drift == Drift::NewVersion
        && error.code == DRIFTED
        && source.table.is_some()
    {
        source.begins_anew = Some((next_version(base, &asset.name), error.message.clone()));
        (source.table, source.position) = (None, None);
        planned = source.plan().await;
    }
    if let Err(error) = &planned
        && source.begin_anew(error, stream.settings.drift)
    {
        source.because = Some(error.message.clone());
        planned = source.plan().await;
    }
    if planned.is_err()
        && stream.settings.mode == ReadMode::Cdc
        && source.position.is_some()
        && let Some(to) = lake.rolled_back(base, &asset.name).await?
    {
        // The source was told that all up to the newer snapshot had been taken up, and may hold it no more.
        (source.table, source.position, source.is_anew) = (None, None, AtomicBool::new(true));
        planned = source.plan().await;
        source.because = Some(after_rollback(to));
    }
    let planned = planned.and_then(|plan| {
        refuse_names_alike(&plan.schema)?;
        Ok(plan)
    });
    match (planned, published) {
        (Ok(plan), _) => {
            let schema = lake.engine.lake_schema(&plan.schema)?;
            let desired = Desired {
                source: Some(plan.fingerprint.clone()),
                arrived: (!plan.parts.is_empty()).then(|| plan.description.clone()),
                changed: plan.changed.clone(),
                unpublished,
                begins_anew: source.why_anew(),
                ..Desired::default()
            };
            source.look = Mutex::new(Some(plan));
            Ok(Look { schema, desired, source })
        }
        // The table's columns are known: the rest of the project can be planned, and loading it tells what is wrong.
        (Err(error), Some((_, schema))) => {
            let desired = Desired { trouble: Some(error.full_message()), ..Desired::default() };
            Ok(Look { schema, desired, source })
        }
        (Err(error), None) => Err(error),
    }
}

/// Refuses columns that differ in letter case only: a table cannot hold both.
fn refuse_names_alike(schema: &Schema) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for field in schema.fields() {
        if let Some(other) = seen.insert(field.name().to_lowercase(), field.name()) {
            let message = format!("columns '{other}' and '{}' differ in letter case only", field.name());
            return Err(Error::new("HW0997", Blame::Project, message).help(
                "leave one of them out (`exclude`), or give it another name where it comes from (`as` in a query)",
            ));
        }
    }
    Ok(())
}

/// Why a table is read anew that was rolled back.
pub(crate) fn after_rollback(to: u64) -> String {
    format!("it was rolled back to snapshot {to}, and its source does not have what has changed since")
}

/// The name under which what a table holds is kept when it begins anew.
fn next_version(base: &Base, table: &TableName) -> TableName {
    let relations = base.relations();
    let versions = relations.keys().filter(|name| name.owner() == *table).filter_map(TableName::version_number);
    table.version(versions.max().unwrap_or(0) + 1)
}
