//! How a model or a script says that its rows lie in files.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::engine::layout::FILE_SIZE;
use headwater_sdk::engine::{ClusterOrder, Clustering, Layout};

use crate::codes;
use crate::spec::{ModelHeader, ScriptFile, Size};
use crate::yaml::Node;

/// The smallest size (bytes) at which a file may be full: in smaller ones, what describes a file outweighs what it holds.
const SMALLEST_FILE: u64 = 1024 * 1024;

/// What is written of how rows lie in files.
pub(super) struct FileLayout<'a> {
    partition_by: &'a [String],
    cluster_by: &'a [String],
    cluster_order: ClusterOrder,
    target_file_size: Option<&'a Size>,
}

impl<'a> From<&'a ModelHeader> for FileLayout<'a> {
    fn from(header: &'a ModelHeader) -> Self {
        Self {
            partition_by: &header.partition_by,
            cluster_by: &header.cluster_by,
            cluster_order: header.cluster_order,
            target_file_size: header.target_file_size.as_ref(),
        }
    }
}

impl<'a> From<&'a ScriptFile> for FileLayout<'a> {
    fn from(file: &'a ScriptFile) -> Self {
        Self {
            partition_by: &file.partition_by,
            cluster_by: &file.cluster_by,
            cluster_order: file.cluster_order,
            target_file_size: file.target_file_size.as_ref(),
        }
    }
}

/// Reports what cannot be, whatever the columns.
pub(super) fn verify(written: &FileLayout<'_>, node: &Node, is_view: bool, diagnostics: &mut Vec<Diagnostic>) {
    let mut contradiction = |message: &str, key: &str, help: &str| {
        if let Some(node) = node.get(key) {
            diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(node.span, "").help(help));
        }
    };
    if is_view {
        if !written.partition_by.is_empty() {
            let help = "leave `partition_by` out, or use `materialize: table`";
            contradiction("a view has no files to partition", "partition_by", help);
        }
        for key in ["cluster_by", "cluster_order", "target_file_size"] {
            let help = format!("leave `{key}` out, or use `materialize: table`");
            contradiction("a view has no files in which rows could lie", key, &help);
        }
        return;
    }
    if written.cluster_order == ClusterOrder::ZOrder && written.cluster_by.len() < 2 {
        let help = "name two columns or more under `cluster_by`, or leave `cluster_order` out";
        contradiction("a curve goes through two columns or more", "cluster_order", help);
    }
    if written.cluster_by.iter().any(|column| written.partition_by.contains(column)) {
        let help = "leave it out of `cluster_by`: within a partition it has one value";
        contradiction("a column that partitions the table cannot cluster it as well", "cluster_by", help);
    }
    if let Some(size) = written.target_file_size.filter(|size| size.0 < SMALLEST_FILE)
        && let Some(node) = node.get("target_file_size")
    {
        let message = format!("files of {} bytes are too small to be worth their names", size.0);
        diagnostics.push(
            Diagnostic::error(codes::MALFORMED, message).at(node.span, "").help("write at least 1MiB; 128MiB is usual"),
        );
    }
}

/// The layout, and where each of its columns is written.
pub(super) fn of(written: &FileLayout<'_>, node: &Node, otherwise: Span) -> (Layout, Vec<Span>) {
    let spans = spans_of(node, "cluster_by", written.cluster_by.len(), otherwise);
    let clustering = Clustering { columns: written.cluster_by.to_vec(), order: written.cluster_order };
    let file_size = written.target_file_size.map_or(FILE_SIZE, |size| size.0);
    (Layout { clustering, file_size }, spans)
}

/// Where each of a key's items is written.
pub(super) fn spans_of(node: &Node, key: &str, count: usize, otherwise: Span) -> Vec<Span> {
    let list = node.get(key);
    let place = |index: usize| match list {
        Some(list) => list.items().get(index).map_or(list.span, |item| item.span),
        None => otherwise,
    };
    (0..count).map(place).collect()
}
