//! Names and texts in the server's SQL, for sessions whose `sql_mode` is empty.

/// A name.
pub(super) fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text constant.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_a_text_or_a_name_early() {
        assert_eq!(super::text("it's \\'"), "'it''s \\\\'''");
        assert_eq!(super::name("a`b"), "`a``b`");
    }
}
