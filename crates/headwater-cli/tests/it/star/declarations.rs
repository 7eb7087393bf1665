//! What a declaration stands for: checks, and warnings about sums.

use serde_json::Value;

use super::{DIM_CUSTOMER, FCT_ORDERS, golden, shop};
use crate::program::{json, query};
use crate::project::{Project, assert_told};

/// The checks of a published table, with their verdicts.
fn checks(project: &Project, table: &str) -> Vec<(String, String)> {
    let shown = json(project.path(), &["show", table]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let checks = shown["checks"].as_array().unwrap().iter();
    checks.map(|result| (text(&result["check"]["name"]), text(&result["verdict"]))).collect()
}

fn passed(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), "passed".to_owned())).collect()
}

#[test]
fn a_declaration_stands_for_checks() {
    let project = shop();
    project.run();
    assert_eq!(
        checks(&project, "marts.fct_orders"),
        passed(&[
            "not_null(order_id, customer_key, order_date_key, ship_date_key)",
            "unique(order_id)",
            "relationships(customer_key, marts.dim_customer.customer_key)",
            "relationships(order_date_key, marts.dim_date.date_key)",
            "relationships(ship_date_key, marts.dim_date.date_key)",
        ])
    );
    assert_eq!(
        checks(&project, "marts.dim_customer"),
        passed(&[
            "not_null(customer_key)",
            "unique(customer_key)",
            "unique(customer_id)",
            "unknown_member(customer_key)",
            "inferred_key(customer_key)",
        ])
    );
    let said = project.say(&["check"]).exits(0);
    assert_eq!(said.out, "small: 5 assets, 15 checks, 1 fact, 2 dimensions, no errors\n");
    assert!(project.run().out.contains("nothing to publish"));
}

#[test]
fn a_check_that_is_written_takes_the_place_of_the_declared_one() {
    let project = shop();
    let written = "checks:\n  - not_null: [customer_key, amount]\n  - unique: { columns: order_id, severity: warn }\n  \
                   - relationships: { column: customer_key, to: marts.dim_customer.customer_key, severity: warn, threshold: 50% }\n  \
                   - unique: { columns: order_id, where: amount > 0 }\n---*/";
    project.write("models/marts/fct_orders.sql", FCT_ORDERS.replace("---*/", written));
    project.run();
    assert_eq!(
        checks(&project, "marts.fct_orders"),
        passed(&[
            "not_null(customer_key, amount)",
            "unique(order_id)",
            "relationships(customer_key, marts.dim_customer.customer_key)",
            "unique(order_id) #2",
            "not_null(order_id, order_date_key, ship_date_key)",
            "relationships(order_date_key, marts.dim_date.date_key)",
            "relationships(ship_date_key, marts.dim_date.date_key)",
        ])
    );
}

#[test]
fn a_grain_that_is_not_one_is_shown_with_its_rows() {
    let project = shop();
    project.write(
        "data/orders2.csv",
        "order_id,customer,ordered_on,shipped_on,amount,balance,discount_rate\n2,c1,2024-03-01,2031-01-01,7,1,0\n",
    );
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["marts.fct_orders", "unique(order_id)", "order_id", "20310101"]);
    let report = project.say(&["run", "--json"]).exits(1).json();
    let asset = report["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == "marts.fct_orders").unwrap();
    let sample = |name: &str| {
        let problems = asset["problems"].as_array().unwrap();
        problems.iter().find(|problem| problem["check"] == name).unwrap()["sample"].clone()
    };
    assert_eq!(sample("unique(order_id)"), serde_json::json!([{ "order_id": 2, "rows": 2 }]));
    assert_eq!(
        sample("relationships(ship_date_key, marts.dim_date.date_key)"),
        serde_json::json!([{ "ship_date_key": 20_310_101, "rows": 1 }])
    );
}

pub(super) fn with_bridge() -> Project {
    shop()
        .with("seeds/shares.csv", "household,customer,share\nh1,c1,0.4\nh1,c2,0.6\nh2,c2,1\n")
        .with(
            "models/marts/bridge_household.sql",
            "/*---\nbridge: { group: household_key, dimensions: { customer_key: marts.dim_customer }, weight: share }\n---*/\n\
             select surrogate_key(household) as household_key, surrogate_key(customer) as customer_key, share from seeds.shares\n",
        )
        .with(
            "models/marts/fct_visits.sql",
            "/*---\nfact:\n  grain: [household_key, visit_date_key]\n  dimensions: { household_key: marts.bridge_household, visit_date_key: marts.dim_date }\n  \
             measures: { visits: fully }\n---*/\nselect surrogate_key('h1') as household_key, 20240101 as visit_date_key, 3 as visits\n",
        )
}

#[test]
fn the_weights_of_a_group_add_up_to_one() {
    let project = with_bridge();
    project.run();
    assert_eq!(
        checks(&project, "marts.bridge_household"),
        passed(&[
            "not_null(household_key, customer_key, share)",
            "unique(household_key, customer_key)",
            "relationships(customer_key, marts.dim_customer.customer_key)",
            "weights(share)",
        ])
    );
    assert!(checks(&project, "marts.fct_visits").contains(&(
        "relationships(household_key, marts.bridge_household.household_key)".to_owned(),
        "passed".to_owned()
    )));
    let allocated =
        "select sum(visits * share) from marts.fct_visits join marts.bridge_household using (household_key)";
    assert_eq!(query(project.path(), allocated), "3.0");
    project.write("seeds/shares.csv", "household,customer,share\nh1,c1,0.4\nh1,c2,0.7\nh2,c2,1\n");
    let said = project.say(&["run"]).exits(1);
    assert_told(&said, "HW0910", &["weights(share)"]);
}

#[test]
fn sums_of_what_is_not_additive_are_warned_of() {
    let project = shop()
        .with("models/marts/wide.sql", "/*---\nmaterialize: view\n---*/\nselect f.*, d.date, d.month_name from marts.fct_orders f join marts.dim_date d on d.date_key = f.order_date_key\n")
        // Each of these means nothing, or counts something several times.
        .with(
            "models/marts/wrong.sql",
            "select\n    month_name,\n    sum(discount_rate) as rates,\n    sum(coalesce(balance, 0)) as balances,\n    sum(amount) as amount\nfrom marts.wide\ngroup by month_name\n",
        )
        .with(
            "models/marts/running.sql",
            "select order_id, sum(balance) over (partition by customer_key, ship_date_key order by order_id) as balance from marts.fct_orders\n",
        )
        // None of these does.
        .with(
            "models/marts/right.sql",
            "select date, ship_date_key, sum(balance) as balance, sum(discount_rate * amount) as discounts, avg(discount_rate) as rate\n\
             from marts.wide group by date, ship_date_key\n",
        )
        .with(
            "models/marts/newest.sql",
            "select customer_key, sum(balance) as balance from marts.fct_orders\n\
             where order_date_key = (select max(order_date_key) from marts.fct_orders) and ship_date_key = -2 group by customer_key\n",
        );
    let said = project.say(&["check"]).exits(0);
    golden!("sums", said.err);
    let told = json(project.path(), &["check"]);
    assert_eq!(told["diagnostics"].as_array().unwrap().len(), 4, "{told}");
    project.run();
}

#[test]
fn a_dimension_may_keep_its_versions() {
    let history = "/*---\nmaterialize: scd2\nkey: [customer_key]\n";
    let project = shop().with("models/marts/dim_customer.sql", DIM_CUSTOMER.replacen("/*---\n", history, 1));
    project.run();
    project.write("data/customers.csv", "id,name,discount\nc1,Eve,0.1\nc2,Bob,0\n");
    project.run();
    let versions = "select string_agg(customer_name, ' ' order by valid_from), count(*) filter (where is_current) \
                    from marts.dim_customer where customer_id = 'c1'";
    assert_eq!(query(project.path(), versions), "Ada Eve,1");
    let names: Vec<String> = checks(&project, "marts.dim_customer")
        .into_iter()
        .map(|(name, verdict)| {
            assert_eq!(verdict, "passed", "{name}");
            name
        })
        .collect();
    assert!(
        names.contains(&"unique(customer_key)".to_owned())
            && names.contains(&"unknown_member(customer_key)".to_owned()),
        "{names:?}"
    );
}
