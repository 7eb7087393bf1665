//! The built program, as a person or a script uses it: real files, real folders, real processes.

#![cfg(test)]

mod adbc;
mod airbyte;
mod azure;
mod bad_input;
mod branching;
mod by_choice;
mod conformance;
mod crashes;
mod delivered;
mod formats;
mod google;
mod held;
mod histories;
mod lakes_in_stores;
mod main_job;
mod maintaining;
mod mysql;
mod new_versions;
mod planning;
mod postgres;
mod program;
mod program_sources;
mod project;
mod querying;
mod reading;
mod refreshing;
mod refusals;
mod reliability;
mod rest;
mod running;
mod scripts;
mod selecting;
mod sftp;
mod singer;
mod sqlite;
mod star;
mod tables;
mod time_travel;
mod unit_tests;
mod webhooks;
