//! raw.a → staging.a → marts.x; raw.b → marts.x; marts.y reads raw.b without using a column.

use std::collections::BTreeMap;

use headwater_sdk::lineage::{ColumnLineage, ColumnRef, Edge, Influence, OutputColumn};
use headwater_sdk::store::LineageRecord;
use headwater_sdk::{Relation, Relations, TableName};

use super::*;

fn table(name: &str) -> TableName {
    name.parse().unwrap()
}

fn edge(from: &str, column: &str, influence: Influence) -> Edge {
    Edge { from: ColumnRef { table: table(from), column: column.into() }, influence, masking: false }
}

fn record(name: &str, column: &str, edges: Vec<Edge>, dataset: Vec<Edge>) -> LineageRecord {
    LineageRecord {
        asset: table(name),
        columns: vec![(column.into(), "string".into())],
        lineage: ColumnLineage { columns: vec![OutputColumn { name: column.into(), edges }], dataset },
        origin: name.starts_with("raw").then(|| format!("files: {}<&>*.csv", table(name).table())),
    }
}

fn records() -> Vec<LineageRecord> {
    vec![
        record("raw.a", "k", vec![], vec![]),
        record("raw.b", "k", vec![], vec![]),
        record("staging.a", "k", vec![edge("raw.a", "k", Influence::Identity)], vec![]),
        record(
            "marts.x",
            "n\"m",
            vec![edge("staging.a", "k", Influence::Aggregation)],
            vec![edge("raw.b", "k", Influence::Join)],
        ),
        record("marts.y", "c", vec![], vec![]),
    ]
}

fn tables() -> Graph {
    let relation = |name: &str| match name {
        "staging.a" => Relation::View { sql: "select k from raw.a".into() },
        _ => Relation::Table { version: 0 },
    };
    let names = ["raw.a", "raw.a__rejected", "raw.b", "staging.a", "marts.x", "marts.y"];
    let relations: Relations = names.iter().map(|name| (table(name), relation(name))).collect();
    let reads = BTreeMap::from([(table("marts.y"), vec![table("raw.b")])]);
    table_graph(&records(), &relations, &reads)
}

#[test]
fn the_tree_of_a_table_shows_both_sides() {
    let graph = tables().around("staging.a", Direction::Both).unwrap();
    assert_eq!(
        text(&graph, true, true, false),
        "staging.a comes from\n└─ raw.a [files: a<&>*.csv]\nstaging.a goes to\n└─ marts.x\n"
    );
    let all = text(&tables(), true, true, false);
    assert!(all.contains("raw.b [files: b<&>*.csv]\n├─ marts.x\n└─ marts.y\n"), "{all}");
    assert!(all.contains("├─ raw.a__rejected\n"), "{all}");
}

#[test]
fn columns_are_followed_through_models() {
    let direct = column_graph(&records(), false);
    let graph = direct.around("marts.x.n\"m", Direction::Upstream).unwrap();
    assert_eq!(
        text(&graph, true, false, false),
        "marts.x.n\"m [string] comes from\n└─ staging.a.k [string] (aggregation)\n   └─ raw.a.k [string] (identity)\n"
    );
    let all = column_graph(&records(), true).around("marts.x.n\"m", Direction::Upstream).unwrap();
    assert!(text(&all, true, false, false).contains("raw.b.k [string] (join)"));
    assert_eq!(direct.around("marts.x.nope", Direction::Both), None);
}

#[test]
fn mermaid_quotes_what_could_be_syntax() {
    let graph = column_graph(&records(), false).around("marts.x.n\"m", Direction::Upstream).unwrap();
    let expected = "flowchart LR\n  n0[\"marts.x.n#34;m\"]\n  n1[\"raw.a.k\"]\n  n2[\"staging.a.k\"]\n  \
                    n1 -->|\"identity\"| n2\n  n2 -->|\"aggregation\"| n0\n  style n0 stroke-width:3px\n";
    assert_eq!(mermaid(&graph), expected);
}

#[test]
fn the_picture_is_escaped_and_flows_to_the_right() {
    let picture = svg(&tables());
    assert!(picture.contains("files: a&lt;&amp;&gt;*.csv") && !picture.contains("<&>"));
    let x_of = |name: &str| -> f64 {
        let label = picture.find(&format!(">{name}</text>")).unwrap();
        let group = picture[..label].rfind("<rect x=\"").unwrap() + "<rect x=\"".len();
        picture[group..].split('"').next().unwrap().parse().unwrap()
    };
    assert!(x_of("raw.a") < x_of("staging.a") && x_of("staging.a") < x_of("marts.x"));
    assert_eq!(picture.matches("<g ").count(), picture.matches("</g>").count());
}

#[test]
fn a_cycle_ends_as_well() {
    let mut looped = records();
    looped[0].lineage.columns[0].edges.push(edge("marts.x", "n\"m", Influence::Identity));
    let graph = column_graph(&looped, false);
    assert!(svg(&graph).ends_with("</svg>\n"));
    assert!(!text(&graph.around("raw.a.k", Direction::Both).unwrap(), true, true, false).is_empty());
}
