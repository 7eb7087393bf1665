//! What destinations have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::can_cast_types;
use arrow_json::LineDelimitedWriter;
use arrow_json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{DeclaredColumn, Drift, OnBadRow, ReadMode, ReadPlan, StreamSettings};
use headwater_sdk::destination::{Definition, Mark};
use headwater_sdk::types::type_name;
use headwater_sdk::{Blame, Error, Result, TableName};

use crate::codes;
use crate::database::Kind;

/// Another delivery was faster: what the destination, called `shown`, holds is not what the rows stand on.
pub(crate) fn delivered_meanwhile(shown: &str) -> Error {
    Error::new(codes::DELIVERED_MEANWHILE, Blame::Environment, format!("{shown} was delivered to meanwhile"))
        .help("another run delivers to it: nothing was changed, and the next run goes on from there")
        .transient()
}

/// # Errors
/// When more rows are refused than may be, with the reason of the last one.
pub(crate) fn too_many(count: u64, most: u64, reason: &str) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    let message = format!("more than {most} rows are refused, the last one because: {reason}");
    Err(Error::new(codes::UNDELIVERED, Blame::Data, message)
        .help("correct the rows, or what the destination takes; or let more pass with `most_undelivered`"))
}

/// A row as a JSON object, without the characters that a database cannot hold.
pub(crate) fn as_json(row: &RecordBatch) -> String {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    let written = writer.write(row).and_then(|()| writer.finish());
    let text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    match written {
        Ok(()) => text.trim_end().replace("\\u0000", "\u{fffd}"),
        Err(error) => serde_json::json!({ "unreadable": error.to_string() }).to_string(),
    }
}

/// The row of an object; `None` when it is none of the schema's any more.
pub(crate) fn row_of(schema: &SchemaRef, json: &str) -> Option<RecordBatch> {
    let mut decoder = arrow_json::ReaderBuilder::new(Arc::clone(schema)).with_batch_size(1).build_decoder().ok()?;
    let read = decoder.decode(json.as_bytes()).ok()?;
    let rows = decoder.flush().ok()??;
    (read == json.len() && rows.num_rows() == 1).then_some(rows)
}

/// What writes the values of a column as JSON, a key whose value is null included.
///
/// # Errors
/// When the column has a type that nothing is known of: a defect.
pub(crate) fn json_encoder<'a>(field: &'a FieldRef, array: &'a ArrayRef) -> Result<NullableEncoder<'a>> {
    static EXPLICIT: std::sync::OnceLock<EncoderOptions> = std::sync::OnceLock::new();
    let options: &'static EncoderOptions = EXPLICIT.get_or_init(|| EncoderOptions::default().with_explicit_nulls(true));
    make_encoder(field, array, options).map_err(|e| {
        let message = format!("column '{}' cannot be written as JSON", field.name());
        Error::new(codes::DEFECT, Blame::Headwater, message).caused_by(e)
    })
}

/// The mark of a delivery, of the text that a destination's `table` has of it.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn mark_of(text: &str, delivery: &str, table: &str) -> Result<Mark> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!("the mark of {delivery} in {table} cannot be read");
        Error::new(codes::NO_TARGET, Blame::Environment, message)
            .help("another version of Headwater has written it: use that one, or delete this row, and all rows are delivered again")
            .caused_by(error)
    })
}

/// The text that a destination keeps of a mark.
///
/// # Errors
/// When it cannot be written: a defect.
pub(crate) fn text_of(mark: &Mark) -> Result<String> {
    serde_json::to_string(mark)
        .map_err(|error| Error::new(codes::DEFECT, Blame::Headwater, "a mark cannot be written").caused_by(error))
}

/// The types in which columns were delivered before, by their names, as a [mark](Mark) has them.
pub(crate) fn types_before(mark: Option<&Mark>) -> BTreeMap<String, String> {
    let known = mark.and_then(|mark| Definition::read(&mark.definition));
    known.map(|known| known.columns.into_iter().zip(known.types).collect()).unwrap_or_default()
}

/// Whether a column was delivered in another type before.
pub(crate) fn is_changed(before: &BTreeMap<String, String>, field: &Field) -> bool {
    before.get(field.name()).is_some_and(|before| *before != type_name(field.data_type()))
}

/// A column's type has changed in the lake, and the destination's column, which is not the delivery's to alter, has not. `table` is what is delivered to,
/// `statement` what helps.
pub(crate) fn too_narrow(table: &str, field: &Field, there: &str, statement: &str) -> Error {
    let (name, now) = (field.name(), type_name(field.data_type()));
    let message = format!("{table}: the column '{name}' is {there}, and in the lake it is {now} now");
    Error::new(codes::NO_TARGET, Blame::Project, message).help(format!(
        "values would be changed or refused there: {statement}; or leave it out of the delivery with `exclude: {name}`"
    ))
}

/// A column whose name the destination cannot have. `table` is what is delivered to, `why` says what stands in the way.
pub(crate) fn no_such_name(table: &str, column: &str, why: &str) -> Error {
    let message = format!("{table}: there can be no column '{column}' there: {why}");
    Error::new(codes::NO_TARGET, Blame::Project, message).help(
        "give it another name in a model (`as`), and deliver that; or leave it out of the delivery with `exclude`",
    )
}

/// What is wrong with options that no person wrote.
pub(crate) fn options_error(wrong: OptionsError) -> Error {
    Error::new(codes::NO_TARGET, Blame::Headwater, wrong.message)
}

/// How rows are read back that were delivered: in the types of `schema`, whatever the system says of its columns.
pub(crate) fn read_back(schema: &Schema) -> Result<StreamSettings> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| DeclaredColumn { name: field.name().clone(), data_type: Some(field.data_type().clone()) });
    Ok(StreamSettings {
        table: TableName::new("delivered", "rows")
            .map_err(|e| Error::new(codes::NO_TARGET, Blame::Headwater, e.to_string()))?,
        mode: ReadMode::Full,
        on_bad_row: OnBadRow::Reject,
        drift: Drift::Ignore,
        columns: columns.collect(),
        key: Vec::new(),
        lookback: None,
    })
}

/// Plans how rows are read back: in their types, in those that they have there where that is not possible, and without columns that are of such a kind at the destination that what was delivered cannot be told from them.
/// `plan` is asked for columns, in their types or (`false`) in whatever types they have there.
///
/// # Errors
/// When the destination cannot be read, or a column is not there.
pub(crate) async fn plan_back<P: Future<Output = Result<ReadPlan>>>(
    schema: &SchemaRef,
    plan: impl Fn(SchemaRef, bool) -> P,
) -> Result<ReadPlan> {
    let refused = match plan(Arc::clone(schema), true).await {
        Err(error) if error.blame != Blame::Environment && schema.fields().len() > 1 => error,
        planned => return planned,
    };
    let (mut readable, mut others) = (Vec::new(), 0);
    for field in schema.fields() {
        let alone: SchemaRef = Arc::new(Schema::new(vec![Arc::clone(field)]));
        match plan(Arc::clone(&alone), true).await {
            Ok(_) => readable.push(Arc::clone(field)),
            Err(error) => {
                let as_it_is = plan(alone, false).await.ok();
                let as_it_is = as_it_is.and_then(|plan| plan.schema.field_with_name(field.name()).ok().cloned());
                let Some(there) = as_it_is else { return Err(error) };
                // Who compares can make what was delivered of it.
                if is_comparable(there.data_type(), field.data_type()) {
                    others += 1;
                    readable.push(Arc::new(there));
                }
            }
        }
    }
    if readable.is_empty() || (others == 0 && readable.len() == schema.fields().len()) {
        return Err(refused);
    }
    plan(Arc::new(Schema::new(readable)), true).await
}

/// Whether values of one type can be told from those of another one when they are cast to it.
fn is_comparable(there: &DataType, lake: &DataType) -> bool {
    let is_plain = |one: &DataType| !matches!(Kind::of(one), Kind::Other);
    is_plain(there) && is_plain(lake) && can_cast_types(there, lake)
}
