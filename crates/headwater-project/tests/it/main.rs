//! Loading real folders through the public API.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "in tests a panic is the report")]

#[cfg(test)]
mod diagnostics;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod secrets;
