//! What a person should know of a stream that works, and may miss rows or have one twice.

use arrow_schema::{DataType, Schema};
use headwater_sdk::connector::{Finding, ReadMode, Standing, StreamSettings};

/// Keys as they are compared with and without regard to letter case: `columns` are those of the key, each with how the source compares it.
pub(crate) fn of_key(columns: &[(String, String)]) -> Vec<Finding> {
    let finding = |(column, how): &(String, String)| Finding {
        standing: Standing::Warning,
        what: format!(
            "the key '{column}' is compared by {how}, for which 'A' and 'a' are one key, and by the lake letter by letter: a row whose key \
             changes in nothing but this is a second row there"
        ),
        help: Some(format!(
            "choose a `key` that does not change, e.g. a number; or read a `query` that writes it one way: lower({column}) as {column}"
        )),
    };
    columns.iter().map(finding).collect()
}

/// A cursor that is a time. `again` says whether rows that have the very time of the last load's last row are read again.
pub(crate) fn of_cursor(
    settings: &StreamSettings,
    cursor: Option<&str>,
    schema: &Schema,
    again: bool,
) -> Option<Finding> {
    let cursor = cursor.filter(|_| settings.mode == ReadMode::Incremental)?;
    let data_type = schema.field_with_name(cursor).ok()?.data_type();
    let is_time = matches!(data_type, DataType::Date32 | DataType::Timestamp(..));
    let (has_key, looks_back) = (!settings.key.is_empty(), settings.lookback.is_some());
    if !is_time || has_key && (again || looks_back) {
        return None;
    }
    let late = "how late they may come (`lookback: 1h`)";
    let help = match has_key {
        true => format!("say {late}: what is read again takes its own place"),
        false => format!(
            "say which columns tell rows apart (`key: [id]`) and {late}: what is read again takes its own place then; or choose a `cursor` that \
             no two rows share, e.g. a number that only grows"
        ),
    };
    Some(Finding {
        standing: Standing::Warning,
        what: format!(
            "the cursor '{cursor}' is a time: a row that is committed after a load, with the same time as the last row of it or an earlier one, is \
             missed"
        ),
        help: Some(help),
    })
}
