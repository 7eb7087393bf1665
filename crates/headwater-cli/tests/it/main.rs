//! The built program, as a person or a script uses it: real files, real folders, real processes.

#![cfg(test)]

mod bad_input;
mod branching;
mod crashes;
mod main_job;
mod planning;
mod program;
mod project;
mod reading;
mod refreshing;
mod refusals;
mod reliability;
mod running;
mod selecting;
mod unit_tests;
