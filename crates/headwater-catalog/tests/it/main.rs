//! The catalogue from outside: the conformance suite on every store, and what SQLite alone must do.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod files;
#[cfg(test)]
mod old_layout;
#[cfg(test)]
mod property;
#[cfg(test)]
mod speed;
