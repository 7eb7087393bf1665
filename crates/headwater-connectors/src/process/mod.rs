//! Programs as processes of this machine, for scripts and for sources that are programs.
//!
//! A program and all that it starts are one process group. When it has ended, what is left of the group is killed; when what it
//! writes is not wanted any more or its time is up, all of it is, and waited for. Its standard error is heard: every line for a
//! person, the last ones for an error. What it is started with is a clean environment.

mod attended;
mod ended;
mod environment;
mod group;
mod lookup;
mod named;
mod said;
mod workplace;

pub(crate) use attended::{Attended, Ender, Pipes, Undecoded, thread};
pub(crate) use named::program;
pub(crate) use said::Said;
pub(crate) use workplace::{Workplace, unwritable};
