//! Files of SFTP servers, against OpenSSH's own.

mod between;
mod delivering;
mod logging_in;
mod reading;
mod server;
mod trust;
