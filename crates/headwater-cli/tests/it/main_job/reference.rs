//! The examples of the reference are a project that runs.

use crate::program::query;
use crate::project::Project;

const REFERENCE: &str = include_str!("../../../../../docs/reference/project.md");

/// The examples of a language, in order.
fn examples(language: &str) -> Vec<&str> {
    let begin = format!("```{language}\n");
    REFERENCE.split(&begin).skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn the_examples_of_the_reference_are_a_project() {
    let yaml = examples("yaml");
    let [project, source, test] = yaml[..] else { panic!("{} examples", yaml.len()) };
    let sql = examples("sql");
    let [model] = sql[..] else { panic!("{} examples", sql.len()) };
    let today = jiff::Timestamp::now().to_string();
    let project = Project::empty()
        .with("headwater.yml", project.replace("${SHOP_SECRET}", "${SHOP_SECRET:-none}"))
        .with("sources/shop.yml", source)
        .with("models/marts/customers.sql", model)
        .with("tests/customers.yml", test)
        .with("seeds/countries.csv", "code\nDE\n")
        .with(
            "data/orders/1.csv",
            format!("order_id,ordered_at,customer_id,country\n1,2024-12-31T00:00:00Z,7,DE\n2,{today},7,DE\n3,{today},8,FR\nx,,,\n"),
        );
    project.say(&["check"]).exits(0);
    project.say(&["test"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select customer_id, country from marts.customers order by 1"), "7,DE\n8,FR");
    assert_eq!(query(project.path(), "select count(*) from raw.orders__rejected"), "1");
    project.say(&["run", "--var", "since=2999-01-01"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from marts.customers"), "0");
}
