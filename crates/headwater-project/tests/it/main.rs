//! Loading real folders through the public API.

mod diagnostics;
mod fakes;
mod folder;
mod graph;
mod mutations;
mod projects;
mod schemas;
mod secrets;
mod speed;
