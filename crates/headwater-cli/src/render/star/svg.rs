//! Stars as a picture: facts in the middle, the dimensions to their left and right, bridges in between.

use std::collections::BTreeMap;

use super::diagram::{Diagram, Kind, Part, Table};
use crate::render::lineage::{CHARACTER, MARGIN, PADDING, STYLE, svg_escape};
use crate::render::style::width;

const HEADING: f64 = 40.0;
const ROW: f64 = 18.0;
const BETWEEN_TABLES: f64 = 24.0;
const BETWEEN_COLUMNS: f64 = 130.0;
/// Facts stand in the column in the middle of five.
const MIDDLE: usize = 2;

/// The picture, as one SVG document that needs nothing else.
pub(crate) fn svg(diagram: &Diagram) -> String {
    let boxes = place(diagram);
    let right = boxes.iter().map(|b| b.x + b.width).fold(0.0, f64::max) + MARGIN;
    let bottom = boxes.iter().map(|b| b.y + b.height).fold(0.0, f64::max) + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{right:.0}\" height=\"{bottom:.0}\" \
         viewBox=\"0 0 {right:.0} {bottom:.0}\" role=\"img\">\n<title>star schema</title>\n<style>{STYLE}{OWN_STYLE}</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n"
    );
    for line in &diagram.lines {
        let (from, to) = (&boxes[line.from], &boxes[line.to]);
        let row = diagram.tables[line.from].columns.iter().position(|column| column.name == line.key).unwrap_or(0);
        let y1 = from.y + HEADING + ROW * (row as f64 + 0.5);
        let y2 = to.y + HEADING + ROW * 0.5;
        let rightwards = to.x >= from.x + from.width;
        let (x1, x2) = if rightwards { (from.x + from.width, to.x) } else { (from.x, to.x + to.width) };
        let bend = (x2 - x1) / 2.0;
        let title = svg_escape(&format!("{} leads to {}", line.key, diagram.tables[line.to].name));
        out.push_str(&format!(
            "<path class=\"edge\" d=\"M{x1:.1} {y1:.1} C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}\"><title>{title}</title></path>\n",
            x1 + bend,
            x2 - bend
        ));
        if let Some(role) = &line.role {
            let (anchor, x) = if rightwards { ("start", x1 + 6.0) } else { ("end", x1 - 6.0) };
            let y = y1 - 4.0;
            out.push_str(&format!(
                "<text class=\"detail\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n",
                svg_escape(role)
            ));
        }
    }
    for (table, place) in diagram.tables.iter().zip(&boxes) {
        draw(table, place, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

const OWN_STYLE: &str = "\
.fact rect{fill:#fbeee3;stroke:#b3541e}.bridge rect{fill:#f3f0fa}.dimension rect{fill:#e4edf8}.grain{font-weight:bold}\
@media (prefers-color-scheme:dark){.fact rect{fill:#4a2a16}.bridge rect{fill:#2f2947}.dimension rect{fill:#1c3350}}";

struct Box {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

fn draw(table: &Table, place: &Box, out: &mut String) {
    let Box { x, y, width, height } = place;
    out.push_str(&format!(
        "<g class=\"{}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"5\"/>",
        table.kind.as_str()
    ));
    let left = x + PADDING;
    let mut text = |class: &str, line: f64, text: &str| {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        out.push_str(&format!("<text{class} x=\"{left:.1}\" y=\"{line:.1}\">{}</text>", svg_escape(text)));
    };
    text("grain", y + 18.0, &table.name.to_string());
    text("detail", y + 33.0, &subtitle(table));
    for (row, column) in table.columns.iter().enumerate() {
        let line = y + HEADING + ROW * row as f64 + 13.0;
        text(if column.in_grain { "grain" } else { "" }, line, &row_text(&column.name, column.part));
    }
    out.push_str("</g>\n");
}

fn subtitle(table: &Table) -> String {
    let conformed = if table.conformed { "conformed " } else { "" };
    let members = if table.members.is_empty() { String::new() } else { format!(" with {}", table.members.join(", ")) };
    format!("{conformed}{}{members}", table.kind.as_str())
}

fn row_text(name: &str, part: Part) -> String {
    let sign = match part {
        Part::Key | Part::Group => "PK",
        Part::NaturalKey => "NK",
        Part::ForeignKey => "FK",
        Part::Degenerate => "DD",
        Part::Grain | Part::Weight => "  ",
        Part::Additive => " +",
        Part::SemiAdditive => " ±",
        Part::NonAdditive => " ×",
    };
    // Blanks at the start of a text are not shown.
    format!("{}{name}", format!("{sign} ").replace(' ', "\u{a0}"))
}

fn place(diagram: &Diagram) -> Vec<Box> {
    let sizes: Vec<(f64, f64)> = diagram
        .tables
        .iter()
        .map(|table| {
            let rows = table.columns.iter().map(|column| width(&row_text(&column.name, column.part)));
            let widest = rows.chain([width(&table.name.to_string()), width(&subtitle(table))]).max().unwrap_or(0);
            (widest as f64 * CHARACTER + 2.0 * PADDING, HEADING + ROW * table.columns.len() as f64 + 6.0)
        })
        .collect();
    let columns = columns(diagram);
    let height_of =
        |column: &Vec<usize>| column.iter().map(|table| sizes[*table].1 + BETWEEN_TABLES).sum::<f64>() - BETWEEN_TABLES;
    let tallest = columns.iter().map(height_of).fold(0.0, f64::max);
    let mut boxes: Vec<Box> =
        sizes.iter().map(|(width, height)| Box { x: 0.0, y: 0.0, width: *width, height: *height }).collect();
    let mut x = MARGIN;
    for column in columns.iter().filter(|column| !column.is_empty()) {
        let widest = column.iter().map(|table| sizes[*table].0).fold(0.0, f64::max);
        let mut y = MARGIN + (tallest - height_of(column)) / 2.0;
        for table in column {
            let place = &mut boxes[*table];
            (place.x, place.y, place.width) = (x, y, widest);
            y += place.height + BETWEEN_TABLES;
        }
        x += widest + BETWEEN_COLUMNS;
    }
    boxes
}

/// The tables in five columns, from left to right: dimensions, bridges, facts, bridges, dimensions. A bridge stands on one
/// side with the dimensions that only it leads to; the others are dealt out in turn, in the order in which facts name them.
fn columns(diagram: &Diagram) -> [Vec<usize>; 5] {
    let mut columns: [Vec<usize>; 5] = Default::default();
    let mut side: BTreeMap<usize, bool> = BTreeMap::new();
    let is_fact = |table: usize| diagram.tables[table].kind == Kind::Fact;
    let from_facts = diagram.lines.iter().filter(|line| is_fact(line.from)).map(|line| line.to);
    let mut next_is_right = true;
    let mut order: Vec<usize> = Vec::new();
    for table in from_facts.chain(0..diagram.tables.len()).filter(|table| !is_fact(*table)) {
        if order.contains(&table) {
            continue;
        }
        let owner = diagram.lines.iter().filter(|line| line.to == table && !is_fact(line.from)).map(|line| line.from);
        let only_bridged = diagram.lines.iter().all(|line| line.to != table || !is_fact(line.from));
        let given = owner.filter_map(|bridge| side.get(&bridge).copied()).next().filter(|_| only_bridged);
        let right = given.unwrap_or_else(|| {
            next_is_right = !next_is_right;
            !next_is_right
        });
        side.insert(table, right);
        order.push(table);
    }
    columns[MIDDLE].extend((0..diagram.tables.len()).filter(|table| is_fact(*table)));
    for table in order {
        let outwards = if diagram.tables[table].kind == Kind::Bridge { 1 } else { 2 };
        let column = if side[&table] { MIDDLE + outwards } else { MIDDLE - outwards };
        columns[column].push(table);
    }
    columns
}
