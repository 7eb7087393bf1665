//! Which tests a name chooses.

use headwater_project::UnitTest;

/// Whether a name fits a test: it is a part of the test's name or of its model's, or, with `*` in it, a pattern of all of
/// one of them.
pub(super) fn fits(name: &str, test: &UnitTest) -> bool {
    let texts = [test.name.clone(), test.model.to_string(), format!("{}.{}", test.model, test.name)];
    let pattern: Vec<&str> = name.split('*').collect();
    texts.iter().any(|text| match pattern.as_slice() {
        [part] => text.contains(part),
        parts => matches(parts, text),
    })
}

/// Whether a text is made of the parts in their order, with anything between them.
fn matches(parts: &[&str], text: &str) -> bool {
    let [first, middle @ .., last] = parts else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        let fits = |pattern: &str, text: &str| matches(&pattern.split('*').collect::<Vec<_>>(), text);
        assert!(
            fits("marts.*", "marts.dim_date") && fits("*date", "marts.dim_date") && fits("m*_*e", "marts.dim_date")
        );
        assert!(fits("**", "") && fits("a*b*c", "abc"));
        assert!(!fits("dim*", "marts.dim_date") && !fits("ab*b", "ab") && !fits("*x*", "marts"));
    }
}
