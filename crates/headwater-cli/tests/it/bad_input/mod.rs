//! What goes wrong: each mistake is told clearly, ends with the documented exit code, and costs nothing that is
//! published.

mod bad_rows;
mod disk_full;
mod drift;
mod empty_files;
mod enormous;
mod failed_checks;
mod in_use;
mod lost_rows;
mod never_loaded;
mod odd_names;
mod places;
mod projects;
mod unreadable;
mod unset_variables;
mod writing_sql;
