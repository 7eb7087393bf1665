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
    let [project, source, _, _, test] = yaml[..] else { panic!("{} examples", yaml.len()) };
    let sql = examples("sql");
    let [model, ..] = sql[..] else { panic!("{} examples", sql.len()) };
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

#[test]
fn the_script_of_the_reference_is_one() {
    let [_, _, script, _, _] = examples("yaml")[..] else { panic!("it has other examples") };
    let project = Project::empty()
        .with("scripts/marts/score.yml", script)
        .with("scripts/marts/score.py", "")
        .with("scripts/marts/lib/model.py", "")
        .with("models/marts/fct_flights.sql", "select 'N14228' as tail_number, 4 as dep_delay, 1 as flight\n")
        .with("models/marts/dim_plane.sql", "select 'N14228' as tail_number, 'B738' as model\n");
    project.say(&["check"]).exits(0);
}

#[test]
fn the_star_of_the_reference_is_one() {
    let sql = examples("sql");
    let [.., dimension, fact] = sql[..] else { panic!("{} examples", sql.len()) };
    let project = Project::empty()
        .with(
            "sources/shop.yml",
            "connector: files\nlocation: data\nstreams:\n  - { table: staging.customers, path: customers.csv }\n  \
             - { table: staging.orders, path: orders.csv }\n",
        )
        .with("data/customers.csv", "customer_id,customer_name,is_active\n7,Ada,true\n")
        .with(
            "data/orders.csv",
            "order_id,customer_id,ordered_on,shipped_on,amount,balance,discount_rate\n\
             1,7,2025-01-31,2025-02-01,10,10,0\n2,8,2025-02-01,,20,30,0.1\n3,,2025-02-02,,5,35,0\n",
        )
        .with("models/marts/dim_customer.sql", dimension)
        .with("models/marts/fct_orders.sql", fact)
        .with(
            "models/marts/dim_date.sql",
            "/*---\ndimension: { key: date_key, unknown_member: true, not_applicable_member: true }\n---*/\n\
             select * from date_dimension(date '2020-01-01', date '2030-12-31')\n",
        );
    project.say(&["check"]).exits(0);
    project.run();
    let named = "select order_id, customer_name, s.month_name from marts.fct_orders
        join marts.dim_customer using (customer_key) join marts.dim_date s on s.date_key = ship_date_key order by 1";
    assert_eq!(query(project.path(), named), "1,Ada,February\n2,Unknown,Not applicable\n3,Unknown,Not applicable");
    assert_eq!(query(project.path(), "select count(*) from marts.dim_customer"), "3");
}
