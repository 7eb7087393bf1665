//! The catalogue from outside: the conformance suite on every store, and what SQLite alone must do.

#[cfg(test)]
#[cfg(test)]
mod conformance;
#[cfg(test)]
#[cfg(test)]
mod crash;
#[cfg(test)]
#[cfg(test)]
mod files;
#[cfg(test)]
#[cfg(test)]
mod old_layout;
#[cfg(test)]
#[cfg(test)]
mod property;
#[cfg(test)]
#[cfg(test)]
mod speed;
