//! What is known about functions by name: which hide their arguments, and which choose between them.

/// How a scalar function's arguments influence its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// The value is computed from the argument.
    Computed,
    /// The value may be the argument, unchanged.
    Passed,
    /// Only whether the argument is null decides which other argument the value is.
    PassedOrNull,
    /// Only whether the argument is null decides.
    DecidesByNull,
    /// The argument's value decides.
    Decides,
    /// The value may be the argument; what the argument is decides as well.
    PassedAndDecides,
}

/// How the argument at `index` of `count` is used by a scalar function.
pub(super) fn argument_use(function: &str, index: usize, count: usize) -> Use {
    match (function, index) {
        // The last argument is taken when all before it are null: it decides nothing.
        ("coalesce" | "nvl", _) if index + 1 == count => Use::Passed,
        ("coalesce" | "nvl", _) => Use::PassedOrNull,
        ("nvl2", 0) => Use::DecidesByNull,
        ("nvl2", _) => Use::Passed,
        ("nullif", 0) => Use::PassedAndDecides,
        ("nullif", _) => Use::Decides,
        _ => Use::Computed,
    }
}

/// Whether a scalar function's value does not give its argument's value away: hashes.
pub(super) fn is_one_way(function: &str) -> bool {
    matches!(function, "md5" | "digest" | "sha224" | "sha256" | "sha384" | "sha512" | "surrogate_key")
}

/// Whether a scalar function's value depends on its arguments' types only.
pub(super) fn reads_type_only(function: &str) -> bool {
    matches!(function, "arrow_typeof" | "arrow_field" | "arrow_metadata")
}

/// Whether an aggregate or window function tells how many values there are, and none of them.
pub(super) fn is_count(function: &str) -> bool {
    matches!(function, "count" | "approx_distinct" | "regr_count")
}

/// `grouping(a)` tells which grouping set a row is of: no column's value has a part in it.
pub(super) const GROUPING: &str = "grouping";
