//! What planning told is kept in a file, and counts only as long as nothing that it was made from has changed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use headwater_engine::{LakeEngine, LakeOptions};
use headwater_sdk::TableName;
use headwater_sdk::engine::Engine;

use super::golden::queries;
use super::tables::schema_of;

fn open(folder: &Path) -> LakeEngine {
    let location = folder.join("lake").display().to_string();
    let analyses = Some(folder.join("analyses"));
    let options =
        LakeOptions { location, storage: Default::default(), memory: 64 << 20, threads: 1, create: true, analyses };
    LakeEngine::open(&options).unwrap()
}

/// What an engine tells of every golden query, errors included.
fn told(engine: &LakeEngine) -> Vec<String> {
    queries().iter().map(|sql| format!("{:?}", engine.analyze(sql, &schema_of))).collect()
}

#[test]
fn what_is_kept_is_what_planning_tells() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("analyses");
    let first = open(folder.path());
    let planned = told(&first);
    assert!(planned.iter().filter(|told| told.starts_with("Ok")).count() > 100, "{}", planned.len());
    assert!(!file.exists());
    first.keep_analyses();
    let inode = || std::fs::metadata(&file).unwrap().ino();
    let written = inode();
    let second = open(folder.path());
    assert_eq!(told(&second), planned);
    // Nothing was planned that would be new: the file was not written again.
    second.keep_analyses();
    assert_eq!(inode(), written);
    // It does not grow by queries that are no longer asked, nor lose them at once.
    let other = open(folder.path());
    other.analyze("select a + 1 as more from s.t", &schema_of).unwrap();
    other.keep_analyses();
    assert_ne!(inode(), written);
    assert_eq!(told(&open(folder.path())), planned);
}

#[test]
fn other_columns_of_an_input_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "select x.*, y.label from s.x x left join s.y y on y.id = x.id";
    let table = |columns: &[(&str, DataType)]| -> SchemaRef {
        let fields = columns.iter().map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    };
    let labels = table(&[("id", DataType::Int64), ("label", DataType::Utf8)]);
    let tell = |x: &SchemaRef, y: Option<&SchemaRef>| {
        let engine = open(folder.path());
        let schemas = |name: &TableName| {
            if name.table() == "x" { Some(Arc::clone(x)) } else { y.cloned() }
        };
        let told = engine.analyze(sql, &schemas).map(|analysis| analysis.schema);
        engine.keep_analyses();
        told
    };
    let narrow = table(&[("id", DataType::Int64)]);
    let wide = table(&[("id", DataType::Int64), ("a", DataType::Date32)]);
    let retyped = table(&[("id", DataType::Int32)]);
    let names = |schema: SchemaRef| schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
    let columns = |x: &SchemaRef| -> Vec<String> { names(tell(x, Some(&labels)).unwrap()) };
    for _ in 0..2 {
        assert_eq!(columns(&narrow), ["id Int64", "label Utf8"]);
        assert_eq!(columns(&wide), ["id Int64", "a Date32", "label Utf8"]);
        assert_eq!(columns(&retyped), ["id Int32", "label Utf8"]);
        assert_eq!(tell(&retyped, None).unwrap_err().code, "HW0503");
    }
}

#[test]
fn a_damaged_file_changes_nothing_but_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("analyses");
    let first = open(folder.path());
    let planned = told(&first);
    first.keep_analyses();
    let whole = std::fs::read(&file).unwrap();
    for step in [1, 7, 1009] {
        let mut damaged = whole.clone();
        damaged.iter_mut().skip(step).step_by(5003).for_each(|byte| *byte ^= 0x11);
        std::fs::write(&file, &damaged).unwrap();
        assert_eq!(told(&open(folder.path())), planned, "damaged from {step}");
        std::fs::write(&file, &whole[..whole.len() / step / 2]).unwrap();
        assert_eq!(told(&open(folder.path())), planned, "cut off at 1/{step}");
    }
}
