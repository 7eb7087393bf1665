//! The header `Link` (RFC 8288): `<https://host/orders?page=2>; rel="next"; title="…", <…>; rel=last`.

/// The address under a relation in values of the header; the first one counts.
pub(super) fn target<'a>(values: impl IntoIterator<Item = &'a str>, relation: &str) -> Option<&'a str> {
    values.into_iter().find_map(|value| links(value).find(|link| link.has(relation)).map(|link| link.target))
}

/// A link: its address, and its parameters as they are written.
struct Link<'a> {
    target: &'a str,
    parameters: &'a str,
}

impl Link<'_> {
    /// Whether one of its relations is this one; letter case does not matter. Of several parameters `rel` the first counts.
    fn has(&self, relation: &str) -> bool {
        let mut rest = self.parameters;
        while let Some((name, value, behind)) = parameter(rest) {
            if name.eq_ignore_ascii_case("rel") {
                return value.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case(relation));
            }
            rest = behind;
        }
        false
    }
}

/// The links of a value. What is none ends them.
fn links(value: &str) -> impl Iterator<Item = Link<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (target, behind) = rest.strip_prefix('<')?.split_once('>')?;
        let end = unquoted_comma(behind);
        rest = &behind[end..];
        Some(Link { target: target.trim(), parameters: &behind[..end] })
    })
}

/// Where the first comma outside of quotes is, or the end.
fn unquoted_comma(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// The first parameter of `; name=value; …`, its value without quotes, and what is behind it.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ';']);
    if text.is_empty() {
        return None;
    }
    let end = text.find(['=', ';']).unwrap_or(text.len());
    let (name, behind) = (text[..end].trim(), &text[end..]);
    let Some(value) = behind.strip_prefix('=') else { return Some((name, "", behind)) };
    let value = value.trim_start();
    match value.strip_prefix('"') {
        // Relations have no quotes in them: what is escaped is passed over, and kept as it is written.
        Some(quoted) => {
            let mut escaped = false;
            let close = quoted.bytes().position(|byte| {
                let closes = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                closes
            });
            let close = close.unwrap_or(quoted.len());
            Some((name, &quoted[..close], quoted.get(close + 1..).unwrap_or_default()))
        }
        None => {
            let end = value.find(';').unwrap_or(value.len());
            Some((name, value[..end].trim(), &value[end..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::target;

    #[test]
    fn relations_are_found() {
        for (value, next) in [
            ("<https://a/?page=2>; rel=\"next\"", Some("https://a/?page=2")),
            ("<https://a/?page=1>; rel=prev, <https://a/?page=3>; rel=next", Some("https://a/?page=3")),
            ("</x?a=1,2;b>; title=\"a, \\\"b\\\"; rel=next\"; rel=\"last  Next\"", Some("/x?a=1,2;b")),
            ("<x>;REL=NEXT", Some("x")),
            ("<x>; rel=prev; rel=next", None),
            ("<x>; rel=\"nextish\"", None),
            ("<x>; next", None),
            ("< x >;rel = next", Some("x")),
            ("<>; rel=next", Some("")),
            ("<x; rel=next", None),
            ("", None),
            (", <a>, <b>;rel=next", Some("b")),
        ] {
            assert_eq!(target([value], "next"), next, "{value}");
        }
        assert_eq!(target(["<a>; rel=last", "<b>; rel=next"], "next"), Some("b"));
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_its_end(value in "\\PC{0,40}|[<>;,=\"\\\\ a-c]{0,40}") {
            let _found = target([value.as_str()], "a");
        }

        #[test]
        fn what_is_written_is_found(
            before in prop::collection::vec(("[a-z/?=&,;]{0,12}", "[a-z]{1,5}"), 0..4),
            address in "[a-z/?=&,;%]{1,20}",
            title in "[a-z ,;=]{0,10}",
        ) {
            let mut links: Vec<String> =
                before.iter().map(|(address, rel)| format!("<{address}>; title=\"{title}\"; rel=\"x{rel}\"")).collect();
            links.push(format!("<{address}>; title=\"{title}\"; rel=\"next\""));
            let header = links.join(", ");
            prop_assert_eq!(target([header.as_str()], "next"), Some(address.as_str()));
        }
    }
}
