//! What happens when a process dies, stalls or is not alone: nothing is lost, nothing is seen by halves, nothing is
//! left over.
//!
//! Every test works on copies of the same small lake (`lakes.rs`), whose every table carries the number of the batch
//! that it was made from. A reader that saw some tables of one batch and some of another would see neither of the two
//! texts that it may see.
//!
//! `HEADWATER_KILLS=n` asks for more random kills, `HEADWATER_SEED=n` repeats those of an earlier run.

#[cfg(test)]
mod chance;
#[cfg(test)]
mod delta;
#[cfg(test)]
mod fail_points;
#[cfg(test)]
mod interrupted;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod lakes;
#[cfg(test)]
mod other_commands;
#[cfg(test)]
mod outcome;
#[cfg(test)]
mod process;
#[cfg(test)]
mod random_kills;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod stalled;
#[cfg(test)]
mod together;
#[cfg(test)]
mod turns;
