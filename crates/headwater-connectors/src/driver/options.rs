//! What projects say of databases behind drivers and of their streams.

use schemars::JsonSchema;
use serde::Deserialize;

/// The value of a driver's option.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OptionValue {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text. Write secrets as `${NAME}`.
    Text(String),
}

impl std::fmt::Display for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The values of options that nobody may see, beside those of the environment: passwords, by what their keys are called, and those within
/// addresses.
pub(crate) fn secrets_of(options: &[(String, String)], environment: &[String]) -> Vec<String> {
    const CALLED: [&str; 5] = ["password", "secret", "token", "private_key", "credential"];
    let mut secrets = environment.to_vec();
    for (key, value) in options {
        let key = key.to_lowercase();
        if CALLED.iter().any(|word| key.contains(word)) {
            secrets.push(value.clone());
        }
        let password = url::Url::parse(value).ok().and_then(|url| url.password().map(str::to_owned));
        let plain = password.as_ref().map(|password| {
            url::form_urlencoded::parse(format!("p={}", password.replace('+', "%2B")).as_bytes())
                .map(|(_, value)| value.into_owned())
                .collect()
        });
        secrets.extend(password.into_iter().chain(plain));
    }
    // One may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

/// What a stream is asked for, as it was written.
#[derive(Debug)]
pub(crate) struct StreamKeys {
    pub(crate) from: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::secrets_of;

    #[test]
    fn passwords_are_secrets() {
        let options = [("uri", "postgres://me:p%40ss@host/db"), ("adbc.x.auth_token", "tok"), ("schema", "s")];
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(secrets_of(&options, &["environment".to_owned()]), ["environment", "p%40ss", "p@ss", "tok"]);
    }
}
