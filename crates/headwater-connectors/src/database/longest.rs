//! Names of columns that a database cannot have.

/// Bytes of a name (PostgreSQL, "Identifiers and Key Words"); what is behind them it cuts off without an error.
pub(crate) const POSTGRES_LONGEST: usize = 63;
/// Names that every table of PostgreSQL has already ("System Columns").
const POSTGRES_OWN: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Why PostgreSQL can have no column of a name; `None` where it can.
pub(crate) fn postgres_refuses(name: &str) -> Option<String> {
    if name.len() > POSTGRES_LONGEST {
        return Some(format!("the name has {} bytes, and PostgreSQL's have {POSTGRES_LONGEST} at most", name.len()));
    }
    POSTGRES_OWN.contains(&name).then(|| "every table of PostgreSQL has a column of its own of that name".to_owned())
}
