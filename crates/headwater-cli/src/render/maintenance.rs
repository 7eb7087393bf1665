//! What maintenance has done: a line for each table, and one for what was removed.

use std::collections::BTreeSet;

use headwater_run::{MaintainSummary, MaintainTask, TableUpkeep};

use super::style::width;
use super::units::{bytes, count, plural};

/// The text of a summary.
pub(crate) fn summary(done: &MaintainSummary, asked: &BTreeSet<MaintainTask>) -> String {
    let mut out = String::new();
    let widest = done.tables.iter().map(|table| width(&table.table)).max().unwrap_or(0);
    for table in &done.tables {
        let gap = " ".repeat(widest - width(&table.table));
        out.push_str(&format!("{}{gap}  {}\n", table.table, line(table, done.dry_run)));
    }
    if asked.contains(&MaintainTask::Compact) && done.tables.iter().all(|table| table.rewritten_files == 0) {
        out.push_str("no table would be better in other files\n");
    }
    if let Some(snapshot) = done.snapshot {
        out.push_str(&format!("published snapshot {snapshot} with the same rows\n"));
    }
    if let Some(removed) = &done.removed {
        let verb = if done.dry_run { "would remove" } else { "removed" };
        let size = if removed.bytes == 0 { String::new() } else { format!(" ({})", bytes(removed.bytes)) };
        let files = plural(removed.files, "file");
        let branches = plural(removed.branches, "abandoned staging area");
        let kept = match done.oldest_kept {
            Some(oldest) => {
                format!("{}, back to {oldest}, stay readable", plural(done.kept_snapshots as u64, "snapshot"))
            }
            None => "there is no snapshot yet".to_owned(),
        };
        out.push_str(&format!("{verb} {files}{size} and {branches}; {kept}\n"));
    }
    out
}

fn line(table: &TableUpkeep, dry_run: bool) -> String {
    let mut parts = Vec::new();
    let before = format!("{} ({})", plural(table.files_before, "file"), bytes(table.bytes_before));
    match (table.files_after, table.bytes_after) {
        (Some(files), Some(size)) => parts.push(format!("{before} → {} ({})", plural(files, "file"), bytes(size))),
        _ if table.rewritten_files > 0 => {
            let rewritten = bytes(table.rewritten_bytes);
            parts.push(format!("would write {} of {before} again ({rewritten})", count(table.rewritten_files)));
        }
        _ => {}
    }
    if table.purged_rows > 0 {
        let gone = if dry_run { "would leave their files" } else { "have left their files" };
        parts.push(format!("{} {gone}", plural(table.purged_rows, "deleted row")));
    }
    if table.laid_out_anew {
        parts.push("laid out anew".to_owned());
    }
    if table.checkpoint {
        parts.push(if dry_run { "its log would get a checkpoint" } else { "its log has a checkpoint" }.to_owned());
    }
    if let Some(obstacle) = &table.obstacle {
        parts.push(format!("its files are left as they are: {obstacle}"));
    }
    parts.join("; ")
}
