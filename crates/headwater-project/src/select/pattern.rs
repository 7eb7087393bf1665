//! Names and values with wildcards: `*` for any characters, `?` for one.

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// One of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text is meant as a whole.
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.text, text, None)
    }

    /// Whether a path is meant, or a folder above it. `*` and `?` stand for no `/`; `**` does.
    pub(crate) fn matches_path(&self, path: &str) -> bool {
        let pattern = self.text.trim_start_matches("./").trim_end_matches('/');
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.into_iter().any(|end| matches(pattern, &path[..end], Some('/')))
    }
}

/// Follows all ways through the pattern at once: the time grows with the product of both lengths.
fn matches(pattern: &str, text: &str, barrier: Option<char>) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Which places of the text the pattern may have reached so far.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let stars = pattern[at..].iter().take_while(|c| **c == '*').count();
        let stands_for = |c: char| Some(c) != barrier || stars > 1;
        if stars > 0 {
            for place in 0..text.len() {
                reached[place + 1] |= reached[place] && stands_for(text[place]);
            }
            at += stars;
            continue;
        }
        for place in (0..text.len()).rev() {
            let same = pattern[at] == text[place] || (pattern[at] == '?' && Some(text[place]) != barrier);
            reached[place + 1] = reached[place] && same;
        }
        reached[0] = false;
        at += 1;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_characters() {
        for (pattern, text, expected) in [
            ("fct", "fct", true),
            ("fct", "fct_", false),
            ("*", "", true),
            ("fct_*", "fct_flights", true),
            ("*_?lights", "fct_flights", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "", false),
            ("größ?", "größe", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} / {text}");
        }
        let hard = Pattern::new("*a".repeat(200));
        assert!(!hard.matches(&"a".repeat(199)) && hard.matches(&"a".repeat(200)));
    }

    #[test]
    fn a_path_is_meant_by_itself_or_a_folder_above_it() {
        let path = "models/marts/fct_flights.sql";
        for good in
            ["models", "models/marts/", "./models/marts", path, "models/*/fct_*", "models/*", "**/fct*", "m**.sql"]
        {
            assert!(Pattern::new(good).matches_path(path), "{good}");
        }
        for bad in ["marts", "model", "models/mar", "*.sql", "models/*.sql", "models/marts/fct", "models?marts"] {
            assert!(!Pattern::new(bad).matches_path(path), "{bad}");
        }
    }
}
