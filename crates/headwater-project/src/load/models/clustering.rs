//! How a model's header says that its rows lie in files.

use headwater_diagnostics::{Diagnostic, Span};
use headwater_sdk::engine::layout::FILE_SIZE;
use headwater_sdk::engine::{ClusterOrder, Clustering, Layout};

use crate::codes;
use crate::spec::ModelHeader;
use crate::yaml::Node;

/// The smallest size (bytes) at which a file may be full: in smaller ones, what describes a file outweighs what it holds.
const SMALLEST_FILE: u64 = 1024 * 1024;

/// Reports what cannot be in a header, whatever the model's columns.
pub(super) fn verify(header: &ModelHeader, node: &Node, is_view: bool, diagnostics: &mut Vec<Diagnostic>) {
    let mut contradiction = |message: &str, key: &str, help: &str| {
        if let Some(written) = node.get(key) {
            diagnostics.push(Diagnostic::error(codes::CONTRADICTION, message).at(written.span, "").help(help));
        }
    };
    if is_view {
        if !header.partition_by.is_empty() {
            let help = "leave `partition_by` out, or use `materialize: table`";
            contradiction("a view has no files to partition", "partition_by", help);
        }
        for key in ["cluster_by", "cluster_order", "target_file_size"] {
            let help = format!("leave `{key}` out, or use `materialize: table`");
            contradiction("a view has no files in which rows could lie", key, &help);
        }
        return;
    }
    if header.cluster_order == ClusterOrder::ZOrder && header.cluster_by.len() < 2 {
        let help = "name two columns or more under `cluster_by`, or leave `cluster_order` out";
        contradiction("a curve goes through two columns or more", "cluster_order", help);
    }
    if header.cluster_by.iter().any(|column| header.partition_by.contains(column)) {
        let help = "leave it out of `cluster_by`: within a partition it has one value";
        contradiction("a column that partitions the table cannot cluster it as well", "cluster_by", help);
    }
    if let Some(size) = header.target_file_size.as_ref().filter(|size| size.0 < SMALLEST_FILE)
        && let Some(written) = node.get("target_file_size")
    {
        let message = format!("files of {} bytes are too small to be worth their names", size.0);
        diagnostics.push(
            Diagnostic::error(codes::MALFORMED, message)
                .at(written.span, "")
                .help("write at least 1MiB; 128MiB is usual"),
        );
    }
}

/// The layout, and where each of its columns is written.
pub(super) fn of(header: &ModelHeader, node: &Node, otherwise: Span) -> (Layout, Vec<Span>) {
    let spans = spans_of(node, "cluster_by", header.cluster_by.len(), otherwise);
    let clustering = Clustering { columns: header.cluster_by.clone(), order: header.cluster_order };
    let file_size = header.target_file_size.as_ref().map_or(FILE_SIZE, |size| size.0);
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
