//! Tests of the engine through its public interface.

#![cfg(test)]

mod lake;
mod lineage;
