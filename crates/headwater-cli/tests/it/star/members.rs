//! Members that declarations add: unknown, not applicable, and those that arrive late.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json as value};

use super::{DIM_CUSTOMER, shop};
use crate::program::{json, query, rows};
use crate::project::{Project, assert_told};

fn refresh(report: &Value, name: &str) -> Value {
    report["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == name).unwrap()["refresh"].clone()
}

fn customers(project: &Project) -> Vec<Value> {
    rows(
        project.path(),
        "select customer_key, customer_id, customer_name, discount, is_active from marts.dim_customer
         order by customer_id nulls first",
    )
}

#[test]
fn members_are_added_with_typed_values() {
    let project = shop();
    project.run();
    let key = |id: &str| -> i64 { query(project.path(), &format!("select surrogate_key('{id}')")).parse().unwrap() };
    let member = |key: i64, id: Value, name: &str, discount: Value, active: bool| value!({ "customer_key": key, "customer_id": id, "customer_name": name, "discount": discount, "is_active": active });
    assert_eq!(
        customers(&project),
        [
            member(-1, Value::Null, "Unknown", Value::Null, false),
            member(key("c1"), "c1".into(), "Ada", value!(0.1), true),
            member(key("c2"), "c2".into(), "Bob", value!(0.0), true),
            member(key("c9"), "c9".into(), "Unknown", Value::Null, false),
        ]
    );
    let days = rows(
        project.path(),
        "select date_key, date, year, month_name from marts.dim_date where date_key < 0 order by 1",
    );
    assert_eq!(
        days,
        [
            value!({ "date_key": -2, "date": null, "year": null, "month_name": "Not applicable" }),
            value!({ "date_key": -1, "date": null, "year": null, "month_name": "Unknown" }),
        ]
    );
    // Every foreign key leads to one row, in every role.
    let joined = "select count(*), sum(amount) from marts.fct_orders f
        join marts.dim_customer c using (customer_key)
        join marts.dim_date o on o.date_key = f.order_date_key
        join marts.dim_date s on s.date_key = f.ship_date_key";
    assert_eq!(query(project.path(), joined), "4,36");
    let types = rows(
        project.path(),
        "select arrow_typeof(date_key) as key, arrow_typeof(year) as year from marts.dim_date limit 1",
    );
    assert_eq!(types[0], value!({ "key": "Int32", "year": "Int32" }), "members change no type");
}

#[test]
fn a_late_member_becomes_the_source_s_own() {
    let project = shop();
    project.run();
    // Another order of somebody new, and one of a customer who is known: one key is concerned.
    project.write(
        "data/orders2.csv",
        "order_id,customer,ordered_on,shipped_on,amount,balance,discount_rate\n5,c8,2024-03-01,,7,1,0\n6,c1,2024-03-01,,7,1,0\n",
    );
    let report = json(project.path(), &["run"]);
    let how = refresh(&report, "marts.dim_customer");
    assert_eq!((&how["how"], &how["columns"]), (&"keys".into(), &value!(["customer_key"])), "{how}");
    assert_eq!((&how["keys"], &how["deleted"]), (&2.into(), &1.into()), "c8 is new, and c1 is looked at again: {how}");
    assert_eq!(refresh(&report, "marts.fct_orders")["how"], "append");
    let ids = "select string_agg(customer_id, ' ' order by customer_id) from marts.dim_customer where customer_name = 'Unknown'";
    assert_eq!(query(project.path(), ids), "c8 c9");
    let before = query(project.path(), "select customer_key from marts.dim_customer where customer_id = 'c9'");

    // The source has it now: its row is the source's, under the same key, and no fact has to be touched.
    project.write("data/customers.csv", "id,name,discount\nc1,Ada,0.1\nc2,Bob,0\nc9,Zoe,0.5\n");
    let report = json(project.path(), &["run"]);
    let how = refresh(&report, "marts.dim_customer");
    assert_eq!((&how["how"], &how["keys"], &how["deleted"]), (&"keys".into(), &1.into(), &1.into()), "{how}");
    let after = "select customer_key, customer_name, is_active from marts.dim_customer where customer_id = 'c9'";
    assert_eq!(query(project.path(), after), format!("{before},Zoe,true"));
    assert_eq!(query(project.path(), "select count(*) from marts.dim_customer"), "5");

    // The same as all of it computed at once.
    let kept = customers(&project);
    project.say(&["run", "--full-refresh"]).exits(0);
    assert_eq!(customers(&project), kept);
}

#[test]
fn lineage_and_plans_see_the_rows_that_are_added() {
    let project = shop();
    project.run();
    let graph = json(project.path(), &["lineage", "marts.dim_customer", "--upstream"]);
    let names: Vec<&str> =
        graph["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["marts.dim_customer", "raw.customers", "raw.orders"]);
    let graph = json(project.path(), &["lineage", "marts.dim_customer.customer_id", "--upstream"]);
    let names: Vec<&str> =
        graph["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["marts.dim_customer.customer_id", "raw.customers.id", "raw.orders.customer"]);
    // A member's attribute is a part of the SQL: what uses it is rebuilt, and nothing else.
    project.write("models/marts/names.sql", "select customer_key, customer_name from marts.dim_customer\n");
    project.write("models/marts/active.sql", "select customer_key, is_active from marts.dim_customer\n");
    project.run();
    let changed = DIM_CUSTOMER.replace("{ is_active: false }", "{ is_active: false, customer_name: Nobody }");
    project.write("models/marts/dim_customer.sql", changed);
    let plan = json(project.path(), &["plan"]);
    let tasks = plan["tasks"].as_array().unwrap();
    let action = |name: &str| tasks.iter().find(|task| task["asset"] == name).unwrap()["action"].clone();
    assert_eq!(action("marts.dim_customer"), "build");
    assert_eq!((action("marts.names"), action("marts.active")), ("build".into(), "skip".into()));
    project.run();
    assert_eq!(
        query(project.path(), "select customer_name from marts.dim_customer where customer_key = unknown_key()"),
        "Nobody"
    );
    assert!(project.run().out.contains("nothing to publish"));
}

#[test]
fn inferred_members_have_values_of_their_own() {
    let project = shop();
    let text =
        DIM_CUSTOMER.replace("---*/", "  inferred_member: { customer_name: Not yet known, discount: 0.25 }\n---*/");
    project.write("models/marts/dim_customer.sql", text);
    project.run();
    let found = rows(
        project.path(),
        "select customer_name, discount, is_active from marts.dim_customer where customer_id = 'c9'",
    );
    assert_eq!(found, [value!({ "customer_name": "Not yet known", "discount": 0.25, "is_active": false })]);
}

#[test]
fn a_natural_key_may_be_the_key() {
    let project = shop()
        .with(
            "models/marts/dim_customer.sql",
            "/*---\ndimension: { key: id, natural_key: id, unknown_member: { id: none }, late_arriving_from: raw.orders.customer }\n---*/\n\
             select id, name from raw.customers -- all of them\n",
        )
        .with(
            "models/marts/fct_orders.sql",
            "/*---\nfact: { grain: order_id, dimensions: { customer: marts.dim_customer } }\n---*/\n\
             select order_id, coalesce(customer, 'none') as customer from raw.orders\n",
        );
    project.run();
    let ids = "select string_agg(id || '=' || name, ' ' order by id) from marts.dim_customer";
    assert_eq!(query(project.path(), ids), "c1=Ada c2=Bob c9=Unknown none=Unknown");
}

#[test]
fn a_dimension_may_be_a_view_and_is_tested_with_its_members() {
    let project = shop();
    let text = DIM_CUSTOMER.replacen("dimension:", "materialize: view\ndimension:", 1);
    project.write("models/marts/dim_customer.sql", text);
    project.write(
        "tests/customers.yml",
        "name: late\nmodel: marts.dim_customer\ngiven:\n  raw.customers: [{ id: a, name: Ada }]\n  raw.orders: [{ customer: a }, { customer: b }, { customer: b }]\n\
         expect:\n  - { customer_id: null, customer_name: Unknown }\n  - { customer_id: a, customer_name: Ada }\n  - { customer_id: b, customer_name: Unknown }\n\
         expect_checks: { unknown_member(customer_key): passed, unique(customer_key): passed }\n",
    );
    project.say(&["test"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select count(*) from marts.dim_customer"), "4");
}

#[test]
fn a_member_that_has_the_unknown_key_stops_the_table() {
    let project = shop();
    project.write(
        "models/marts/dim_customer.sql",
        DIM_CUSTOMER.replace("surrogate_key(id) as", "case id when 'c2' then -1 else surrogate_key(id) end as"),
    );
    let said = project.say(&["run"]).exits(1);
    assert_told(
        &said,
        "HW0910",
        &["unknown_member(customer_key)", "unique(customer_key)", "inferred_key(customer_key)"],
    );
    let report = project.say(&["run", "--json"]).exits(1).json();
    let asset =
        report["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == "marts.dim_customer").unwrap();
    let problems = asset["problems"].as_array().unwrap();
    let check = problems.iter().find(|problem| problem["check"] == "unique(customer_key)").unwrap();
    assert_eq!(check["sample"], value!([{ "customer_key": -1, "rows": 2 }]), "{check}");
}

/// Rounds of chance: orders arrive, customers come, go and change their names. What the dimension has to hold is worked out
/// here, from sets.
#[test]
fn members_are_right_after_every_round() {
    let project = shop();
    let mut chance = 20_240_229_u64;
    let mut below = |most: u64| {
        // Knuth's MMIX generator; its upper bits are the good ones.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % most
    };
    let mut known: BTreeMap<String, String> = (0..40).map(|n| (format!("c{n}"), format!("name {n}"))).collect();
    let mut arrived: BTreeSet<String> = BTreeSet::from(["c1", "c2", "c9"].map(str::to_owned));
    let mut ways = BTreeSet::new();
    for round in 0..8 {
        if below(3) > 0 {
            let orders: Vec<String> = (0..=below(3)).map(|_| format!("c{}", below(60))).collect();
            let lines: String = orders
                .iter()
                .enumerate()
                .map(|(n, id)| format!("{},{id},2024-03-01,,1,1,0\n", 100 * (round + 1) + n))
                .collect();
            let header = "order_id,customer,ordered_on,shipped_on,amount,balance,discount_rate\n";
            project.write(&format!("data/orders_{round}.csv"), format!("{header}{lines}"));
            arrived.extend(orders);
        }
        for _ in 0..below(3) {
            let id = format!("c{}", below(60));
            if below(2) == 0 {
                known.remove(&id);
            } else {
                known.insert(id, format!("name {}", below(1000)));
            }
        }
        let lines: String = known.iter().map(|(id, name)| format!("{id},{name},0\n")).collect();
        project.write("data/customers.csv", format!("id,name,discount\n{lines}"));
        let report = json(project.path(), &["run"]);
        if let Some(how) = refresh(&report, "marts.dim_customer")["how"].as_str() {
            ways.insert(how.to_owned());
        }
        let mut expected: Vec<String> = arrived
            .iter()
            .filter(|id| !known.contains_key(*id))
            .map(|id| format!("{id},Unknown,true"))
            .chain(known.iter().map(|(id, name)| format!("{id},{name},true")))
            .collect();
        expected.sort();
        let found = query(
            project.path(),
            "select customer_id, customer_name, customer_key = surrogate_key(customer_id) from marts.dim_customer
             where customer_id is not null",
        );
        let mut found: Vec<&str> = found.lines().collect();
        found.sort_unstable();
        assert_eq!(found, expected, "round {round}");
        assert_eq!(query(project.path(), "select count(*) from marts.dim_customer where customer_key = -1"), "1");
    }
    assert!(ways.contains("keys"), "never refreshed by keys: {ways:?}");
}
