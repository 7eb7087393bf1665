//! The errors that every store gives for the same reason, in the same words.

use headwater_sdk::store::Lease;
use headwater_sdk::{Blame, Error};

use crate::codes;

/// The lease is no longer `lease`: `holder` has it now, or nobody.
pub(crate) fn lease_lost(lease: &Lease, holder: Option<&str>) -> Error {
    let now = holder.map_or_else(|| "nobody has it now".to_owned(), |holder| format!("{holder} has it now"));
    let message = format!("the lease '{}' of {} was lost: {now}", lease.name, lease.holder);
    Error::new(codes::LEASE_LOST, Blame::Environment, message).help("nothing was published: run again")
}

/// A snapshot that stands on `parent` cannot follow `head`.
pub(crate) fn stale_parent(parent: Option<u64>, head: Option<u64>) -> Error {
    let name = |id: Option<u64>| id.map_or_else(|| "no snapshot".to_owned(), |id| format!("snapshot {id}"));
    let message = format!("cannot publish on {}: {} is the newest", name(parent), name(head));
    Error::new(codes::STALE_PARENT, Blame::Environment, message)
        .help("another run has published in between, nothing of this one was: run again")
}

/// A snapshot's number is not larger than the last one.
pub(crate) fn number_not_larger(id: u64, last: u64) -> Error {
    Error::new(codes::DEFECT, Blame::Headwater, format!("snapshot {id} does not come after {last}"))
}

/// There is a branch of that name.
pub(crate) fn branch_exists(name: &str) -> Error {
    Error::new(codes::BRANCH_EXISTS, Blame::Project, format!("there is a branch {name} already"))
        .help(format!("choose another name, or delete that one: `headwater branch delete {name}`"))
}

/// There is no branch of that name.
pub(crate) fn no_branch(name: &str) -> Error {
    Error::new(codes::NO_BRANCH, Blame::Project, format!("there is no branch {name}"))
        .help("`headwater branch list` lists them, `headwater branch create` makes one")
}
