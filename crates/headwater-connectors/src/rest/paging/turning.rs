//! From one page to the next.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use url::Url;

use super::{Count, Paging, TokenFrom, link_header};
use crate::http_api::{Answer, Base, plain_text};
use crate::rest::answer::{At, JsonPath, Records};
use crate::rest::request::Place;

/// Pages in a row that may have no records though the API says that there are more.
const MOST_EMPTY: u64 = 1000;
/// The same where each page says what asks for the next one: what is filtered by the API is often read past like this.
const MOST_EMPTY_TOLD: u64 = 10_000;
/// Pages in a row that may have no other records than pages before, though each is asked for otherwise. Records without an identity may be
/// the same now and then.
const MOST_REPEATED: u64 = 100;

/// What asks for a page.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    /// The request with these.
    With(Vec<(Place, Value)>),
    /// An address that an answer gave.
    To(Url),
}

/// Why there is no going on.
#[derive(Debug)]
pub(crate) enum Astray {
    /// Pages go round in circles: a clause.
    Circles(String),
    /// An answer does not say what it should: a clause.
    Untold(String),
}

/// The pages of one request, one after the other.
pub(crate) struct Turning {
    /// The number of the page that was asked for last, from 1.
    pub(crate) page: u64,
    /// Records of the pages so far.
    records: u64,
    /// Digests of what asked for pages.
    seen: HashSet<u64>,
    /// Digest of the last page.
    last: Option<u64>,
    /// Digests of the records of pages that each said what asks for the next one.
    contents: HashSet<u64>,
    /// Pages whose records were all in a page before, up to the last one.
    repeated: u64,
    /// Pages without records, up to the last one.
    empty: u64,
    /// Whether a page said whether there is a next one.
    pub(crate) told: bool,
    /// Whether a page did not have what would say it.
    pub(crate) untold: bool,
}

impl Turning {
    /// Before the first page.
    pub(crate) fn new() -> Self {
        Self {
            page: 1,
            records: 0,
            seen: HashSet::new(),
            last: None,
            contents: HashSet::new(),
            repeated: 0,
            empty: 0,
            told: false,
            untold: false,
        }
    }

    /// What asks for the first page.
    pub(crate) fn first(paging: &Paging) -> Turn {
        match paging {
            Paging::Count(Count { place, first, .. }) => Turn::With(vec![(place.clone(), (*first).into())]),
            _ => Turn::With(Vec::new()),
        }
    }

    /// What asks for the page after `answer`, which has these records; `None` at the end.
    ///
    /// # Errors
    /// [`Astray`].
    pub(crate) fn next(
        &mut self,
        paging: &Paging,
        base: &Base,
        answer: &Answer,
        found: &Records,
    ) -> Result<Option<Turn>, Astray> {
        self.records += found.items;
        let turn = match paging {
            Paging::None => None,
            Paging::LinkHeader(relation) => {
                let values = answer.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
                let link = link_header::target(values, relation);
                // Where all fits into a page, there often is no such header at all.
                self.says(link.is_some(), !answer.headers.contains_key("link"));
                self.link(base, answer, link.filter(|link| !link.is_empty()))?
            }
            Paging::Link(path) => {
                self.says_at(path, answer);
                let link = text_at(path, answer);
                self.link(base, answer, link.as_deref())?
            }
            Paging::Count(count) => self.count(count, answer, found)?,
            Paging::Token { from, place, has_more } => self.token(from, place, has_more.as_ref(), answer)?,
        };
        if turn.is_some() && !matches!(paging, Paging::None | Paging::Count(_)) {
            self.goes_on(answer, found)?;
        }
        self.page += u64::from(turn.is_some());
        Ok(turn)
    }

    /// Pages that are asked for otherwise each time may be the same all the same.
    fn goes_on(&mut self, answer: &Answer, found: &Records) -> Result<(), Astray> {
        if found.items == 0 {
            self.empty += 1;
            return match self.empty > MOST_EMPTY_TOLD {
                true => Err(Astray::Circles(format!(
                    "{MOST_EMPTY_TOLD} pages in a row say what asks for the next one, and have no records"
                ))),
                false => Ok(()),
            };
        }
        self.empty = 0;
        self.repeated = if self.contents.insert(found.digest(&answer.body)) { 0 } else { self.repeated + 1 };
        match self.repeated >= MOST_REPEATED {
            true => Err(Astray::Circles(format!(
                "{MOST_REPEATED} pages in a row have no records that were not in a page before, each asked for otherwise"
            ))),
            false => Ok(()),
        }
    }

    /// Takes note of whether a page has what says whether there is a next one.
    fn says(&mut self, told: bool, may_be_missing: bool) {
        self.told |= told;
        self.untold |= !told && !may_be_missing;
    }

    fn says_at(&mut self, path: &JsonPath, answer: &Answer) {
        match path.find(answer.body.trim_ascii()) {
            At::Token(_) => self.says(true, false),
            At::Missing { optional } => self.says(false, optional),
        }
    }

    fn link(&mut self, base: &Base, answer: &Answer, link: Option<&str>) -> Result<Option<Turn>, Astray> {
        let Some(link) = link else { return Ok(None) };
        let url =
            base.follow(&answer.url, link).map_err(|what| Astray::Untold(format!("the next page's address {what}")))?;
        self.seen.insert(digest(&answer.url));
        if !self.seen.insert(digest(&url)) {
            let shown = base.shown(&url);
            return Err(Astray::Circles(format!("the address of the next page ({shown}) has been asked for before")));
        }
        Ok(Some(Turn::To(url)))
    }

    fn count(&mut self, count: &Count, answer: &Answer, found: &Records) -> Result<Option<Turn>, Astray> {
        if found.items == 0 {
            return self.past_nothing(count, answer);
        }
        self.empty = 0;
        let this = found.digest(&answer.body);
        if self.last.replace(this) == Some(this) {
            let what = match &count.place {
                Place::Param(name) => format!("the parameter '{name}'"),
                Place::Body(keys) => format!("'{}' in the body", keys.join(".")),
            };
            return Err(Astray::Circles(format!(
                "it has the same records as the page before: the API takes no notice of {what}"
            )));
        }
        if let Some(total) = &count.total
            && number_at(total, answer)?.is_some_and(|total| self.records >= total)
        {
            return Ok(None);
        }
        if let Some(total_pages) = &count.total_pages
            && number_at(total_pages, answer)?.is_some_and(|pages| self.page >= pages)
        {
            return Ok(None);
        }
        if let Some(has_more) = &count.has_more
            && !truth_at(has_more, answer)?
        {
            return Ok(None);
        }
        // By what came, and not by what was asked for: an API may give fewer records in a page than that.
        let passed = if count.by_records { self.records } else { self.page };
        Ok(Some(Turn::With(vec![(count.place.clone(), (count.first + passed).into())])))
    }

    /// What asks for the page after one without records: it is the last one, unless the API says that there are more. (Some take
    /// records out of a page that a person may not see.) Of a `total` of records nothing can be told: it may count such records, too.
    fn past_nothing(&mut self, count: &Count, answer: &Answer) -> Result<Option<Turn>, Astray> {
        let pages = count.total_pages.as_ref().and_then(|path| number_at(path, answer).ok().flatten());
        let more = count.has_more.as_ref().and_then(|path| truth_at(path, answer).ok());
        if pages.is_none_or(|pages| self.page >= pages) && more != Some(true) {
            return Ok(None);
        }
        if count.by_records {
            return Err(Astray::Untold("it says that there is more, and has no records to count on from".to_owned()));
        }
        self.empty += 1;
        if self.empty > MOST_EMPTY {
            return Err(Astray::Circles(format!(
                "{MOST_EMPTY} pages in a row say that there is more, and have no records"
            )));
        }
        Ok(Some(Turn::With(vec![(count.place.clone(), (count.first + self.page).into())])))
    }

    fn token(
        &mut self,
        from: &TokenFrom,
        place: &Place,
        has_more: Option<&JsonPath>,
        answer: &Answer,
    ) -> Result<Option<Turn>, Astray> {
        let token = match from {
            TokenFrom::Path(path) => {
                token_at(path, answer).and_then(|token| serde_json::from_slice::<Value>(token).ok())
            }
            TokenFrom::Header(name) => answer.headers.get(name).and_then(|value| value.to_str().ok()).map(Value::from),
        };
        let more = has_more.map(|path| truth_at(path, answer)).transpose()?;
        if let (TokenFrom::Path(path), None) = (from, more) {
            self.says_at(path, answer);
        }
        let token = match (token.filter(|token| token.as_str() != Some("")), more) {
            (_, Some(false)) | (None, None) => return Ok(None),
            (Some(token), _) => token,
            (None, Some(true)) => {
                return Err(Astray::Untold("it says that there is more, and not what to send for it".to_owned()));
            }
        };
        if !self.seen.insert(digest(&token.to_string())) {
            return Err(Astray::Circles("what it says to send for the next page has been sent before".to_owned()));
        }
        Ok(Some(Turn::With(vec![(place.clone(), token)])))
    }
}

/// Not for keeping: the same within a process only.
fn digest(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The token at a path: `None` where there is none, or null or false.
fn token_at<'a>(path: &JsonPath, answer: &'a Answer) -> Option<&'a [u8]> {
    match path.find(answer.body.trim_ascii()) {
        At::Token(b"false" | b"null") | At::Missing { .. } => None,
        At::Token(token) => Some(token),
    }
}

/// The same as a text, unless it is empty.
fn text_at(path: &JsonPath, answer: &Answer) -> Option<String> {
    token_at(path, answer).and_then(plain_text).filter(|text| !text.is_empty())
}

/// The number at a path; `None` where it is missing and may be: pages end with one without records then.
fn number_at(path: &JsonPath, answer: &Answer) -> Result<Option<u64>, Astray> {
    if matches!(path.find(answer.body.trim_ascii()), At::Missing { optional: true }) {
        return Ok(None);
    }
    let number = text_at(path, answer).and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Astray::Untold(format!("it has no number at '{path}'")))
}

fn truth_at(path: &JsonPath, answer: &Answer) -> Result<bool, Astray> {
    match path.find(answer.body.trim_ascii()) {
        At::Token(b"true") => Ok(true),
        At::Token(b"false" | b"null") | At::Missing { optional: true } => Ok(false),
        At::Token(_) | At::Missing { optional: false } => {
            Err(Astray::Untold(format!("it has neither true nor false at '{path}'")))
        }
    }
}
