//! Texts in PostgreSQL's SQL. Names are quoted as everywhere.

/// A text constant, whatever `standard_conforming_strings` says.
pub(super) fn text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_a_text_early() {
        assert_eq!(super::text("it's"), "'it''s'");
        assert_eq!(super::text("a\\'"), "E'a\\\\'''");
    }
}
