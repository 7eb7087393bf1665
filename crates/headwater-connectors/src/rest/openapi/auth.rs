//! How requests are authorised: what the document's security schemes say, with secrets that are still to be given.

use serde_json::{Value, json};

use super::document::Document;

/// The name of an API in the names of secrets: `PET_STORE` for "Pet Store API".
pub(super) fn secret_name(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let says = |word: &&str| !matches!(word.to_ascii_lowercase().as_str(), "api" | "the" | "rest" | "v1" | "v2" | "v3");
    let words: Vec<String> = words.filter(says).take(3).map(str::to_ascii_uppercase).collect();
    let name = words.join("_");
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("API_{name}").trim_end_matches('_').to_owned()
    }
}

/// The value of `auth`; `None` when none is needed.
///
/// # Errors
/// Why it cannot be told.
pub(super) fn find(document: Document<'_>, first: Option<&Value>, name: &str) -> Result<Option<Value>, String> {
    let asked = document.at(&["security"]).or_else(|| first?.get("security"));
    let requirements = asked.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let schemes: Vec<&str> = requirements
        .iter()
        .filter_map(Value::as_object)
        .filter_map(|one| one.keys().next().map(String::as_str))
        .collect();
    let Some(first) = schemes.first() else { return Ok(None) };
    let mut why = format!("the document has no security scheme '{first}'");
    for scheme in &schemes {
        let Some(scheme) =
            document.at(&["components", "securitySchemes", scheme]).and_then(|scheme| document.followed(scheme))
        else {
            continue;
        };
        match told(scheme, name) {
            Ok(auth) => return Ok(Some(auth)),
            Err(reason) => why = reason,
        }
    }
    Err(format!("{why}: say `auth` by hand"))
}

fn told(scheme: &Value, name: &str) -> Result<Value, String> {
    let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
    let secret = |of: &str| format!("${{{name}_{of}}}");
    match (text("type"), text("scheme").to_ascii_lowercase().as_str(), text("in")) {
        ("http", "bearer", _) | ("openIdConnect", ..) => Ok(json!({ "bearer": secret("TOKEN") })),
        ("http", "basic", _) => Ok(json!({ "basic": { "user": secret("USER"), "password": secret("PASSWORD") } })),
        ("apiKey", _, place @ ("header" | "query")) => {
            let place = if place == "query" { "param" } else { "header" };
            Ok(json!({ "api_key": { place: text("name"), "value": secret("KEY") } }))
        }
        ("apiKey", _, place) => Err(format!("a key in a {place} cannot be sent")),
        ("oauth2", ..) => {
            let flow = scheme.pointer("/flows/clientCredentials");
            let url = flow.and_then(|flow| flow.get("tokenUrl")).and_then(Value::as_str);
            Ok(match url {
                Some(url) => json!({ "oauth2": {
                    "token_url": url, "client_id": secret("CLIENT_ID"), "client_secret": secret("CLIENT_SECRET")
                } }),
                // A person has to get the token for other flows.
                None => json!({ "bearer": secret("TOKEN") }),
            })
        }
        (kind, how, _) => Err(format!("the security scheme '{kind} {how}' is not known")),
    }
}
