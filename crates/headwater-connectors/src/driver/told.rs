//! What drivers' errors mean. Each database has its own words; the status that a driver gives, or the beginning of what it says, tells whose
//! fault it is.

use adbc_core::error::{Error as DriverError, Status};
use headwater_sdk::secrets::redact;
use headwater_sdk::{Blame, Error};

use crate::codes;

/// Characters of a driver's message that are shown.
const SHOWN: usize = 600;

/// An error of a driver while something was done that `what` says has failed. `secrets` are kept out of it.
pub(super) fn told(error: &DriverError, what: &str, secrets: &[String]) -> Error {
    let said = said(&error.message, secrets);
    let of = |code: &'static str, blame: Blame| Error::new(code, blame, format!("{what}: {said}"));
    let has = |words: &[&str]| words.iter().any(|word| error.message.contains(word));
    match error.status {
        Status::Unauthenticated | Status::Unauthorized => refused(of(codes::DRIVER_UNREACHABLE, Blame::Environment)),
        _ if error.message.contains("googleapi: ") => of_google(error, &said, what),
        _ if has(&["oauth2: ", "could not find default credentials", "invalid_grant", "bigquery: constructing client"]) => {
            of(codes::DRIVER_UNREACHABLE, Blame::Environment).help("check the credentials that `options` or the environment have")
        }
        _ if has(&["is not supported yet"]) => of(codes::DRIVER_OPTIONS, Blame::Project).help(
            "read a query in place of the table, which leaves such a column out or makes a text of it, or update the driver",
        ),
        _ if has(&["password authentication failed", "permission denied", "no password supplied"]) => {
            refused(of(codes::DRIVER_UNREACHABLE, Blame::Environment))
        }
        _ if has(&["Could not set lock", "database is locked", "database table is locked"]) => {
            of(codes::DRIVER_UNREACHABLE, Blame::Environment)
                .help("another program has opened the database to write: let it end, and run again")
                .transient()
        }
        _ if has(&["Cannot open file", "unable to open database file"]) => {
            of(codes::DRIVER_UNREACHABLE, Blame::Environment)
                .help("make the folder that the file is in, or correct the path; this user has to be allowed to read and write there")
        }
        _ if has(&CONFLICTS) => of(codes::DRIVER_UNREACHABLE, Blame::Environment)
            .help("another program writes the same rows at the same time: let it end, and run again")
            .transient(),
        // Values, whatever status they are told with.
        _ if has(&VALUES) => of(codes::DRIVER_FAILED, Blame::Data).help(CORRECT),
        Status::IO | Status::Timeout => of(codes::DRIVER_UNREACHABLE, Blame::Environment)
            .help("check `uri` and `options`, that the database is there, and that it answers")
            .transient(),
        Status::NotFound | Status::InvalidArguments | Status::AlreadyExists | Status::NotImplemented => {
            of(codes::DRIVER_OPTIONS, Blame::Project)
                .help("the message is the driver's: correct what it names in the project")
        }
        _ if has(&["Catalog Error", "Binder Error", "Parser Error"]) => of(codes::DRIVER_OPTIONS, Blame::Project)
            .help("the message is the driver's: correct what it names in the project"),
        _ => of(codes::DRIVER_FAILED, Blame::Data)
            .help("the message is the driver's: try the query with a program of the database"),
    }
}

/// An answer of Google's: a status of HTTP, and a reason at the end (<https://cloud.google.com/bigquery/docs/error-messages>).
fn of_google(error: &DriverError, said: &str, what: &str) -> Error {
    let status = error.message.split_once("googleapi: Error ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    let has = |words: &[&str]| words.iter().any(|word| error.message.contains(word));
    let of = |code: &'static str, blame: Blame| Error::new(code, blame, format!("{what}: {said}"));
    match status {
        // It does not wait for another transaction, be it one of other rows.
        _ if has(&["aborted due to concurrent"]) => of(codes::DRIVER_UNREACHABLE, Blame::Environment)
            .help("another program writes the same tables at the same time: run again later")
            .transient(),
        _ if has(&VALUES) => of(codes::DRIVER_FAILED, Blame::Data).help(CORRECT),
        Some(429 | 500..) => of(codes::DRIVER_UNREACHABLE, Blame::Environment).help("run again later").transient(),
        Some(_) if has(&["rateLimitExceeded", "quotaExceeded", "backendError", "internalError"]) => {
            of(codes::DRIVER_UNREACHABLE, Blame::Environment).help("run again later").transient()
        }
        // What is not there is told like this, too.
        Some(401 | 403) => of(codes::DRIVER_UNREACHABLE, Blame::Environment).help(
            "check the name, and the credentials in `options` with their roles: BigQuery Data Viewer (for deliveries Data Editor), Job User and Read Session User",
        ),
        _ => of(codes::DRIVER_OPTIONS, Blame::Project)
            .help("the message is the service's: correct what it names in the project"),
    }
}

/// What databases say of values that they do not take.
const VALUES: [&str; 9] = [
    "violates",
    "constraint failed",
    "Constraint Error",
    "Conversion Error",
    "Out of Range Error",
    // BigQuery's.
    "cannot be null",
    "has maximum length",
    "is out of range",
    "at most one source row",
];
const CORRECT: &str = "correct the value in the message, or the column or the query that it comes to";

/// What databases say of a transaction that another one was faster than.
const CONFLICTS: [&str; 3] = ["Conflict on", "write-write conflict", "could not serialize"];

/// Whether somebody else has written the same: databases refuse it by a key, when a transaction ends, or say that it cannot be told apart.
pub(super) fn has_collided(error: &DriverError) -> bool {
    let keys = ["violates unique", "UNIQUE constraint failed", "PRIMARY KEY constraint", "Duplicate key"];
    keys.iter().chain(&CONFLICTS).any(|sign| error.message.contains(sign))
}

/// Whether an error says that there is no such table. Not all drivers have a status for it.
pub(super) fn is_missing(error: &DriverError) -> bool {
    let said = error.message.to_lowercase();
    error.status == Status::NotFound
        || ["does not exist", "no such table", "not found"].iter().any(|words| said.contains(words))
}

fn refused(error: Error) -> Error {
    error.help("check the user and the password that `uri` or `options` have, and what the user may read or write")
}

/// What a driver says, on one line, without secrets and without the query that Headwater wrote.
pub(super) fn said(message: &str, secrets: &[String]) -> String {
    // What Arrow puts before it.
    let message = message.trim_start_matches("C Data interface error: ");
    let message = message.split("\n\nQuery was:").next().unwrap_or(message);
    let message = message.split("\nquery: ").next().unwrap_or(message);
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "^").collect();
    let mut text = redact(&lines.join("; "), secrets).into_owned();
    if text.len() > SHOWN {
        text.truncate(text.floor_char_boundary(SHOWN));
        text.push('…');
    }
    if text.is_empty() { "the driver does not say why".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_line_without_secrets() {
        let message = "FATAL: no\n  entry for hunter2 \n\nQuery was: select 1";
        assert_eq!(said(message, &["hunter2".to_owned()]), "FATAL: no; entry for ***");
        assert_eq!(said("", &[]), "the driver does not say why");
    }

    #[test]
    fn whose_fault_it_is_is_told() {
        let of = |message: &str, status| {
            let error = DriverError::with_message_and_status(message, status);
            let error = told(&error, "t cannot be read", &[]);
            (error.code, error.transient)
        };
        assert_eq!(of("Catalog Error: no table", Status::Internal), (codes::DRIVER_OPTIONS, false));
        assert_eq!(of("IO Error: Could not set lock on file", Status::Internal), (codes::DRIVER_UNREACHABLE, true));
        assert_eq!(of("connection refused", Status::IO), (codes::DRIVER_UNREACHABLE, true));
        assert_eq!(
            of("TransactionContext Error: Conflict on update", Status::Internal),
            (codes::DRIVER_UNREACHABLE, true)
        );
        assert_eq!(
            of("googleapi: Error 404: Not found: Table a.b.c, notFound", Status::Unknown),
            (codes::DRIVER_OPTIONS, false)
        );
        assert_eq!(
            of("googleapi: Error 403: Exceeded, rateLimitExceeded", Status::Unknown),
            (codes::DRIVER_UNREACHABLE, true)
        );
        assert_eq!(of("googleapi: Error 403: no, accessDenied", Status::Unknown), (codes::DRIVER_UNREACHABLE, false));
        assert_eq!(of("googleapi: Error 503: backend, ", Status::Unknown), (codes::DRIVER_UNREACHABLE, true));
        assert_eq!(of("division by zero", Status::Internal), (codes::DRIVER_FAILED, false));
    }
}
