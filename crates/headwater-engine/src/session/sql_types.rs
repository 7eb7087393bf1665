//! What the names of types in SQL mean, where the query engine has another opinion.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast;

/// The offset of a timestamp with a time zone.
pub(super) const UTC: &str = "+00:00";

/// A timestamp has microseconds, as in the lake and in PostgreSQL, unless its precision is given. (Nanoseconds, the query
/// engine's default, end in the year 2262: `9999-12-31` could not be written.)
#[derive(Debug)]
pub(crate) struct SqlTypes;

impl TypePlanner for SqlTypes {
    fn plan_type_field(&self, sql_type: &ast::DataType) -> Result<Option<FieldRef>> {
        let ast::DataType::Timestamp(None, zone) = sql_type else { return Ok(None) };
        let zone = match zone {
            ast::TimezoneInfo::Tz | ast::TimezoneInfo::WithTimeZone => Some(UTC.into()),
            ast::TimezoneInfo::None | ast::TimezoneInfo::WithoutTimeZone => None,
        };
        Ok(Some(Arc::new(Field::new("", DataType::Timestamp(TimeUnit::Microsecond, zone), true))))
    }
}
