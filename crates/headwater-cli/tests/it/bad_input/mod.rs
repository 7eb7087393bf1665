//! What goes wrong: each mistake is told clearly, ends with the documented exit code, and costs nothing that is
//! published.

mod bad_rows;
mod checks;
mod disk_full;
mod drift;
mod empty_files;
mod enormous;
mod in_use;
mod lost_rows;
mod never_loaded;
mod places;
mod projects;
mod unreadable;
mod unset_variables;
mod writing_sql;
