//! What is to be written of a table, and how.

use arrow::datatypes::SchemaRef;
use datafusion::logical_expr::LogicalPlan;
use deltalake_core::kernel::Action;
use headwater_sdk::Result;
use headwater_sdk::check::CompiledCheck;
use headwater_sdk::connector::ReadPart;
use headwater_sdk::engine::{Refresh, WriteMode};
use headwater_sdk::method::Method;

use super::history::{self, Amending, Snapshot};
use super::incremental::{self, Case, Work};
use super::keyed::Taking;
use super::stay::Stay;
use crate::Lake;
use crate::lake::delete;
use crate::lake::table::TableVersion;

/// Where the rows to be written come from.
pub(super) enum Rows {
    Source { schema: SchemaRef, parts: Vec<Box<dyn ReadPart>> },
    Keyed(Box<Taking>),
    Plan(LogicalPlan),
    History(Box<Amending>),
}

/// What is to be written, and how.
pub(super) struct Decided {
    pub(super) rows: Rows,
    pub(super) mode: WriteMode,
    pub(super) deletes: Vec<Action>,
    pub(super) refresh: Option<Refresh>,
    pub(super) stay: Option<Stay>,
    pub(super) properties: Vec<(&'static str, String)>,
}

impl Decided {
    /// All rows that there are to write.
    pub(super) fn whole(rows: Rows, mode: WriteMode, refresh: Option<Refresh>) -> Self {
        Self { rows, mode, deletes: Vec::new(), refresh, stay: None, properties: Vec::new() }
    }

    /// What a model's table lacks, or all of it.
    pub(super) async fn by(case: &Case<'_>, method: &Method) -> Result<Self> {
        let work = match method {
            Method::Incremental { how, range, .. } => Ok(case.choose(how, *range).await?),
            Method::Whole | Method::History { .. } | Method::Snapshots { .. } => case.decide().await?,
        };
        let Work { plan, deletes, refresh } = match work {
            Ok(work) => work,
            Err(why) => {
                let refresh = Refresh::Full { because: Some(why) };
                return Ok(Self::whole(Rows::Plan(case.plan.clone()), WriteMode::Replace, Some(refresh)));
            }
        };
        let stay = Stay::new(case.since, &refresh, case.lossy_references().await?);
        let (rows, mode) = (Rows::Plan(plan), WriteMode::Append);
        Ok(Self { rows, mode, deletes, refresh: Some(refresh), stay: Some(stay), properties: Vec::new() })
    }

    /// Versions that end and begin. How many, the walk along them tells.
    pub(super) async fn history(parts: history::Parts<'_>, checks: &[CompiledCheck]) -> Result<Self> {
        let (plan, case) = (parts.plan, parts.case);
        let lossy = history::lossy_references(case, checks).await?;
        let stay = Stay::kept(case.map(|case| case.since), lossy);
        let Some(amending) = Amending::begin(parts).await? else {
            let (rows, refresh) = (Rows::Plan(incremental::nothing(plan)), Some(Refresh::Nothing));
            return Ok(Self { stay: Some(stay), ..Self::whole(rows, WriteMode::Append, refresh) });
        };
        let properties = amending.properties();
        let mode = if amending.begins { WriteMode::Replace } else { WriteMode::Append };
        let stay = (!amending.begins).then_some(stay);
        Ok(Self { stay, properties, ..Self::whole(Rows::History(Box::new(amending)), mode, None) })
    }

    /// Rows as they are now, beside those of other times.
    pub(super) async fn snapshot(
        snapshot: Snapshot,
        lake: &Lake,
        previous: Option<&TableVersion>,
        case: Option<&Case<'_>>,
        checks: &[CompiledCheck],
    ) -> Result<Self> {
        let Snapshot { plan, removed, replaced, expired, begins } = snapshot;
        let refresh = Some(Refresh::Snapshot { replaced, expired });
        let Some(previous) = previous.filter(|_| !begins) else {
            return Ok(Self::whole(Rows::Plan(plan), WriteMode::Replace, refresh));
        };
        let deletes = delete::actions(lake.location(), previous, &removed).await?;
        let stay = Stay::kept(case.map(|case| case.since), history::lossy_references(case, checks).await?);
        Ok(Self { deletes, stay: Some(stay), ..Self::whole(Rows::Plan(plan), WriteMode::Append, refresh) })
    }
}
