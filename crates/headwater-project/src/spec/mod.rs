//! The structs that YAML is read into. Their JSON Schemas validate it, and are what `headwater schema` prints.

mod checks;
mod columns;
mod destination;
mod formats;
mod history;
mod incremental;
mod model;
mod project;
mod script;
mod source;
mod star;
mod unit_test;

pub(crate) use checks::CheckCommon;
pub(crate) use columns::{ModelColumn, Named, StreamColumn};
pub(crate) use destination::{DeliveryCommon, DestinationCommon};
pub(crate) use formats::{FORMATS, Size};
pub(crate) use history::{DeletesOption, EveryOption};
pub(crate) use incremental::{GrainOption, LateOption, StrategyOption};
pub(crate) use model::{MaterializeOption, ModelHeader, RefreshOption, SeedFile};
pub(crate) use project::{EnvironmentOptions, ProjectFile, SecretOptions};
pub(crate) use script::{InputOption, ScriptColumn, ScriptFile, ScriptRefreshOption};
pub(crate) use source::{FreshnessOptions, LookbackOption, SourceCommon, StreamCommon};
pub(crate) use star::{
    AdditiveOption, BridgeOptions, DimensionOptions, FactOptions, MeasureOption, MemberOption, ReferenceOption,
};
pub(crate) use unit_test::UnitTestFile;
