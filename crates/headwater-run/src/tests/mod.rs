//! Runs against a small real engine in memory, a catalogue in memory, and sources in memory.

mod crash;
mod engine;
mod flow;
mod lease;
mod project;
mod publishing;
mod resolving;
mod selecting;
mod sources;
mod sql;
mod store;
mod tap;
mod upkeep;
mod world;
