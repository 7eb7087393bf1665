//! An answer into a file, which appears under its name only when it is complete.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use headwater_sdk::{Blame, Error};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Format;
use super::answer::{Answer, stream};
use crate::commands::drawing::not_written;
use crate::console::Console;
use crate::failure::Failure;

/// Rows of a Parquet row group that may wait in memory.
const ROW_GROUP: usize = 256 * 1024;

/// Writes all rows.
pub(super) async fn write(answer: &mut Answer, format: Format, path: &Path, console: &Console) -> Result<(), Failure> {
    let part = Part::beside(path)?;
    let mut file = File::create(&part.path).map_err(|e| not_written(path, e))?;
    match format {
        Format::Parquet => parquet(answer, &mut file).await?,
        Format::Table | Format::Csv | Format::Json => {
            let plain = Console { color_out: false, ..console.clone() };
            stream(answer, format, &mut file, &plain).await?;
        }
    }
    file.sync_all().map_err(|e| not_written(path, e))?;
    part.finish(path)
}

async fn parquet(answer: &mut Answer, file: &mut File) -> Result<(), Failure> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    let mut writer = ArrowWriter::try_new(file, answer.schema.clone(), Some(properties)).map_err(refused)?;
    while let Some(batch) = answer.next().await? {
        writer.write(&batch).map_err(refused)?;
    }
    writer.close().map_err(refused)?;
    Ok(())
}

fn refused(error: ParquetError) -> Failure {
    Error::new("HW0813", Blame::Environment, "the Parquet file cannot be written").caused_by(error).into()
}

/// The file while it is not complete; removed when it never is.
struct Part {
    path: PathBuf,
}

impl Part {
    fn beside(path: &Path) -> Result<Self, Failure> {
        let Some(name) = path.file_name() else {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidInput, "it names no file");
            return Err(not_written(path, error).into());
        };
        let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
        Ok(Self { path: path.with_file_name(name) })
    }

    fn finish(self, path: &Path) -> Result<(), Failure> {
        fs::rename(&self.path, path).map_err(|e| not_written(path, e))?;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `finish` there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}
