//! Names and texts in PostgreSQL's SQL.

/// An identifier that is read as it is.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text constant, whatever `standard_conforming_strings` says.
pub(super) fn text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_a_name_or_a_text_early() {
        assert_eq!(super::name("a\"; drop"), "\"a\"\"; drop\"");
        assert_eq!(super::text("it's"), "'it''s'");
        assert_eq!(super::text("a\\'"), "E'a\\\\'''");
    }
}
