//! Checkpoints: what a log has come to, as Parquet or JSON, of the classic kind and of version 2.

use arrow_json::LineDelimitedWriter;
use futures::StreamExt;
use headwater_sdk::{Blame, Error, Result};
use object_store::ObjectMeta;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::actions::{self, Action};
use super::log::LOG;
use crate::codes;
use crate::files::{FileEntry, StoreReader, unwrap_parquet};
use crate::table_format::{Root, is_absolute, percent_decoded};

/// What is read of the table itself.
const TABLE: [&str; 3] = ["metaData", "protocol", "sidecar"];
/// What is read of its files: no statistics, which are most of a checkpoint.
const FILES: [&str; 5] = ["add.path", "add.partitionValues", "add.size", "add.dataChange", "add.deletionVector"];

/// Goes through the actions of a file of a checkpoint, and of the files that it names in turn.
///
/// # Errors
/// When it cannot be read or understood.
pub(super) async fn read(
    root: &Root,
    file: &ObjectMeta,
    with_files: bool,
    each: &mut (dyn FnMut(Action) + Send),
) -> Result<()> {
    let name = file.location.filename().unwrap_or_default();
    let relative = format!("{LOG}/{name}");
    let mut sidecars = Vec::new();
    let mut see = |action: Action| match action.sidecar {
        Some(sidecar) => sidecars.push(sidecar),
        None => each(action),
    };
    if name.ends_with(".json") {
        let shown = root.name_of(&relative);
        let text = root.get(&file.location, &shown).await?.ok_or_else(|| damaged(&shown))?;
        actions::read(&text, &shown)?.into_iter().for_each(&mut see);
    } else {
        parquet(root.file(&relative, file.size), with_files, &mut see).await?;
    }
    if with_files {
        for sidecar in sidecars {
            let path = format!("{LOG}/_sidecars/{}", sidecar.path);
            let file = match is_absolute(&sidecar.path) {
                true => root.file_at(&percent_decoded(&sidecar.path), sidecar.size_in_bytes)?,
                false => root.file(&path, sidecar.size_in_bytes),
            };
            parquet(file, true, each).await?;
        }
    }
    Ok(())
}

fn damaged(name: &str) -> Error {
    Error::new(codes::TABLE_LOG, Blame::Data, format!("the checkpoint {name} cannot be read"))
        .help("the log of the table is damaged: let the program that keeps the table write a checkpoint anew")
}

async fn parquet(file: FileEntry, with_files: bool, each: &mut (dyn FnMut(Action) + Send)) -> Result<()> {
    let broken = |error| damaged(&file.name).caused_by(unwrap_parquet(error, &file.name));
    let reader = StoreReader::new(&file, None)?;
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(broken)?;
    let columns = TABLE.into_iter().chain(with_files.then_some(FILES).into_iter().flatten());
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let mut batches = builder.with_projection(mask).build().map_err(broken)?;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(broken)?;
        // The rows of a checkpoint are the actions of commits: as text they are read by the same rules.
        let mut writer = LineDelimitedWriter::new(Vec::new());
        let written = writer.write(&batch).and_then(|()| writer.finish());
        written.map_err(|error| damaged(&file.name).caused_by(error))?;
        actions::read(&writer.into_inner(), &file.name)?.into_iter().for_each(&mut *each);
    }
    Ok(())
}
