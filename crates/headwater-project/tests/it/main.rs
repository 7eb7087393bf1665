//! Loading real folders through the public API.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is the report")]

mod diagnostics;
mod fakes;
mod folder;
mod graph;
mod mutations;
mod projects;
mod schemas;
mod secrets;
mod select;
mod unit_tests;
