//! Star schemas: what the headers of their models declare.
//!
//! A star is facts, which hold what was measured, and dimensions, which hold what it was measured by. A model says which
//! of the two it is, and Headwater checks what that means, adds the rows that have to be there, and draws it:
//! `headwater star`.
//!
//! ```sql
//! /*---
//! dimension:
//!   key: customer_key
//!   natural_key: customer_id
//!   unknown_member: { is_active: false }
//!   late_arriving_from: staging.orders.customer_id
//! ---*/
//! select surrogate_key(customer_id) as customer_key, customer_id, customer_name, is_active
//! from staging.customers
//! ```
//! ```sql
//! /*---
//! fact:
//!   grain: order_id
//!   dimensions:
//!     customer_key: marts.dim_customer
//!     order_date_key: { dimension: marts.dim_date, role: ordered }
//!     ship_date_key: { dimension: marts.dim_date, role: shipped }
//!   degenerate_dimensions: order_id
//!   measures: { amount: fully, balance: { additive: semi, not_over: order_date_key }, discount_rate: no }
//! ---*/
//! select
//!     order_id,
//!     coalesce(surrogate_key(customer_id), unknown_key()) as customer_key,
//!     coalesce(cast(to_char(ordered_on, '%Y%m%d') as int), unknown_key()) as order_date_key,
//!     coalesce(cast(to_char(shipped_on, '%Y%m%d') as int), not_applicable_key()) as ship_date_key,
//!     amount, balance, discount_rate
//! from staging.orders
//! ```
//!
//! **Checks.** A declaration stands for ordinary checks of severity `error`, which are evaluated while the table is written:
//!
//! | of | checks |
//! | --- | --- |
//! | a fact | `unique` on the grain; `not_null` on the grain and the foreign keys; `relationships` for every foreign key |
//! | a dimension | `unique` and `not_null` on the key; `unique` on the natural key; exactly one row for each special member |
//! | a bridge | `unique` on the group and the foreign keys; `not_null` on them and the weight; `relationships`; weights that add up to 1 |
//!
//! A check under `checks` on the same columns, without `where`, takes the place of the one that is declared: write it to choose
//! another severity or a threshold.
//!
//! **`headwater check`** says, before anything runs, which columns are not there, which keys have types that do not go
//! together, which measures are no numbers, and, as a warning, which models downstream add up what is not additive.
//!
//! **Special members.** `unknown_member` and `not_applicable_member` add a row to the query's own: with the key −1 or −2
//! (`unknown_key()`, `not_applicable_key()`; for a text the same digits), texts that say `Unknown` or `Not applicable`, and
//! nulls in the natural key and in columns of other types. A mapping gives columns other values; the key has to be among them
//! where it is neither integer nor text.
//!
//! **Late-arriving members.** `late_arriving_from` names columns of other tables in which natural keys turn up. Those that the
//! query does not have become members as well: with the natural key, with `surrogate_key(natural key)` as the key, and with
//! the values of the unknown member elsewhere, or those under `inferred_member`. As soon as the query has the member, its row
//! is the query's. The natural key has to be one column.
//!
//! **Functions** of SQL, in models, checks, queries and unit tests:
//!
//! - `surrogate_key(a, b, …)`: a `bigint` from 0 to 2⁶³ − 1, made by hashing the values; the same everywhere and always. Integers
//!   and decimals of all widths that are equal have the same key; `'1'` and 1, null and `''`, `('a', 'bc')` and `('ab', 'c')` do
//!   not. Null when all arguments are. The odds that any two of n members share a key are about n² / 2⁶⁴: 1 to 18 million for a
//!   million members, 1 to 1,800 for a hundred million. A dimension's `unique` check finds it.
//! - `unknown_key()` is −1, `not_applicable_key()` is −2. No surrogate key is negative.
//! - `date_dimension(first, last)` is a table of days, both included: `select * from date_dimension(date '2020-01-01', date
//!   '2030-12-31')`. The days have to be constants. Its columns are `date_key` (yyyymmdd), `date`, `year`, `quarter`,
//!   `year_quarter` (`2020-Q1`), `month`, `month_name`, `month_short`, `year_month` (`2020-01`), `iso_year`, `iso_week`,
//!   `iso_year_week` (`2020-W01`), `day_of_month`, `day_of_year`, `day_of_week` (1 Monday to 7 Sunday), `day_name`,
//!   `day_short`, `is_weekend`, `first_of_week` (the Monday), `first_of_month`, `last_of_month`, `is_last_of_month`,
//!   `first_of_quarter`, `first_of_year`, `last_of_year`, `fiscal_year`, `fiscal_quarter`, `fiscal_month`. Names are English.
//!   A third argument is the month that fiscal years begin with (1 to 12); a fiscal year is called after the calendar year in
//!   which it ends.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::columns::Named;
use super::formats::TableText;

/// A fact: a table of what was measured.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactOptions {
    /// The columns that together name a row: what one row stands for.
    #[schemars(length(min = 1))]
    pub(crate) grain: Vec<String>,
    /// The foreign keys, each with the dimension that it leads to. Several may lead to one dimension, which then plays
    /// several roles. A key may lead to a bridge.
    #[serde(default)]
    pub(crate) dimensions: Named<ReferenceOption>,
    /// Columns that are dimensions without a table, such as an order number.
    #[serde(default)]
    pub(crate) degenerate_dimensions: Vec<String>,
    /// The columns that are measured, each with whether its values may be added.
    #[serde(default)]
    pub(crate) measures: Named<MeasureOption>,
}

/// What a foreign key leads to: a table, or more about it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ReferenceOption {
    /// The table of the dimension: `schema.table`.
    Table(TableText),
    /// The table, and what it is to this one.
    Role(RoleOption),
    /// Nothing is written.
    #[default]
    #[serde(skip)]
    Missing,
}

/// A dimension in a role.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleOption {
    /// The table of the dimension: `schema.table`.
    pub(crate) dimension: TableText,
    /// What the dimension is to this table, e.g. `origin`.
    pub(crate) role: Option<String>,
}

/// Whether a measure's values may be added: `fully`, `no`, or more about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum MeasureOption {
    /// Along all dimensions, some, or none.
    Additive(AdditiveOption),
    /// With the keys along which they may not.
    Detailed(MeasureDetails),
}

impl Default for MeasureOption {
    fn default() -> Self {
        Self::Additive(AdditiveOption::Fully)
    }
}

/// What is measured.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeasureDetails {
    /// Along which dimensions values may be added.
    pub(crate) additive: AdditiveOption,
    /// For `semi`: the foreign keys along which they may not, such as the date of a balance.
    #[serde(default)]
    pub(crate) not_over: Vec<String>,
}

/// Along which dimensions values may be added.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AdditiveOption {
    /// All: an amount, a count.
    Fully,
    /// Some: a balance, which is not added over time.
    Semi,
    /// None: a rate, a price.
    No,
}

/// A dimension: a table of members, which facts are measured by.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DimensionOptions {
    /// The column that facts refer to.
    pub(crate) key: String,
    /// The columns by which the source tells members apart.
    #[serde(default)]
    pub(crate) natural_key: Vec<String>,
    /// Adds the member that stands for what is not known: `true`, or the values that are not the defaults.
    pub(crate) unknown_member: Option<MemberOption>,
    /// Adds the member that stands for what cannot be, such as the day of an arrival that never was: `true`, or the values
    /// that are not the defaults.
    pub(crate) not_applicable_member: Option<MemberOption>,
    /// Columns in which natural keys turn up that the query may not have yet, each as `schema.table.column`.
    #[serde(default)]
    pub(crate) late_arriving_from: Vec<String>,
    /// Values of the members that are inferred from there, where they are not those of the unknown member.
    #[serde(default, rename = "inferred_member")]
    pub(crate) _inferred_member: BTreeMap<String, Value>,
}

/// Whether a member is added, or what its values are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum MemberOption {
    /// With the default values.
    Added(bool),
    /// With these values, by column.
    Values(#[allow(dead_code, reason = "values are read with their places")] BTreeMap<String, Value>),
}

/// A bridge: a table that says which members belong to a group, for facts with several members of a dimension.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BridgeOptions {
    /// The column of the group, which facts refer to.
    pub(crate) group: String,
    /// The foreign keys, each with the dimension that it leads to.
    pub(crate) dimensions: Named<ReferenceOption>,
    /// The column with each member's share of the group; the shares of a group add up to 1.
    pub(crate) weight: Option<String>,
}
