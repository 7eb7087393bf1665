//! The manual's examples, and SQL text that holds any characters.

#![cfg(test)]

mod manual;
mod schemas;
mod sql_text;
mod yaml;
