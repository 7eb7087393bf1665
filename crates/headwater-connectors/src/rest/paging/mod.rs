//! Pages: what asks for the next one, and when there is none.

mod link_header;
mod turning;

use headwater_sdk::check::OptionsError;

use crate::rest::answer::JsonPath;
use crate::rest::options::{CountOptions, PaginateOptions, TokenOptions};
use crate::rest::request::Place;

pub(super) use turning::{Astray, Turn, Turning};

/// How answers come in pages.
#[derive(Debug)]
pub(crate) enum Paging {
    /// One answer is all there is.
    None,
    /// The header `Link` has the next address under a relation.
    LinkHeader(String),
    /// The answer has the next address.
    Link(JsonPath),
    /// Pages are counted.
    Count(Count),
    /// Each page says what to send for the next one.
    Token { from: TokenFrom, place: Place, has_more: Option<JsonPath> },
}

/// Pages that are counted.
#[derive(Debug)]
pub(crate) struct Count {
    place: Place,
    first: u64,
    /// Whether records are counted, and not pages.
    by_records: bool,
    total: Option<JsonPath>,
    total_pages: Option<JsonPath>,
    has_more: Option<JsonPath>,
}

/// Where a page says it.
#[derive(Debug)]
pub(crate) enum TokenFrom {
    Path(JsonPath),
    Header(String),
}

fn wrong(message: impl Into<String>, help: &str) -> OptionsError {
    OptionsError { key: Some("paginate"), message: message.into(), help: Some(help.to_owned()) }
}

impl Paging {
    /// # Errors
    /// [`OptionsError`] when it is not one way.
    pub(crate) fn new(options: Option<&PaginateOptions>) -> Result<Self, OptionsError> {
        let Some(options) = options else { return Ok(Self::None) };
        let PaginateOptions { link_header, link, page, offset, cursor, none, max_pages } = options;
        if *max_pages == Some(0) {
            return Err(wrong("`max_pages` is 0", "write the number of pages that a request has at most"));
        }
        let mut ways = Vec::new();
        if let Some(relation) = link_header {
            ways.push(Self::LinkHeader(relation.clone()));
        }
        if let Some(path) = link {
            ways.push(Self::Link(keys(path)?));
        }
        if let Some(page) = page {
            ways.push(Self::Count(count(page, "page", 1, false)?));
        }
        if let Some(offset) = offset {
            ways.push(Self::Count(count(offset, "offset", 0, true)?));
        }
        if let Some(token) = cursor {
            ways.push(by_token(token)?);
        }
        if *none == Some(true) {
            ways.push(Self::None);
        }
        match (ways.pop(), ways.is_empty()) {
            (Some(way), true) => Ok(way),
            _ => Err(wrong(
                "`paginate` has to be one way",
                "write one of link_header, link, page, offset, cursor and none, e.g. `paginate: { page: { param: page } }`",
            )),
        }
    }

    /// Whether something is set in the body.
    pub(crate) fn needs_body(&self) -> bool {
        matches!(self, Self::Count(Count { place: Place::Body(_), .. }) | Self::Token { place: Place::Body(_), .. })
    }

    /// Where the next page is told, if pages tell it; for messages.
    pub(crate) fn told_at(&self) -> Option<String> {
        match self {
            Self::None | Self::Count(_) => None,
            Self::LinkHeader(relation) => Some(format!("the header Link with rel=\"{relation}\"")),
            Self::Link(path) | Self::Token { from: TokenFrom::Path(path), .. } => Some(format!("'{path}'")),
            Self::Token { from: TokenFrom::Header(name), .. } => Some(format!("the header {name}")),
        }
    }
}

fn count(options: &CountOptions, default: &str, first: u64, by_records: bool) -> Result<Count, OptionsError> {
    let CountOptions { param, body, first: given, total, total_pages, has_more } = options;
    if by_records && total_pages.is_some() {
        return Err(wrong("`total_pages` says nothing of offsets", "use `total`, the number of all records"));
    }
    Ok(Count {
        place: place(param.as_deref(), body.as_deref(), default)?,
        first: given.unwrap_or(first),
        by_records,
        total: total.as_deref().map(keys).transpose()?,
        total_pages: total_pages.as_deref().map(keys).transpose()?,
        has_more: has_more.as_deref().map(keys).transpose()?,
    })
}

fn by_token(options: &TokenOptions) -> Result<Paging, OptionsError> {
    let TokenOptions { path, header, param, body, has_more } = options;
    let from = match (path, header) {
        (Some(path), None) => TokenFrom::Path(keys(path)?),
        (None, Some(header)) => TokenFrom::Header(header.to_ascii_lowercase()),
        _ => {
            let help = "write `path: meta.next_cursor` or `header: x-next-cursor`";
            return Err(wrong("where a page says what to send for the next one is not said", help));
        }
    };
    let place = place(param.as_deref(), body.as_deref(), "cursor")?;
    Ok(Paging::Token { from, place, has_more: has_more.as_deref().map(keys).transpose()? })
}

fn place(param: Option<&str>, body: Option<&str>, default: &str) -> Result<Place, OptionsError> {
    match (param, body) {
        (param, None) => Ok(Place::Param(param.unwrap_or(default).to_owned())),
        (None, Some(body)) => Ok(Place::Body(keys(body)?.keys().map(str::to_owned).collect())),
        (Some(_), Some(_)) => Err(wrong("`param` and `body` say the same", "leave one of them out")),
    }
}

/// A path of keys alone.
fn keys(text: &str) -> Result<JsonPath, OptionsError> {
    let help = "write keys with dots between them, e.g. `meta.next`";
    let path = JsonPath::parse(text).map_err(|what| wrong(format!("'{text}' is no path: {what}"), help))?;
    match path.has_lists() || path.steps.is_empty() {
        true => Err(wrong(format!("'{text}' is not the path of one value"), help)),
        false => Ok(path),
    }
}
