//! How fast files are read: `cargo run --release -p headwater-connectors --example load_speed -- FOLDER GLOB [TIMES]`.
//!
//! Reads every file that matches, two at a time, and throws the batches away. Prints rows, bytes and seconds of the best
//! of TIMES rounds (3 by default).
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use headwater_sdk::connector::{Drift, OnBadRow, OpenContext, ReadMode, StreamSettings};
use headwater_sdk::progress::Progress;
use serde_json::json;

/// Parts read together, as the engine does on two cores.
const TOGETHER: usize = 2;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    let glob = arguments.next().expect("a glob");
    let times: usize = arguments.next().map_or(3, |times| times.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let best = (0..times).map(|_| runtime.block_on(load(&folder, &glob))).min_by(|a, b| a.2.total_cmp(&b.2)).unwrap();
    let (rows, bytes, seconds) = best;
    println!(
        "{rows} rows, {:.1} MB as stored, {seconds:.2} s: {:.2} M rows/s, {:.1} MB/s",
        bytes as f64 / 1e6,
        rows as f64 / seconds / 1e6,
        bytes as f64 / seconds / 1e6
    );
}

async fn load(folder: &Path, glob: &str) -> (u64, u64, f64) {
    let settings = StreamSettings {
        table: "raw.speed".parse().unwrap(),
        mode: ReadMode::Full,
        on_bad_row: OnBadRow::Reject,
        drift: Drift::Fail,
        columns: Vec::new(),
        key: Vec::new(),
        lookback: None,
    };
    let context = OpenContext {
        project_dir: folder.to_path_buf(),
        storage: Default::default(),
        secrets: Vec::new(),
        lake_name: String::new(),
    };
    let format = if glob.contains("csv") { json!({ "null": "NA" }) } else { json!({}) };
    let connectors = headwater_connectors::all();
    let files = connectors[0].source(json!({}), &context).unwrap();
    let stream = files.stream(json!({ "path": glob, "format": format }), settings).unwrap();
    let start = Instant::now();
    let plan = stream.plan(None, None).await.unwrap();
    let progress = Arc::new(Progress::default());
    let part = |part: Box<dyn headwater_sdk::connector::ReadPart>| {
        let progress = Arc::clone(&progress);
        async move {
            let mut batches = part.read(progress);
            let mut rows = 0;
            while let Some(batch) = batches.next().await {
                let batch = batch.unwrap();
                assert!(batch.rejected.is_empty(), "{:?}", batch.rejected[0]);
                rows += batch.rows.num_rows() as u64;
            }
            rows
        }
    };
    let rows: u64 = futures::stream::iter(plan.parts)
        .map(part)
        .buffer_unordered(TOGETHER)
        .fold(0, |a, b| async move { a + b })
        .await;
    (rows, progress.bytes_in(), start.elapsed().as_secs_f64())
}
