//! Refreshing tables from what has changed of their inputs: it comes to the same as computing all of them.

mod events;
mod generated;
mod world;
mod written;
