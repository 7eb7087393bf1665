//! Texts in which bytes are written as `%40`, as those of URLs.

/// A text in which bytes are written as `%40`; `None` when they make no UTF-8.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let digit = |place: usize| behind.get(place).and_then(|digit| char::from(*digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// What helps with an address that has a sign in its password which ends the host's part.
pub(crate) const LOOSE_SIGN: &str = "signs in a password that mean something else in an address have to be written by their numbers: %23 for #, \
    %2F for /, %3F for ?, %40 for @, %3A for : and %25 for %";

/// Whether in an address `scheme://user:password@host/…` something ends the host's part before the last `@`.
pub(crate) fn has_loose_sign(address: &str) -> bool {
    let behind = address.split_once("://").map_or("", |(_, behind)| behind);
    behind.rsplit_once('@').is_some_and(|(before, _)| before.contains(['#', '/', '?', '@']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_and_what_is_none_stays() {
        for (text, plain) in [("a%40b%25", Some("a@b%")), ("a%2", Some("a%2")), ("%C3%A4", Some("ä")), ("%ff", None)] {
            assert_eq!(percent_decoded(text).as_deref(), plain, "{text}");
        }
    }
}
