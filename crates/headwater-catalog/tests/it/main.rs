//! The catalogue from outside: the conformance suite on every store, and what SQLite alone must do.

#![cfg(test)]

mod conformance;
mod crash;
mod files;
mod growth;
mod old_layout;
mod property;
