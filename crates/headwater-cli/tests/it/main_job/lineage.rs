//! `headwater lineage`: tables and columns, upstream and downstream, in every format.

use serde_json::Value;

use super::flights::flights;
use crate::program::{json, ok, say};
use crate::project::assert_told;

fn dir() -> &'static std::path::Path {
    &flights().dir
}

/// The names of a graph's nodes, and its edges by name.
fn graph(arguments: &[&str]) -> (Vec<String>, Vec<(String, String)>) {
    let graph = json(dir(), &[&["lineage"], arguments].concat());
    let name = |node: &Value| node["name"].as_str().unwrap().to_owned();
    let nodes: Vec<String> = graph["nodes"].as_array().unwrap().iter().map(name).collect();
    let at = |place: &Value| nodes[place.as_u64().unwrap() as usize].clone();
    let edges = graph["edges"].as_array().unwrap().iter().map(|edge| (at(&edge["from"]), at(&edge["to"]))).collect();
    (nodes, edges)
}

fn has(edges: &[(String, String)], from: &str, to: &str) -> bool {
    edges.contains(&(from.to_owned(), to.to_owned()))
}

const COLUMN: &str = "marts.on_time_by_carrier_month.avg_arr_delay";

#[test]
fn a_column_comes_from_the_file_through_every_model() {
    let out = ok(dir(), &["lineage", COLUMN, "--upstream"]);
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with(COLUMN) && lines[0].ends_with("comes from"), "{out}");
    for name in ["marts.fct_flights.arr_delay", "staging.flights.arr_delay", "raw.flights.arr_delay"] {
        assert!(out.contains(name), "no {name} in\n{out}");
    }
    assert!(!out.contains("raw.flights.distance") && !out.contains("goes to"), "{out}");
    let (nodes, edges) = graph(&[COLUMN, "--upstream"]);
    assert!(has(&edges, "raw.flights.arr_delay", "staging.flights.arr_delay"));
    assert!(has(&edges, "staging.flights.arr_delay", "marts.fct_flights.arr_delay"));
    assert!(nodes.iter().all(|name| !name.contains("dep_delay")), "{nodes:?}");
    // What only decides which rows there are is told when asked for.
    let (with_indirect, _) = graph(&[COLUMN, "--upstream", "--indirect"]);
    assert!(with_indirect.len() > nodes.len());
    assert!(with_indirect.iter().any(|name| name == "marts.dim_airline.carrier"), "{with_indirect:?}");
    // A count of the rows that meet a condition has no value of its own.
    let (counted, _) = graph(&["marts.on_time_by_carrier_month.arrived_within_15", "--upstream", "--indirect"]);
    assert!(counted.iter().any(|name| name == "raw.flights.arr_delay"), "{counted:?}");
}

#[test]
fn a_source_column_goes_to_everything_made_of_it() {
    let (nodes, edges) = graph(&["raw.flights.distance", "--downstream"]);
    for name in ["staging.flights.distance", "marts.fct_flights.distance", "marts.route_league.distance"] {
        assert!(nodes.iter().any(|node| node == name), "{name}: {nodes:?}");
    }
    assert!(has(&edges, "marts.fct_flights.distance", "marts.route_league.distance"));
    assert!(
        nodes.iter().all(|name| !name.starts_with("marts.on_time") && !name.starts_with("raw.weather")),
        "{nodes:?}"
    );
    let out = ok(dir(), &["lineage", "raw.flights.distance", "--downstream"]);
    assert!(out.contains("goes to") && out.contains("marts.route_league.distance"), "{out}");
}

#[test]
fn tables_know_their_sources_and_their_readers() {
    let (nodes, edges) = graph(&["marts.fct_flights"]);
    for (from, to) in [
        ("raw.flights", "staging.flights"),
        ("staging.flights", "marts.fct_flights"),
        ("marts.dim_plane", "marts.fct_flights"),
        ("marts.fct_flights", "marts.route_league"),
        ("marts.fct_flights", "marts.delay_by_weather"),
    ] {
        assert!(has(&edges, from, to), "{from} → {to}: {edges:?}");
    }
    assert!(!nodes.iter().any(|name| name == "raw.weather"), "it feeds a reader only: {nodes:?}");
    let (all, _) = graph(&[]);
    assert!(all.len() >= 20 && all.iter().any(|name| name == "seeds.holidays"), "{all:?}");
    let out = ok(dir(), &["lineage", "marts.dim_airline"]);
    assert!(out.contains("marts.dim_airline comes from") && out.contains("marts.dim_airline goes to"), "{out}");
    assert!(out.contains("airlines.csv"), "a source tells where its rows come from: {out}");
}

#[test]
fn mermaid_is_a_flowchart() {
    let out = ok(dir(), &["lineage", COLUMN, "--upstream", "--format", "mermaid"]);
    assert!(out.starts_with("flowchart LR\n"), "{out}");
    let (nodes, edges) = graph(&[COLUMN, "--upstream"]);
    assert_eq!(out.lines().filter(|line| line.contains("-->")).count(), edges.len());
    for node in nodes {
        assert!(out.contains(&format!("\"{node}\"")), "{node} in\n{out}");
    }
}

#[test]
fn svg_is_a_picture_that_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lineage.svg");
    ok(dir(), &["lineage", "marts.fct_flights", "-o", path.to_str().unwrap()]);
    let picture = std::fs::read_to_string(&path).unwrap();
    assert_eq!(picture, ok(dir(), &["lineage", "marts.fct_flights", "--format", "svg"]));
    assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && picture.ends_with("</svg>\n"));
    let (nodes, edges) = graph(&["marts.fct_flights"]);
    assert_eq!(picture.matches("class=\"edge\"").count(), edges.len());
    for node in &nodes {
        assert!(picture.contains(&format!(">{node}</text>")), "{node}");
    }
    assert!(!picture.contains("href") && !picture.contains("<script"));
    // Well-formed as far as counting tells: every element that is opened is closed.
    for element in ["g", "text", "svg", "style", "title", "path"] {
        let opened =
            picture.matches(&format!("<{element}>")).count() + picture.matches(&format!("<{element} ")).count();
        assert_eq!(opened, picture.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn a_name_that_is_not_published_gets_a_suggestion() {
    let said = say(dir(), &["lineage", "marts.fct_flight"]).exits(2);
    assert_told(&said, "HW0808", &["marts.fct_flight", "did you mean marts.fct_flights"]);
    let said = say(dir(), &["lineage", "marts.fct_flights.dep_delai"]).exits(2);
    assert_told(&said, "HW0808", &["did you mean marts.fct_flights.dep_delay"]);
}
