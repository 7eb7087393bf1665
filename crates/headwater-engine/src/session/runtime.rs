//! What all sessions of a lake share: the memory limit, the spill folder, the storage, the functions.

use std::sync::Arc;

use datafusion::catalog::{CatalogProvider, CatalogProviderList, MemoryCatalogProviderList};
use datafusion::execution::context::{SessionConfig, SessionState};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::TrackConsumersPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::AggregateUDF;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::optimizer::{Analyzer, AnalyzerRule, Optimizer, OptimizerRule};
use headwater_sdk::{Blame, Error, Result};

use super::decimals::ExactDecimals;
use super::estimates;
use super::memory::SpillPool;
use super::overflow::{ExactSum, RefuseOverflow};
use super::scan::ScanLog;
use super::semi_joins::PushDownSemiJoins;
use super::sql_types::{SqlTypes, UTC};
use super::star;
use crate::lake::location::Location;

/// The name of the catalogue that names without one are looked up in.
pub(super) const CATALOG: &str = "lake";
/// How many memory consumers an error names.
const CONSUMERS_NAMED: usize = 3;
/// Spill files may take this much disk before a query is given up (bytes).
const SPILL_LIMIT: u64 = 1 << 40;

/// A sort merges one spill file at a time for each so many bytes of memory, but at least 8 and at most 32: left to itself it
/// takes all memory that it finds, and what follows it in the same query has none to sort in.
const MERGED_AT_ONCE: u64 = 8 << 20;

/// The size (bytes) and the rows up to which a join holds its shorter side as one.
const COLLECTED_BYTES: usize = 32 << 20;
const COLLECTED_ROWS: usize = 1_000_000;

/// See the module's documentation.
#[derive(Clone)]
pub(crate) struct Runtime {
    template: Arc<SessionState>,
    /// Where the object store is registered.
    pub(crate) store_url: ObjectStoreUrl,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Runtime({})", self.store_url)
    }
}

impl Runtime {
    /// A runtime that uses at most `memory` bytes for the states of operators, and temporary files past that.
    pub(crate) fn new(location: &Location, memory: u64, threads: usize) -> Result<Self> {
        let broken = |e: datafusion::common::DataFusionError| {
            Error::new("HW0556", Blame::Environment, "the query engine cannot be set up").caused_by(e)
        };
        let pool = TrackConsumersPool::new(
            SpillPool::new(usize::try_from(memory).unwrap_or(usize::MAX)),
            std::num::NonZeroUsize::new(CONSUMERS_NAMED).unwrap_or(std::num::NonZeroUsize::MIN),
        );
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::OsTmpDirectory)
            .with_max_temp_directory_size(SPILL_LIMIT)
            .with_max_spill_merge_fan_in(usize::try_from(memory / MERGED_AT_ONCE).unwrap_or(usize::MAX).clamp(8, 32));
        let env: Arc<RuntimeEnv> = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(broken)?;
        let store_url = ObjectStoreUrl::parse(location.root_url.as_str()).map_err(broken)?;
        env.register_object_store(&location.root_url, location.root.clone());
        let mut config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_default_catalog_and_schema(CATALOG, "public")
            .with_create_default_catalog_and_schema(false);
        let options = config.options_mut();
        // Timestamps in SQL literals and casts are instants in UTC, as the lake's `timestamp` is.
        options.execution.time_zone = Some(UTC.to_owned());
        // Each sort keeps this much back for merging what it has spilled; with many sorts in a small pool the default
        // (10 MB) would leave nothing to sort in.
        let reservation = usize::try_from(memory / 64).unwrap_or(usize::MAX);
        options.execution.sort_spill_reservation_bytes =
            reservation.min(options.execution.sort_spill_reservation_bytes);
        options.optimizer.use_statistics_registry = true;
        // Sides up to this size are held whole, once for all threads: then the longer side need not be sent around.
        options.optimizer.hash_join_single_partition_threshold = COLLECTED_BYTES;
        options.optimizer.hash_join_single_partition_threshold_rows = COLLECTED_ROWS;
        options.sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        options.catalog.information_schema = true;
        let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![Arc::new(RefuseOverflow)];
        rules.extend(Optimizer::new().rules);
        rules.push(Arc::new(PushDownSemiJoins));
        let mut analyzer: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(ExactDecimals)];
        analyzer.extend(Analyzer::new().rules);
        let mut template = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(env)
            .with_type_planner(Arc::new(SqlTypes))
            .with_statistics_registry(estimates::registry())
            .with_analyzer_rules(analyzer)
            .with_optimizer_rules(rules)
            .with_default_features()
            .build();
        // In place of the query engine's own function of the same name.
        template.register_udaf(Arc::new(AggregateUDF::from(ExactSum::default()))).map_err(broken)?;
        star::register(&mut template).map_err(broken)?;
        template.mark_start_execution();
        Ok(Self { template: Arc::new(template), store_url })
    }

    /// The state without tables, for planning against schemas alone.
    pub(crate) fn template(&self) -> &SessionState {
        &self.template
    }

    /// The state of a session that sees some catalogues.
    pub(super) fn state(&self, catalogs: impl IntoIterator<Item = (String, Arc<dyn CatalogProvider>)>) -> SessionState {
        let list = MemoryCatalogProviderList::new();
        for (name, catalog) in catalogs {
            list.register_catalog(name, catalog);
        }
        let builder = SessionStateBuilder::new_from_existing(self.template.as_ref().clone());
        let mut state = builder.with_catalog_list(Arc::new(list)).build();
        state.config_mut().set_extension(Arc::new(ScanLog::default()));
        // The time that `now()` and `current_date` stand for.
        state.mark_start_execution();
        state
    }
}
