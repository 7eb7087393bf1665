//! Checks that fail, and names that must not mislead them.

mod failed;
mod odd_names;
