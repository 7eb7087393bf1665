//! Star schemas: functions, declarations, members that are added, drawings.

mod declarations;
mod drawing;
mod functions;
mod members;
mod mistakes;

use crate::project::Project;

/// Compares with `snapshots/<name>.snap`.
macro_rules! golden {
    ($name:expr, $value:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "snapshots" }, {
            insta::assert_snapshot!($name, $value);
        });
    };
}
use golden;

const SOURCES: &str = "\
connector: files
location: data
streams:
  - { table: raw.customers, path: 'customers*.csv', columns: { id: { type: string } } }
  - { table: raw.orders, path: 'orders*.csv', mode: new_files, columns: { customer: { type: string }, ordered_on: { type: date }, shipped_on: { type: date } } }
";

const DIM_CUSTOMER: &str = "\
/*---
dimension:
  key: customer_key
  natural_key: customer_id
  unknown_member: { is_active: false }
  late_arriving_from: raw.orders.customer
---*/
select surrogate_key(id) as customer_key, id as customer_id, name as customer_name, discount, true as is_active
from raw.customers;
";

const DIM_DATE: &str = "\
/*---
dimension: { key: date_key, natural_key: date, unknown_member: true, not_applicable_member: true }
---*/
select date_key, date, year, month_name from date_dimension(date '2024-01-01', date '2024-12-31')
";

const FCT_ORDERS: &str = "\
/*---
fact:
  grain: order_id
  dimensions:
    customer_key: marts.dim_customer
    order_date_key: { dimension: marts.dim_date, role: ordered }
    ship_date_key: { dimension: marts.dim_date, role: shipped }
  degenerate_dimensions: order_id
  measures:
    amount: fully
    balance: { additive: semi, not_over: [order_date_key, ship_date_key] }
    discount_rate: no
---*/
select
    order_id,
    coalesce(surrogate_key(customer), unknown_key()) as customer_key,
    coalesce(cast(to_char(ordered_on, '%Y%m%d') as int), unknown_key()) as order_date_key,
    coalesce(cast(to_char(shipped_on, '%Y%m%d') as int), not_applicable_key()) as ship_date_key,
    amount,
    balance,
    discount_rate
from raw.orders
";

/// A star of orders: two customers are known, a third has ordered, and one order is of nobody.
fn shop() -> Project {
    Project::empty()
        .with("sources/shop.yml", SOURCES)
        .with("data/customers.csv", "id,name,discount\nc1,Ada,0.1\nc2,Bob,0\n")
        .with(
            "data/orders1.csv",
            "order_id,customer,ordered_on,shipped_on,amount,balance,discount_rate\n\
             1,c1,2024-01-31,2024-02-01,10,100,0.1\n2,c2,2024-02-01,,20,120,0.2\n3,c9,2024-02-29,,5,125,0\n4,,,,1,126,0\n",
        )
        .with("models/marts/dim_customer.sql", DIM_CUSTOMER)
        .with("models/marts/dim_date.sql", DIM_DATE)
        .with("models/marts/fct_orders.sql", FCT_ORDERS)
}
