//! Declarations that are wrong: told with their places, all at once.

use super::{DIM_CUSTOMER, FCT_ORDERS, golden, shop};

#[test]
fn what_makes_no_sense_is_told_when_the_files_are_read() {
    let project = shop();
    project.write(
        "models/marts/fct_orders.sql",
        FCT_ORDERS
            .replace("customer_key: marts.dim_customer", "customer_key: raw.customers")
            .replace("{ dimension: marts.dim_date, role: ordered }", "marts.dim_dates")
            .replace("{ dimension: marts.dim_date, role: shipped }", "{ dimension: marts.fct_orders }"),
    );
    project.write(
        "models/marts/fct_returns.sql",
        FCT_ORDERS
            .replace("not_over: [order_date_key, ship_date_key]", "not_over: [order_date]")
            .replace("discount_rate: no", "discount_rate: { additive: no, not_over: ship_date_key }\n    tax: semi"),
    );
    project.write(
        "models/marts/dim_customer.sql",
        DIM_CUSTOMER.replace("natural_key: customer_id", "natural_key: [customer_id, customer_name]"),
    );
    project.write("models/marts/both.sql", "/*---\nfact: { grain: a }\ndimension: { key: a }\n---*/\nselect 1 as a\n");
    project.write(
        "models/marts/none.sql",
        "/*---\nfact: { grain: [], degenerate_dimensions: [a, a], dimensions: { a: } }\n---*/\nselect 1 as a\n",
    );
    project.write(
        "models/marts/alone.sql",
        "/*---\ndimension: { key: a, inferred_member: { a: 1 }, late_arriving_from: orders }\n---*/\nselect 1 as a\n",
    );
    let said = project.say(&["check"]).exits(2);
    golden!("mistakes_in_files", said.err);
}

#[test]
fn what_does_not_fit_the_columns_is_told_before_anything_runs() {
    let project = shop();
    project.write(
        "models/marts/fct_orders.sql",
        FCT_ORDERS
            .replace("coalesce(surrogate_key(customer), unknown_key())", "coalesce(customer, '-1')")
            .replace("grain: order_id", "grain: [order_id, line]")
            .replace("    amount,\n", "    cast(amount as string) as amount,\n"),
    );
    project.write(
        "models/marts/dim_customer.sql",
        DIM_CUSTOMER
            .replace("unknown_member: { is_active: false }", "unknown_member: { is_active: maybe, nickname: x }")
            .replace("raw.orders.customer", "[raw.orders.amount, raw.orders.costumer]"),
    );
    project.write(
        "models/marts/dim_day.sql",
        "/*---\ndimension: { key: day, unknown_member: true }\n---*/\nselect date as day from date_dimension('2024-01-01', '2024-01-02')\n",
    );
    let said = project.say(&["check"]).exits(2);
    golden!("mistakes_in_columns", said.err);
}

#[test]
fn members_from_a_table_that_reads_the_dimension_are_a_circle() {
    let project = shop();
    project.write("models/marts/dim_customer.sql", DIM_CUSTOMER.replace("raw.orders.customer", "marts.named.customer"));
    project.write(
        "models/marts/named.sql",
        "select o.customer from raw.orders o join marts.dim_customer c on c.customer_id = o.customer\n",
    );
    let said = project.say(&["check"]).exits(2);
    golden!("circle", said.err);
}
