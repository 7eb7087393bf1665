//! Lineage as a tree of lines.

use std::collections::BTreeSet;

use super::graph::{Edge, Graph};
use crate::render::style::{Style, one_line};

/// The tree of what a node comes from, then that of what depends on it; for a graph without a focus, the nodes with
/// nothing upstream and all that is made of them.
pub(crate) fn text(graph: &Graph, upstream: bool, downstream: bool, color: bool) -> String {
    let mut out = String::new();
    match graph.focus {
        Some(focus) => {
            for (wanted, title, up) in [(upstream, "comes from", true), (downstream, "goes to", false)] {
                if wanted {
                    let mut tree = Tree { graph, up, color, told: BTreeSet::new(), out: String::new() };
                    tree.told.insert(focus);
                    tree.children(focus, "");
                    let nothing = if tree.out.is_empty() { ": nothing" } else { "" };
                    out.push_str(&format!("{} {title}{nothing}\n{}", label(graph, focus, color), tree.out));
                }
            }
        }
        None => {
            let mut tree = Tree { graph, up: false, color, told: BTreeSet::new(), out: String::new() };
            for root in (0..graph.nodes.len()).filter(|node| graph.inputs(*node).next().is_none()) {
                tree.told.insert(root);
                tree.out.push_str(&format!("{}\n", label(graph, root, color)));
                tree.children(root, "");
            }
            out = tree.out;
        }
    }
    out
}

struct Tree<'a> {
    graph: &'a Graph,
    up: bool,
    color: bool,
    told: BTreeSet<usize>,
    out: String,
}

impl Tree<'_> {
    fn children(&mut self, node: usize, indent: &str) {
        let graph = self.graph;
        let edges: Vec<&Edge> = if self.up { graph.inputs(node).collect() } else { graph.users(node).collect() };
        for (index, edge) in edges.iter().enumerate() {
            let last = index + 1 == edges.len();
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let next = if self.up { edge.from } else { edge.to };
            let how = if edge.how.is_empty() { String::new() } else { format!(" ({})", edge.how.join("; ")) };
            let new = self.told.insert(next);
            let seen = if new || self.is_leaf(next) { "" } else { " …" };
            let name = label(graph, next, self.color);
            self.out.push_str(&format!("{indent}{branch}{name}{}{seen}\n", Style::Dim.paint(&how, self.color)));
            if new {
                self.children(next, &format!("{indent}{below}"));
            }
        }
    }

    fn is_leaf(&self, node: usize) -> bool {
        if self.up { self.graph.inputs(node).next().is_none() } else { self.graph.users(node).next().is_none() }
    }
}

fn label(graph: &Graph, node: usize, color: bool) -> String {
    let node = &graph.nodes[node];
    let name = Style::Bold.paint(&one_line(&node.name), color);
    match &node.detail {
        Some(detail) => format!("{name} {}", Style::Dim.paint(&format!("[{}]", one_line(detail)), color)),
        None => name,
    }
}
