//! Assets that depend on each other.

use std::collections::{BTreeMap, VecDeque};

use headwater_diagnostics::Diagnostic;
use headwater_sdk::TableName;

use super::link::Edge;
use super::order::components;
use crate::codes;

/// Reports one cycle, a shortest one, of every group of assets that depend on each other.
pub(crate) fn report(names: &[&TableName], edges: &[Vec<Edge>], diagnostics: &mut Vec<Diagnostic>) {
    let plain: Vec<Vec<usize>> = edges.iter().map(|all| all.iter().map(|edge| edge.to).collect()).collect();
    let component = components(&plain);
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, group) in component.iter().enumerate() {
        groups.entry(*group).or_default().push(node);
    }
    let mut starts: Vec<usize> = Vec::new();
    for members in groups.values() {
        let Some(&first) = members.first() else { continue };
        if members.len() > 1 || plain[first].contains(&first) {
            starts.push(first);
        }
    }
    // Assets are numbered by name: the first of each group, in the order of names.
    starts.sort_unstable();
    for start in starts {
        if let Some(path) = shortest_cycle(start, edges, &component) {
            diagnostics.push(describe(start, &path, names));
        }
    }
}

/// A step of a cycle: from an asset along an edge.
type Step = (usize, Edge);

fn shortest_cycle(start: usize, edges: &[Vec<Edge>], component: &[usize]) -> Option<Vec<Step>> {
    let mut came_from: BTreeMap<usize, Step> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for edge in edges[node].iter().filter(|edge| component[edge.to] == component[start]) {
            if edge.to == start {
                let mut path = vec![(node, *edge)];
                let mut at = node;
                while at != start {
                    let step = came_from.get(&at)?;
                    path.push(*step);
                    at = step.0;
                }
                path.reverse();
                return Some(path);
            }
            if edge.to != start && !came_from.contains_key(&edge.to) {
                came_from.insert(edge.to, (node, *edge));
                queue.push_back(edge.to);
            }
        }
    }
    None
}

fn describe(start: usize, path: &[Step], names: &[&TableName]) -> Diagnostic {
    if let [(_, edge)] = path {
        return Diagnostic::error(codes::CYCLE, format!("'{}' reads itself", names[start]))
            .at(edge.span, "")
            .help("a table cannot be made from its own rows; read the table that it is made from");
    }
    let way: Vec<String> = path.iter().map(|(node, _)| names[*node].to_string()).collect();
    let message = format!("these read each other: {} → {}", way.join(" → "), names[start]);
    let mut diagnostic = Diagnostic::error(codes::CYCLE, message);
    for (position, (node, edge)) in path.iter().enumerate() {
        let text = format!("{} reads {}", names[*node], names[edge.to]);
        diagnostic = if position == 0 { diagnostic.at(edge.span, text) } else { diagnostic.also(edge.span, text) };
    }
    diagnostic.help("move what both need into a model of its own that reads neither")
}
