//! What happens when a process dies, stalls or is not alone: nothing is lost, nothing is seen by halves, nothing is
//! left over.
//!
//! Every test works on copies of the same small lake (`lakes.rs`), whose every table carries the number of the batch
//! that it was made from. A reader that saw some tables of one batch and some of another would see neither of the two
//! texts that it may see.
//!
//! `HEADWATER_KILLS=n` asks for more random kills, `HEADWATER_SEED=n` repeats those of an earlier run.

mod chance;
mod delta;
mod fail_points;
mod interrupted;
mod killed;
mod lakes;
mod other_commands;
mod outcome;
mod process;
mod random_kills;
mod reader;
mod stalled;
mod together;
mod turns;
