//! Which implementation stands behind which trait, and where it finds its things.

pub(crate) mod lake;
pub(crate) mod logging;
pub(crate) mod panics;
pub(crate) mod project;
pub(crate) mod signals;
