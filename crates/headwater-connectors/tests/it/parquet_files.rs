//! Parquet files.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array,
};
use headwater_sdk::connector::Drift;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::json;

use crate::project::{Project, assert_error, block_on, load, named, plan, rows, stream, table};

fn parquet(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties =
        WriterProperties::builder().set_compression(compression).set_max_row_group_row_count(Some(1000)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn row_groups_are_read_in_order_whatever_the_compression() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let project = Project::new();
        let ids: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..2500));
        let at: ArrayRef =
            Arc::new(TimestampNanosecondArray::from_iter_values((0..2500).map(|n| n * 1000)).with_timezone("UTC"));
        project.write("t.parquet", parquet(vec![("id", ids), ("at", at)], compression));
        assert_eq!(
            project.columns("t.parquet", json!({})),
            [("id".to_owned(), "bigint".to_owned()), ("at".to_owned(), "timestamp".to_owned())]
        );
        let loaded = project.load("t.parquet", json!({})).unwrap();
        assert_eq!(loaded.rows.len(), 2500);
        assert_eq!(loaded.rows[2499], ["2499", "1970-01-01T00:00:00.002499Z"]);
    }
}

#[test]
fn columns_go_by_name_and_types_must_agree() {
    let project = Project::new();
    let ints = |values: &[i32]| Arc::new(Int32Array::from(values.to_vec())) as ArrayRef;
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    project.write("1.parquet", parquet(vec![("a", ints(&[1])), ("b", text("x"))], Compression::SNAPPY));
    project.write("2.parquet", parquet(vec![("b", text("y")), ("a", ints(&[2]))], Compression::SNAPPY));
    assert_eq!(project.load("*.parquet", json!({})).unwrap().rows, rows(&[["1", "x"], ["2", "y"]]));
    let wide = Arc::new(Int64Array::from(vec![1_i64 << 40])) as ArrayRef;
    project.write("3.parquet", parquet(vec![("a", wide), ("b", text("z"))], Compression::SNAPPY));
    assert_error(project.load("*.parquet", json!({})), "HW0308", &["column 'a' is bigint and not int in 3.parquet"]);
    let project = project.with(|s| s.drift = Drift::Add);
    assert_eq!(project.load("*.parquet", json!({})).unwrap().rows[2], ["1099511627776", "z"]);
    let project = project.with(|s| s.drift = Drift::Ignore);
    let loaded = project.load("*.parquet", json!({})).unwrap();
    assert_eq!((loaded.rows.len(), loaded.rejected.len()), (2, 1));
    assert_eq!((loaded.rejected[0].file.as_str(), loaded.rejected[0].line), ("3.parquet", 1));
    assert_eq!(loaded.rejected[0].raw, "a=1099511627776, b=z");
}

#[test]
fn values_that_do_not_fit_are_bad_rows_with_their_number() {
    let project = Project::new().declare("x", "bigint");
    let floats =
        Arc::new(Float64Array::from_iter_values((0..3000).map(|n| if n == 2500 { 0.5 } else { f64::from(n) })));
    project.write("t.parquet", parquet(vec![("x", floats as ArrayRef)], Compression::SNAPPY));
    let loaded = project.load("t.parquet", json!({})).unwrap();
    assert_eq!(loaded.rows.len(), 2999);
    assert_eq!(loaded.reasons(), [("t.parquet".to_owned(), 2501, "column 'x': '0.5' is not a bigint".to_owned())]);
}

#[test]
fn a_large_file_is_read_in_parts_that_know_their_place() {
    let project = Project::new().declare("x", "bigint");
    let count = 2_500_000_u64;
    // Without a pattern, so that the file is as large as its values.
    let value = |n: u64| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24) as f64;
    let bad = [0, 999, 1_000, 1_250_000, 2_499_999];
    let floats = Float64Array::from_iter_values((0..count).map(|n| if bad.contains(&n) { 0.5 } else { value(n) }));
    project.write("t.parquet", parquet(vec![("x", Arc::new(floats) as ArrayRef)], Compression::UNCOMPRESSED));
    let planned =
        block_on(async { plan(&*project.open(stream("t.parquet", json!({}))).unwrap(), None, None).await.unwrap() });
    let size = std::fs::metadata(project.path().join("t.parquet")).unwrap().len();
    assert!(planned.parts.len() > 2, "{} parts of {size} bytes", planned.parts.len());
    assert_eq!(planned.parts.iter().map(|part| part.bytes()).sum::<u64>(), size);
    let loaded = block_on(load(planned)).unwrap();
    let lines: Vec<u64> = loaded.rejected.iter().map(|row| row.line).collect();
    assert_eq!(lines, bad.map(|n| n + 1));
    let expected = (0..count).filter(|n| !bad.contains(n)).map(|n| vec![format!("{}", value(n) as i64)]);
    assert!(loaded.rows.into_iter().eq(expected), "each row once, in order");
}

#[test]
fn a_narrower_file_is_read_into_a_wider_table() {
    let project = Project::new();
    project
        .write("t.parquet", parquet(vec![("a", Arc::new(Int32Array::from(vec![7])) as ArrayRef)], Compression::SNAPPY));
    block_on(async {
        let opened = project.open(stream("*.parquet", json!({}))).unwrap();
        let planned = plan(&*opened, Some(table(&[("a", "double")])), None).await.unwrap();
        assert_eq!((named(&planned.schema)[0].1.as_str(), planned.drift.len()), ("double", 0));
        assert_eq!(load(planned).await.unwrap().rows, rows(&[["7.0"]]));
    });
}

#[test]
fn damage_is_found() {
    let project = Project::new();
    let whole = parquet(vec![("a", Arc::new(Int64Array::from_iter_values(0..5000)) as ArrayRef)], Compression::SNAPPY);
    for length in [0, 3, 8, whole.len() / 2, whole.len() - 1] {
        project.write("t.parquet", &whole[..length]);
        assert_error(project.load("t.parquet", json!({})), "HW0305", &["t.parquet"]);
    }
    project.write("t.parquet", "a,b\n1,2\n3,4\n");
    assert_error(project.load("t.parquet", json!({})), "HW0305", &["t.parquet"]);
}
