//! `headwater star`.

use super::declarations::with_bridge;
use super::{golden, shop};
use crate::program::{json, ok, workspace};
use crate::project::{Project, assert_told};

#[test]
fn stars_are_drawn_as_text_mermaid_and_svg() {
    let project = with_bridge();
    golden!("star_text", ok(project.path(), &["star"]));
    golden!("star_mermaid", ok(project.path(), &["star", "--format", "mermaid"]));
    golden!("star_svg", ok(project.path(), &["star", "--format", "svg"]));
    golden!("star_of_one_fact", ok(project.path(), &["star", "marts.fct_orders"]));
}

#[test]
fn the_format_follows_from_the_file() {
    let project = shop();
    for (file, begins) in [("a.svg", "<svg"), ("a.mmd", "erDiagram"), ("a.json", "{"), ("a.txt", "marts.fct_orders")] {
        assert_eq!(ok(project.path(), &["star", "-o", file]), "");
        assert!(std::fs::read_to_string(project.path().join(file)).unwrap().starts_with(begins), "{file}");
    }
    let told = json(project.path(), &["star"]);
    let names: Vec<&str> = told["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["marts.fct_orders", "marts.dim_customer", "marts.dim_date"]);
    assert_eq!(told["lines"].as_array().unwrap().len(), 3);
    assert_eq!(told["tables"][0]["columns"][5]["not_over"], serde_json::json!(["order_date_key", "ship_date_key"]));
}

#[test]
fn what_is_not_there_is_not_drawn() {
    let said = shop().say(&["star", "marts.fct_order"]).exits(2);
    assert_told(&said, "HW0820", &["did you mean marts.fct_orders?"]);
    let said = Project::numbers().say(&["star"]).exits(0);
    assert_eq!(said.out, "");
    assert!(said.err.contains("no model says that it is a fact"), "{}", said.err);
}

#[test]
fn the_example_is_drawn() {
    golden!("star_flights", ok(&workspace().join("examples/flights"), &["star"]));
}
