//! The binary log.

mod place;

pub(super) use place::Place;
