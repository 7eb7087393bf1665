//! How answers come in pages, where the document leaves no doubt.

use serde_json::{Map, Value, json};

use super::document::{Document, Parameter};
use super::records::written;

const PAGES: [&str; 5] = ["page", "page_number", "pageNumber", "pageno", "p"];
const OFFSETS: [&str; 4] = ["offset", "skip", "start_index", "startIndex"];
const CURSORS: [&str; 9] = [
    "cursor",
    "page_token",
    "pageToken",
    "next_token",
    "nextToken",
    "after",
    "starting_after",
    "continuation",
    "next_cursor",
];
const SIZES: [&str; 10] = [
    "per_page",
    "perPage",
    "page_size",
    "pageSize",
    "limit",
    "size",
    "page[size]",
    "max_results",
    "maxResults",
    "count",
];
const NEXT_CURSORS: [&str; 11] = [
    "next_cursor",
    "nextCursor",
    "next_page_token",
    "nextPageToken",
    "next_token",
    "nextToken",
    "cursor",
    "end_cursor",
    "endCursor",
    "after",
    "continuation",
];
const TOTALS: [&str; 6] = ["total", "total_count", "totalCount", "total_results", "totalResults", "totalElements"];
const TOTAL_PAGES: [&str; 4] = ["total_pages", "totalPages", "page_count", "pageCount"];
const MORES: [&str; 5] = ["has_more", "hasMore", "has_next", "hasNext", "more"];

/// A property of an answer, or of an object in it.
struct Told<'a> {
    path: String,
    name: &'a str,
    kind: Option<&'a str>,
    format: &'a str,
}

/// What `paginate` and `params` say. The first is empty where nothing is told.
pub(super) fn find<'a>(
    document: Document<'a>,
    parameters: &[Parameter<'a>],
    answer: &'a Value,
    schema: &'a Value,
) -> (Option<Value>, Map<String, Value>) {
    let query = |names: &[&str]| {
        parameters.iter().find(|parameter| parameter.place == "query" && names.contains(&parameter.name))
    };
    let told = told(document, schema);
    let has =
        |names: &[&str], kind: &str| told.iter().find(|told| names.contains(&told.name) && told.kind == Some(kind));
    let mut params = Map::new();
    let size = query(&SIZES).and_then(|size| Some((size.name, size.schema?.get("maximum")?.as_u64()?)));
    let link = answer
        .get("headers")
        .and_then(Value::as_object)
        .is_some_and(|headers| headers.keys().any(|name| name.eq_ignore_ascii_case("link")));
    let next = told.iter().find(|told| {
        told.name == "next" && told.kind == Some("string") && matches!(told.format, "uri" | "url" | "uri-reference")
    });
    let paginate = if let (Some(param), Some(cursor)) = (query(&CURSORS), has(&NEXT_CURSORS, "string")) {
        let mut keys = json!({ "path": format!("{}?", cursor.path), "param": param.name });
        if let (Some(more), Value::Object(keys)) = (has(&MORES, "boolean"), &mut keys) {
            keys.insert("has_more".to_owned(), json!(more.path));
        }
        Some(json!({ "cursor": keys }))
    } else if let Some(next) = next {
        Some(json!({ "link": format!("{}?", next.path) }))
    } else if link {
        Some(json!({ "link_header": "next" }))
    } else {
        let counted = |kind: &str, parameter: &Parameter<'_>| {
            let mut keys = Map::new();
            keys.insert("param".to_owned(), json!(parameter.name));
            let number = |key: &str| parameter.schema?.get(key)?.as_u64();
            // Where pages begin is told by the default, or else by the least that is allowed.
            if let (Some(0), "page") = (number("default").or_else(|| number("minimum")), kind) {
                keys.insert("first".to_owned(), json!(0));
            }
            let pages = has(&TOTAL_PAGES, "integer").filter(|_| kind == "page");
            let end =
                pages.map(|told| ("total_pages", told)).or_else(|| has(&TOTALS, "integer").map(|told| ("total", told)));
            if let Some((key, told)) = end.or_else(|| has(&MORES, "boolean").map(|told| ("has_more", told))) {
                keys.insert(key.to_owned(), json!(told.path));
            }
            json!({ kind: keys })
        };
        query(&PAGES)
            .map(|page| counted("page", page))
            .or_else(|| query(&OFFSETS).map(|offset| counted("offset", offset)))
    };
    if let (Some(_), Some((name, most @ 1..=1_000))) = (&paginate, size) {
        params.insert(name.to_owned(), json!(most));
    }
    (paginate, params)
}

/// The properties of an answer and of the objects in it.
fn told<'a>(document: Document<'a>, schema: &'a Value) -> Vec<Told<'a>> {
    let mut all = Vec::new();
    let told = |before: &str, name: &'a str, property: &'a Value| Told {
        path: format!("{before}{}", written(name)),
        name,
        kind: document.kind(property),
        format: property.get("format").and_then(Value::as_str).unwrap_or_default(),
    };
    for (name, property, _) in document.properties(schema) {
        all.push(told("", name, property));
        if document.kind(property) == Some("object") {
            let before = format!("{}.", written(name));
            all.extend(
                document.properties(property).into_iter().map(|(below, property, _)| told(&before, below, property)),
            );
        }
    }
    all
}
