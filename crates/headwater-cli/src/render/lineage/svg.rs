//! Lineage as a picture: layers from left to right, each node right of everything that it is made from.

use std::collections::BTreeMap;

use super::graph::{Graph, Kind};
use crate::render::style::width;

/// Width of a character of the 12 px monospaced font, in px (a little more than it takes, so that no text overflows).
pub(crate) const CHARACTER: f64 = 7.4;
/// Room left and right of a text in a box.
pub(crate) const PADDING: f64 = 12.0;
const ROW: f64 = 20.0;
const BETWEEN_NODES: f64 = 16.0;
const BETWEEN_LAYERS: f64 = 72.0;
/// Room around the picture.
pub(crate) const MARGIN: f64 = 20.0;
/// How often the order within layers is improved.
const SWEEPS: usize = 8;

/// The picture, as one SVG document that needs nothing else.
pub(crate) fn svg(graph: &Graph) -> String {
    let boxes = place(graph);
    let right = boxes.iter().map(|b| b.x + b.width).fold(0.0, f64::max) + MARGIN;
    let bottom = boxes.iter().map(|b| b.y + b.height).fold(0.0, f64::max) + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{right:.0}\" height=\"{bottom:.0}\" \
         viewBox=\"0 0 {right:.0} {bottom:.0}\" role=\"img\">\n<title>lineage</title>\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n"
    );
    for edge in &graph.edges {
        let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
        let (x1, y1) = (from.x + from.width, from.y + from.height / 2.0);
        let (x2, y2) = (to.x, to.y + to.height / 2.0);
        let bend = ((x2 - x1) / 2.0).max(24.0);
        let (c1, c2) = (x1 + bend, x2 - bend);
        let title = escape(&edge.how.join("; "));
        out.push_str(&format!(
            "<path class=\"edge\" d=\"M{x1:.1} {y1:.1} C{c1:.1} {y1:.1} {c2:.1} {y2:.1} {x2:.1} {y2:.1}\">\
             <title>{title}</title></path>\n"
        ));
    }
    for (index, (node, place)) in graph.nodes.iter().zip(&boxes).enumerate() {
        let class = match node.kind {
            Kind::Source => "source",
            Kind::Table => "table",
            Kind::View => "view",
            Kind::Column => "column",
        };
        let focus = if graph.focus == Some(index) { " focus" } else { "" };
        let Box { x, y, width, height } = place;
        out.push_str(&format!(
            "<g class=\"{class}{focus}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"5\"/>"
        ));
        let (left, mut line) = (x + PADDING, y + ROW - 2.0);
        out.push_str(&format!("<text x=\"{left:.1}\" y=\"{line:.1}\">{}</text>", escape(&node.name)));
        if let Some(detail) = &node.detail {
            line += ROW - 4.0;
            out.push_str(&format!("<text class=\"detail\" x=\"{left:.1}\" y=\"{line:.1}\">{}</text>", escape(detail)));
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// What pictures look like.
pub(crate) const STYLE: &str = "\
.page{fill:#fff}\
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1c2530}\
.detail{fill:#5b6875}\
rect{stroke:#7d8a97;stroke-width:1}\
.source rect{fill:#e3f1e5}.table rect{fill:#e4edf8}.view rect{fill:#fff;stroke-dasharray:4 3}.column rect{fill:#f3f0fa}\
.focus rect{stroke:#b3541e;stroke-width:2.5}\
.edge{fill:none;stroke:#9aa6b2;stroke-width:1.3}\
@media (prefers-color-scheme:dark){.page{fill:#14191f}text{fill:#e8edf2}.detail{fill:#a3b0bd}\
.source rect{fill:#1f3a27}.table rect{fill:#1c3350}.view rect{fill:#14191f}.column rect{fill:#2f2947}.edge{stroke:#6b7885}}";

struct Box {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

fn place(graph: &Graph) -> Vec<Box> {
    let layers = ordered_layers(graph);
    let sizes: Vec<(f64, f64)> = graph
        .nodes
        .iter()
        .map(|node| {
            let widest = [Some(&node.name), node.detail.as_ref()].into_iter().flatten().map(|text| width(text)).max();
            let rows = if node.detail.is_some() { 2.0 * ROW - 2.0 } else { ROW + 8.0 };
            (widest.unwrap_or(0) as f64 * CHARACTER + 2.0 * PADDING, rows)
        })
        .collect();
    let height_of =
        |layer: &Vec<usize>| layer.iter().map(|node| sizes[*node].1 + BETWEEN_NODES).sum::<f64>() - BETWEEN_NODES;
    let tallest = layers.iter().map(height_of).fold(0.0, f64::max);
    let mut boxes: Vec<Box> =
        sizes.iter().map(|(width, height)| Box { x: 0.0, y: 0.0, width: *width, height: *height }).collect();
    let mut x = MARGIN;
    for layer in &layers {
        let widest = layer.iter().map(|node| sizes[*node].0).fold(0.0, f64::max);
        let mut y = MARGIN + (tallest - height_of(layer)) / 2.0;
        for node in layer {
            let place = &mut boxes[*node];
            (place.x, place.y, place.width) = (x, y, widest);
            y += place.height + BETWEEN_NODES;
        }
        x += widest + BETWEEN_LAYERS;
    }
    boxes
}

/// The nodes of each layer, in an order in which few edges cross: each node moves to the mean place of its neighbours in
/// the layer before, then in the layer after, in turn (the barycentre method of Sugiyama, Tagawa and Toda, 1981).
fn ordered_layers(graph: &Graph) -> Vec<Vec<usize>> {
    let depth = depths(graph);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); depth.iter().max().map_or(0, |deepest| deepest + 1)];
    for (node, layer) in depth.iter().enumerate() {
        layers[*layer].push(node);
    }
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for layer in &layers {
            places.extend(layer.iter().copied().zip(0..));
        }
        let order: Vec<usize> = if forward { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for index in order {
            let mean = |node: usize| {
                let neighbours: Vec<usize> = match forward {
                    true => graph.inputs(node).map(|edge| places[&edge.from]).collect(),
                    false => graph.users(node).map(|edge| places[&edge.to]).collect(),
                };
                match neighbours.len() {
                    0 => places[&node] as f64,
                    many => neighbours.iter().sum::<usize>() as f64 / many as f64,
                }
            };
            let mut keyed: Vec<(f64, usize)> = layers[index].iter().map(|node| (mean(*node), *node)).collect();
            keyed.sort_by(|(one, a), (other, b)| one.total_cmp(other).then(a.cmp(b)));
            layers[index] = keyed.into_iter().map(|(_, node)| node).collect();
            places.extend(layers[index].iter().copied().zip(0..));
        }
    }
    layers
}

/// The length of the longest way to each node. Lineage has no cycles; if it had, the count of rounds would end it.
fn depths(graph: &Graph) -> Vec<usize> {
    let mut depth = vec![0; graph.nodes.len()];
    for _ in 0..graph.nodes.len() {
        let mut moved = false;
        for edge in &graph.edges {
            if edge.from != edge.to && depth[edge.to] <= depth[edge.from] && depth[edge.from] + 1 < graph.nodes.len() {
                depth[edge.to] = depth[edge.from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    depth
}

/// Text for XML: markup escaped, characters that XML 1.0 does not allow replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
