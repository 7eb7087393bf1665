//! What an object store's error tells of the answer that it got. The libraries keep the answer's status to themselves except in their
//! errors' text, and give an error its kind only where it is about one object: a list that is refused has none.

/// Why a store did not do what it was asked for, where trying again will not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There are no credentials, or nobody gives a token for them.
    Credentials,
    /// They do not allow it, or are not accepted.
    Rights,
    /// The bucket or container is not there.
    Missing,
}

/// The refusal that an error's text tells of; `None` where it is about something else, e.g. a store that does not answer.
pub fn refusal(text: &str) -> Option<Refusal> {
    let status = text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    // Without any credentials, stores are asked for as a machine of their own cloud, whose address for that nobody else has.
    if text.contains("169.254.169.254")
        || text.contains("token request") && matches!(status, Some(400 | 401 | 403 | 404))
    {
        return Some(Refusal::Credentials);
    }
    match status? {
        401 | 403 => Some(Refusal::Rights),
        // An upload in parts that somebody has given up can be begun again.
        404 if !text.contains("NoSuchUpload") => Some(Refusal::Missing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, refusal};

    #[test]
    fn what_can_pass_is_no_refusal() {
        let token = "Generic GCS error: Error performing token request: Error performing";
        let post = format!("{token} POST https://accounts.google.com/o/oauth2/token in 1s, after 10 retries");
        for (text, expected) in [
            (
                format!("{post} - Server returned non-2xx status code: 400 Bad Request: invalid_grant"),
                Some(Refusal::Credentials),
            ),
            (format!("{post} - Server returned non-2xx status code: 503 Service Unavailable: "), None),
            (format!("{post} - HTTP error: error sending request"), None),
            (
                format!("{token} GET http://169.254.169.254/computeMetadata/v1 - HTTP error: timed out"),
                Some(Refusal::Credentials),
            ),
            ("list request: Server returned non-2xx status code: 401 Unauthorized: ".to_owned(), Some(Refusal::Rights)),
            ("list request: Server returned non-2xx status code: 429 Too Many Requests: ".to_owned(), None),
            ("list request: Server returned non-2xx status code: ".to_owned(), None),
        ] {
            assert_eq!(refusal(&text), expected, "{text}");
        }
    }
}
