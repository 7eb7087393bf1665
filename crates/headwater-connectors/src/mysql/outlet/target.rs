//! The names of a delivery's tables in SQL.

use headwater_sdk::check::OptionsError;

use super::super::quote;

/// Characters that a name has at most.
pub(super) const LONGEST: usize = 64;

/// A table, by its database and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) database: String,
    pub(super) table: String,
}

impl Target {
    /// Of `database.table`, or `table` of the connection's database.
    ///
    /// # Errors
    /// [`OptionsError`] when a part is missing or there are more than two.
    pub(super) fn new(text: &str, connected: Option<&str>) -> Result<Self, OptionsError> {
        let wrong =
            |message: String, help: &str| OptionsError { key: Some("to"), message, help: Some(help.to_owned()) };
        let (database, table) = match text.split_once('.') {
            Some((database, table)) => (Some(database), table),
            None => (connected, text),
        };
        let Some(database) = database else {
            return Err(wrong(
                "the table's database is not known".to_owned(),
                "write database.table, or name the database in the connection",
            ));
        };
        if database.is_empty() || table.is_empty() || table.contains('.') || table.chars().count() > LONGEST {
            return Err(wrong(format!("'{text}' cannot name a table"), "write database.table"));
        }
        Ok(Self { database: database.to_owned(), table: table.to_owned() })
    }

    /// Quoted.
    pub(super) fn sql(&self) -> String {
        self.beside(&self.table)
    }

    /// Another table of its database.
    pub(super) fn beside(&self, table: &str) -> String {
        format!("{}.{}", quote::name(&self.database), quote::name(table))
    }

    /// The name of a table that takes this one's place, or has had it.
    pub(super) fn companion(&self, what: &str) -> String {
        let end = format!("__headwater_{what}");
        let room = LONGEST - end.chars().count();
        if self.table.chars().count() <= room {
            return format!("{}{end}", self.table);
        }
        // Tables that begin alike have companions of their own.
        let hash = &blake3::hash(self.table.as_bytes()).to_hex()[..8];
        let kept: String = self.table.chars().take(room - hash.len()).collect();
        format!("{kept}{hash}{end}")
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        format!("{}.{}", self.database, self.table)
    }
}

/// Quoted columns, with commas.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>, prefix: &str) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("{prefix}{}", quote::name(name))).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_with_or_without_their_database() {
        let shown = |text, connected| Target::new(text, connected).map(|target| target.shown()).map_err(|e| e.message);
        assert_eq!(shown("t", Some("d")).unwrap(), "d.t");
        assert_eq!(shown("e.t", Some("d")).unwrap(), "e.t");
        for (text, connected) in [("t", None), ("a.b.c", None), ("a.", None), (".t", Some("d"))] {
            assert!(shown(text, connected).is_err(), "{text}");
        }
        let long = Target::new(&"x".repeat(64), Some("d")).unwrap();
        assert_eq!(long.companion("new").len(), 64);
        let other = Target::new(&format!("{}y", "x".repeat(63)), Some("d")).unwrap();
        assert_ne!(long.companion("new"), other.companion("new"), "tables that begin alike");
        assert_eq!(Target::new("orders", Some("d")).unwrap().companion("new"), "orders__headwater_new");
        assert_eq!(Target::new("a`b", Some("d")).unwrap().sql(), "`d`.`a``b`");
    }
}
