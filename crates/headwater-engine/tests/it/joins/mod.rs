//! Joins in the order that the engine chooses have the rows of joins in any order, and groups that are restricted to the keys
//! asked for have the values of all groups.

mod generated;
mod groups;
mod model;
mod tables;
