//! Joins in the order that the engine chooses have the rows of joins in any order.

mod generated;
mod model;
