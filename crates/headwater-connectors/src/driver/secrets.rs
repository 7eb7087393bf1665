//! Which of the options of a driver nobody may see.

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
        secrets.extend(passwords_in(value));
    }
    // One may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

/// Passwords within the value of an option that is no URL: `password=…` as libpq and ODBC have it, and `user:password@account` as Snowflake does.
fn passwords_in(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lower = value.to_ascii_lowercase();
    for key in ["password", "passwd", "pwd"] {
        for (at, _) in lower.match_indices(key) {
            let Some(rest) = value[at + key.len()..].trim_start().strip_prefix('=') else { continue };
            let rest = rest.trim_start();
            let password = match rest.strip_prefix('\'') {
                Some(quoted) => quoted.split('\'').next(),
                None => rest.split([' ', ';', '&', '\n', '\t']).next(),
            };
            found.extend(password.map(str::to_owned));
        }
    }
    if !value.contains("://") {
        let account = value.split(['/', '?']).next().unwrap_or(value);
        let user = account.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
        found.extend(user.map(|(_, password)| password.to_owned()));
    }
    found.retain(|password| !password.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::secrets_of;

    #[test]
    fn passwords_are_secrets() {
        let options = [("uri", "postgres://me:p%40ss@host/db"), ("adbc.x.auth_token", "tok"), ("schema", "s")];
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(secrets_of(&options, &["environment".to_owned()]), ["environment", "p%40ss", "p@ss", "tok"]);
        let of = |value: &str| secrets_of(&[("uri".to_owned(), value.to_owned())], &[]);
        assert_eq!(of("host=h password = 'two words' user=me"), ["two words"]);
        assert_eq!(of("Driver=x;PWD=hunter2;Server=s"), ["hunter2"]);
        assert_eq!(of("postgres://h/db?user=me&password=hunter2&x=y"), ["hunter2"]);
        assert_eq!(of("me:hunter2@account/db?warehouse=w"), ["hunter2"]);
        assert!(of("data/shop.db").is_empty() && of("me@account/db").is_empty());
    }
}
