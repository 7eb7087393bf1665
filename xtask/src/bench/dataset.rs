//! The data of the flights example, as it is or several times as large, and what must come of it. Made once and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::measure::capture;
use super::places::{Places, clear, make_folder, read, rename};
use super::tools::Tool;
use crate::report::say;

/// A data set.
pub(super) struct Dataset {
    /// The folder of its files.
    pub(super) data: PathBuf,
    /// The file of what must come of it.
    pub(super) expected: PathBuf,
}

impl Dataset {
    /// The example's data, `scale` times.
    pub(super) fn make(places: &Places, scale: u32) -> Result<Self, String> {
        if scale == 0 {
            return Err("a scale is at least 1".to_owned());
        }
        if scale == 1 {
            let (data, expected) = ("examples/flights/data", "tests/expected/flights.json");
            return Ok(Self { data: places.source(data), expected: places.source(expected) });
        }
        let data = places.kept(&format!("flights-x{scale}"));
        let expected = places.kept(&format!("flights-x{scale}.expected.json"));
        make_folder(&places.kept(""))?;
        if !data.join(".scale").exists() {
            say(&format!("making {}\n", data.display()));
            // An interrupted attempt.
            clear(&data)?;
            let script = places.source("bench/main-job/scale.py");
            capture(Command::new("python3").arg(script).arg(scale.to_string()).arg(&data))?;
        }
        if !expected.exists() {
            say(&format!("making {}\n", expected.display()));
            let part = expected.with_extension("part");
            let file = File::create(&part).map_err(|e| format!("cannot write {}: {e}", part.display()))?;
            let script = places.source("tests/expected/flights.py");
            let status = Command::new("python3").arg(script).arg(&data).stdout(file).status();
            if !status.is_ok_and(|status| status.success()) {
                return Err("tests/expected/flights.py failed".to_owned());
            }
            rename(&part, &expected)?;
        }
        Ok(Self { data, expected })
    }

    /// What must come of it.
    pub(super) fn expected(&self) -> Result<Value, String> {
        serde_json::from_str(&read(&self.expected)?).map_err(|e| format!("{}: {e}", self.expected.display()))
    }

    /// Reads every file once, so that none of the contenders is the one that waits for the disk.
    pub(super) fn warm(&self) -> Result<(), String> {
        read_all(&self.data)
    }
}

/// Reads every file of a folder.
pub(super) fn read_all(folder: &Path) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            read_all(&path)?;
        } else {
            let mut file = File::open(&path).map_err(failed)?;
            std::io::copy(&mut file, &mut std::io::sink()).map_err(failed)?;
        }
    }
    Ok(())
}

/// One Parquet file with all flights, `scale` times, as the floor writes it.
pub(super) fn flights_parquet(places: &Places, scale: u32) -> Result<PathBuf, String> {
    let folder = places.kept(&format!("flights-x{scale}-parquet"));
    let file = folder.join("flights.parquet");
    if !file.exists() {
        Tool::Floor.install(places)?;
        let dataset = Dataset::make(places, scale)?;
        let whole = folder.with_extension("part");
        clear(&whole)?;
        clear(&folder)?;
        make_folder(&folder)?;
        say(&format!("making {}\n", file.display()));
        let mut floor = Tool::Floor.script(places, "bench/main-job/floor.py");
        capture(floor.arg("--data").arg(&dataset.data).arg("--out").arg(&whole).arg("--parquet"))?;
        rename(&whole.join("raw.flights.parquet"), &file)?;
        clear(&whole)?;
    }
    Ok(file)
}
