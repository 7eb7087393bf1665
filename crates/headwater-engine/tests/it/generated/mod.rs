//! Random queries, from tapes that proptest makes and shrinks.

mod expression;
pub(crate) mod query;
pub(crate) mod tape;

use proptest::test_runner::{RngAlgorithm, TestRng};

/// A number that the environment may set.
pub(crate) fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// The random numbers of a seed; each test has its own of the same seed.
pub(crate) fn random(seed: u64, test: u8) -> TestRng {
    TestRng::from_seed(RngAlgorithm::ChaCha, &[&seed.to_le_bytes()[..], &[test; 24]].concat())
}
