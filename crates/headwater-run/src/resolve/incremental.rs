//! The columns that an incremental model's header names must be there, and of types that can do what they are named for.

use arrow_schema::{DataType, Schema};
use headwater_diagnostics::Diagnostic;
use headwater_project::{Asset, Materialize, ModelAsset};
use headwater_sdk::method::Strategy;
use headwater_sdk::types::type_name;

use super::checks::no_such_column;

/// Verifies a model's choices against the columns of its query.
pub(super) fn verify(asset: &Asset, model: &ModelAsset, schema: &Schema, found: &mut Vec<Diagnostic>) {
    let Materialize::Incremental(how) = &model.materialize else { return };
    for (column, span) in &model.named_columns {
        let Ok(field) = schema.field_with_name(column) else {
            let message = format!("{} has no column '{column}' to tell which rows are new by", asset.name);
            found.push(no_such_column("HW0922", message, *span, column, schema));
            continue;
        };
        let is_time = how.time.as_ref().is_some_and(|time| time.column == *column);
        let wanted = match (&how.strategy, is_time) {
            (Strategy::Append, true) if !grows(field.data_type()) => "a number, a date, a timestamp or a text",
            (Strategy::Append, true) => continue,
            (_, true) if !is_day_or_instant(field.data_type()) => "a date or a timestamp",
            (_, false) if !can_be_key(field.data_type()) => "exact: no floating-point number and nothing nested",
            _ => continue,
        };
        let is = type_name(field.data_type());
        let message = format!("column '{column}' of {} is {is}, and has to be {wanted}", asset.name);
        found.push(
            Diagnostic::error("HW0923", message).at(*span, is).help("cast it in the SQL, or name another column"),
        );
    }
}

fn is_day_or_instant(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

fn grows(data_type: &DataType) -> bool {
    !data_type.is_nested() && !matches!(data_type, DataType::Boolean | DataType::Binary | DataType::Null)
}

fn can_be_key(data_type: &DataType) -> bool {
    !data_type.is_nested() && !data_type.is_floating()
}
