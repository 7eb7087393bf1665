use arrow::array::{
    Array, DictionaryArray, FixedSizeBinaryArray, Int32Array, Int64Array, LargeListArray, LargeStringArray, ListArray,
    StringViewArray, StructArray, TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{Int32Type, IntervalUnit, UnionFields, UnionMode};

use super::*;

fn one(data_type: DataType) -> Result<DataType, UnsupportedType> {
    let schema = Schema::new(vec![Field::new("x", data_type, false)]);
    lake_schema(&schema).map(|lake| lake.field(0).data_type().clone())
}

fn list_of(name: &str, data_type: DataType) -> DataType {
    DataType::List(Arc::new(Field::new(name, data_type, true)))
}

#[test]
fn every_type_has_its_place() {
    let item = || Arc::new(Field::new("item", DataType::UInt8, false));
    let dictionary = |values: DataType| DataType::Dictionary(Box::new(DataType::UInt16), Box::new(values));
    let lake_list = || list_of("element", DataType::Int16);
    for (given, kept) in [
        (DataType::Utf8View, DataType::Utf8),
        (DataType::LargeUtf8, DataType::Utf8),
        (dictionary(DataType::Utf8View), DataType::Utf8),
        (dictionary(DataType::UInt64), DataType::Decimal128(20, 0)),
        (DataType::BinaryView, DataType::Binary),
        (DataType::FixedSizeBinary(16), DataType::Binary),
        (DataType::UInt8, DataType::Int16),
        (DataType::UInt32, DataType::Int64),
        (DataType::Float16, DataType::Float32),
        (DataType::Date64, DataType::Date32),
        (DataType::Timestamp(TimeUnit::Nanosecond, None), DataType::Timestamp(TimeUnit::Microsecond, None)),
        (DataType::Timestamp(TimeUnit::Second, Some("Europe/Vienna".into())), timestamp_utc()),
        (DataType::Decimal256(38, 4), DataType::Decimal128(38, 4)),
        (DataType::Decimal32(5, 2), DataType::Decimal128(5, 2)),
        (DataType::Decimal128(5, -3), DataType::Decimal128(8, 0)),
        (DataType::LargeList(item()), lake_list()),
        (DataType::FixedSizeList(item(), 3), lake_list()),
        (DataType::ListView(item()), lake_list()),
        (
            DataType::Struct(Fields::from(vec![Field::new("p", DataType::LargeUtf8, false)])),
            DataType::Struct(Fields::from(vec![Field::new("p", DataType::Utf8, true)])),
        ),
    ] {
        assert_eq!(one(given.clone()), Ok(kept.clone()), "{given}");
        assert_eq!(one(kept.clone()), Ok(kept.clone()), "the lake's own type must stay: {kept}");
    }
    let entries =
        Fields::from(vec![Field::new("keys", DataType::Utf8View, false), Field::new("values", DataType::UInt8, false)]);
    let map = DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), true);
    let kept = one(map).unwrap();
    assert_eq!(one(kept.clone()), Ok(kept.clone()));
    let DataType::Map(entries, false) = kept else { panic!("{kept}") };
    let DataType::Struct(parts) = entries.data_type() else { panic!("{entries}") };
    assert_eq!((entries.name().as_str(), parts[0].is_nullable(), parts[1].is_nullable()), ("key_value", false, true));
    assert_eq!((parts[0].data_type(), parts[1].data_type()), (&DataType::Utf8, &DataType::Int16));
}

#[test]
fn every_column_may_be_null_and_has_no_metadata() {
    let field = Field::new("x", DataType::Int64, false).with_metadata([("a".to_owned(), "b".to_owned())].into());
    let lake = lake_schema(&Schema::new(vec![field])).unwrap();
    assert!(lake.field(0).is_nullable() && lake.field(0).metadata().is_empty());
}

#[test]
fn what_no_table_holds_is_named_with_a_way_out() {
    let union = DataType::Union(UnionFields::empty(), UnionMode::Dense);
    for bad in [
        DataType::Null,
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Duration(TimeUnit::Second),
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Decimal256(60, 2),
        DataType::Decimal128(38, -1),
        union,
    ] {
        let error = one(bad.clone()).unwrap_err();
        assert_eq!((error.column.as_str(), &error.data_type), ("x", &bad));
        assert!(error.message().contains("'x'") && error.help().contains('x'), "{error:?}");
    }
    let inner = Field::new("took", DataType::Duration(TimeUnit::Second), true);
    let nested = list_of("item", DataType::Struct(Fields::from(vec![inner])));
    let error = one(nested).unwrap_err();
    assert_eq!(error.column, "x.element.took");
    let error = Error::from(error);
    assert_eq!((error.code, error.blame), ("HW0510", Blame::Project));
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, false))).unwrap()
}

#[test]
fn a_batch_takes_the_lakes_types_and_keeps_its_values() {
    let list = LargeListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), Some(vec![])]);
    let dictionary: DictionaryArray<Int32Type> = ["p", "q"].into_iter().collect();
    let point = StructArray::from(vec![(
        Arc::new(Field::new("p", DataType::LargeUtf8, false)),
        Arc::new(LargeStringArray::from(vec!["l", "m"])) as ArrayRef,
    )]);
    let given = batch(vec![
        ("view", Arc::new(StringViewArray::from(vec!["a", "a text longer than twelve bytes"]))),
        ("dictionary", Arc::new(dictionary)),
        ("unsigned", Arc::new(UInt64Array::from(vec![0, u64::MAX]))),
        ("at", Arc::new(TimestampSecondArray::from(vec![0, 1]).with_timezone("+02:00"))),
        ("list", Arc::new(list)),
        ("point", Arc::new(point)),
        ("key", Arc::new(FixedSizeBinaryArray::try_from_iter([[1u8, 2], [3, 4]].into_iter()).unwrap())),
    ]);
    let schema = Arc::new(lake_schema(given.schema_ref()).unwrap());
    let kept = cast_batch(&given, &schema).unwrap();
    assert_eq!(kept.schema_ref(), &schema);
    let shown = arrow::util::pretty::pretty_format_batches(std::slice::from_ref(&kept)).unwrap().to_string();
    for value in
        ["a text longer than twelve bytes", "18446744073709551615", "1970-01-01T00:00:01Z", "[1, ]", "{p: m}", "0304"]
    {
        assert!(shown.contains(value), "{value} is not in\n{shown}");
    }
    let lists = kept.column(4).as_any().downcast_ref::<ListArray>().unwrap();
    assert_eq!((lists.value_length(0), lists.value_length(1)), (2, 0));
}

#[test]
fn columns_that_fit_are_not_copied() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let given = batch(vec![("n", Arc::clone(&numbers)), ("s", Arc::new(StringViewArray::from(vec!["a", "b", "c"])))]);
    let schema = Arc::new(lake_schema(given.schema_ref()).unwrap());
    let kept = cast_batch(&given, &schema).unwrap();
    assert!(Arc::ptr_eq(kept.column(0), &numbers));
    let again = cast_batch(&kept, &schema).unwrap();
    assert!(Arc::ptr_eq(again.column(1), kept.column(1)));
}

#[test]
fn no_columns_keep_their_rows() {
    let options = RecordBatchOptions::new().with_row_count(Some(3));
    let given = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let schema = Arc::new(Schema::empty());
    assert_eq!(cast_batch(&given, &schema).unwrap().num_rows(), 3);
}

#[test]
fn a_value_that_does_not_fit_is_an_error_that_names_the_column() {
    let given = batch(vec![("at", Arc::new(TimestampSecondArray::from(vec![i64::MAX / 2])))]);
    let schema = Arc::new(lake_schema(given.schema_ref()).unwrap());
    let error = cast_batch(&given, &schema).unwrap_err().to_string();
    assert!(error.contains("'at'"), "{error}");
    let other =
        Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Int32, true)]));
    let given = batch(vec![("a", Arc::new(Int32Array::from(vec![1])))]);
    assert!(cast_batch(&given, &other).is_err());
}
