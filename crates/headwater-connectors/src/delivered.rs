//! What destinations have in common.

use headwater_sdk::{Blame, Error};

use crate::codes;

/// Another delivery was faster: what the destination, called `shown`, holds is not what the rows stand on.
pub(crate) fn delivered_meanwhile(shown: &str) -> Error {
    Error::new(codes::DELIVERED_MEANWHILE, Blame::Environment, format!("{shown} was delivered to meanwhile"))
        .help("another run delivers to it: nothing was changed, and the next run goes on from there")
        .transient()
}
