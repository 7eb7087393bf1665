//! Tests of the engine through its public interface.

#![cfg(test)]

mod fixture;
mod generated;
mod histories;
mod joins;
mod lake;
mod lineage;
mod refresh;
