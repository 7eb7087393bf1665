//! The pages of a stream: those of one request, or of one for each record of a parent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use headwater_sdk::{Blame, Error, Result};

use crate::codes;
use crate::http_api::{Api, Fields};
use crate::rest::answer::{At, JsonPath, Records, RecordsAt, member};
use crate::rest::paging::{Astray, Paging, Turn, Turning};
use crate::rest::request::{Asked, Values};

/// A request, its pages, and the records in them.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) asked: Asked,
    pub(crate) records: RecordsAt,
    pub(crate) paging: Paging,
    /// The most pages of a request.
    pub(crate) max_pages: Option<u64>,
    /// Whether there are no records where there is nothing (404).
    pub(crate) skip_missing: bool,
}

/// What has records for each of which a request is sent.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(crate) resource: Arc<Resource>,
    /// The names of fields, and where they are in a record.
    pub(crate) fields: Vec<(String, JsonPath)>,
    /// The fields that tell its records apart, where how far each was read is kept.
    pub(crate) read_by: Vec<String>,
}

/// What requests take of the cursor, as JSON tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskedFrom {
    /// Where nothing else is known.
    pub(crate) whole: Option<Vec<u8>>,
    /// Of parents that were read before.
    pub(crate) parents: BTreeMap<String, Vec<u8>>,
}

/// An answer, and where its records are.
pub(crate) struct Page {
    /// Which one, for messages and bad records.
    pub(crate) shown: Arc<str>,
    /// The record of the parent that it is of, where how far each was read is kept; empty otherwise.
    pub(crate) parent: Arc<str>,
    pub(crate) body: Bytes,
    pub(crate) found: Records,
}

/// What a person should know of all pages of a resource.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Where pages say whether there is a next one.
    at: Option<String>,
    /// Whether one said it, and whether one did not.
    told: AtomicBool,
    untold: AtomicBool,
    /// Parents that there was nothing of.
    missing: AtomicU64,
}

impl Told {
    fn of(resource: &Resource) -> Arc<Self> {
        Arc::new(Self { at: resource.paging.told_at(), ..Self::default() })
    }

    /// In words.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match self.missing.load(Ordering::Relaxed) {
            0 => {}
            1 => notes.push("there was nothing for 1 parent (404), which was skipped".to_owned()),
            count => notes.push(format!("there was nothing for {count} parents (404), which were skipped")),
        }
        let (told, untold) = (self.told.load(Ordering::Relaxed), self.untold.load(Ordering::Relaxed));
        if let (Some(at), false, true) = (&self.at, told, untold) {
            notes.push(format!("no answer had {at}: the first page was taken for all there is"));
        }
        notes
    }
}

/// The pages of one request.
struct Chain {
    api: Arc<Api>,
    resource: Arc<Resource>,
    context: Context,
    turning: Turning,
    /// What asks for the next page; `None` at the end.
    turn: Option<Turn>,
    told: Arc<Told>,
}

/// What a request is filled with.
#[derive(Clone)]
struct Context {
    values: Arc<Values>,
    /// Members that its records get.
    before: Arc<[u8]>,
    /// See [`Page`].
    parent: Arc<str>,
}

impl Chain {
    fn new(api: &Arc<Api>, resource: &Arc<Resource>, context: Context, told: &Arc<Told>) -> Self {
        Self {
            api: Arc::clone(api),
            resource: Arc::clone(resource),
            context,
            turning: Turning::new(),
            turn: Some(Turning::first(&resource.paging)),
            told: Arc::clone(told),
        }
    }

    async fn next(&mut self) -> Result<Option<Page>> {
        let Some(turn) = self.turn.take() else { return Ok(None) };
        let (base, resource) = (&self.api.base, Arc::clone(&self.resource));
        let mut request = match turn {
            Turn::With(more) => resource.asked.fill(base, &self.context.values, &more)?,
            Turn::To(url) => {
                let mut request = resource.asked.fill(base, &self.context.values, &[])?;
                request.shown = base.shown(&url).into();
                request.url = url;
                request
            }
        };
        if self.turning.page > 1 {
            request.shown = format!("{} (page {})", request.shown, self.turning.page).into();
        }
        let shown = Arc::clone(&request.shown);
        let answer = match self.api.fetch(&request).await {
            Ok(answer) => answer,
            Err(error) if error.code == codes::REST_MISSING && resource.skip_missing && self.turning.page == 1 => {
                self.told.missing.fetch_add(1, Ordering::Relaxed);
                return Ok(None);
            }
            Err(error) if error.code == codes::REST_MISSING && !self.context.before.is_empty() => {
                let help = "correct `path`; where there may be nothing for a record of the parent, say `missing: skip` in `parent`";
                return Err(error.help(help));
            }
            Err(error) => return Err(error),
        };
        if answer.has_nothing && self.turning.page == 1 && !self.context.before.is_empty() {
            // A record of a parent that has none of these.
            return Ok(None);
        }
        let (body, before, finding) = (answer.body.clone(), Arc::clone(&self.context.before), Arc::clone(&resource));
        let found = tokio::task::spawn_blocking(move || finding.records.find(&body, &before)).await;
        let found = found.map_err(|error| {
            Error::new(codes::DEFECT, Blame::Headwater, format!("looking at {shown} was cut off")).caused_by(error)
        })?;
        let found = found.map_err(|amiss| {
            let message = base.secrets.redact(&format!("{shown}: the answer {}", amiss.what));
            match amiss.is_told {
                true => Error::new(codes::REST_ANSWER, Blame::Environment, message)
                    .help("correct the request, or ask those who run the API what it means"),
                false => Error::new(codes::REST_ANSWER, Blame::Project, message).help(
                    "say where the records are: `records: data.items`; `records: $` for an answer that is one record",
                ),
            }
        })?;
        let next = self.turning.next(&resource.paging, base, &answer, &found);
        self.turn = next.map_err(|astray| match astray {
            Astray::Circles(what) => {
                Error::new(codes::REST_LOOP, Blame::Project, format!("{shown}: pages go round in circles: {what}"))
                    .help("correct `paginate` against the API's documentation")
            }
            Astray::Untold(what) => Error::new(codes::REST_ANSWER, Blame::Project, format!("{shown}: {what}")).help(
                "correct `paginate` against the API's documentation; `?` behind a key says that it may be missing: pages end with one without records then",
            ),
        })?;
        if let (Some(most), Some(_)) = (resource.max_pages, &self.turn)
            && self.turning.page > most
        {
            let message = format!(
                "{shown}: there is a page after it, and `max_pages` is {most}; nothing of this load is published"
            );
            return Err(Error::new(codes::REST_PAGES, Blame::Project, message).help(
                "raise `max_pages` in `paginate`, or leave it out; if the API has not so much, `paginate` is not what it means",
            ));
        }
        self.told.told.fetch_or(self.turning.told, Ordering::Relaxed);
        self.told.untold.fetch_or(self.turning.untold, Ordering::Relaxed);
        Ok(Some(Page { shown, parent: Arc::clone(&self.context.parent), body: answer.body, found }))
    }

    fn pages(self) -> BoxStream<'static, Result<Page>> {
        let pages =
            stream::try_unfold(self, |mut chain| async move { Ok(chain.next().await?.map(|page| (page, chain))) });
        pages.boxed()
    }
}

/// All pages of a stream. Nothing is asked for before somebody asks here.
pub(crate) struct Pages {
    api: Arc<Api>,
    resource: Arc<Resource>,
    told: Arc<Told>,
    told_of_parents: Option<Arc<Told>>,
    contexts: BoxStream<'static, Result<Context>>,
    current: Option<Chain>,
}

impl Pages {
    pub(crate) fn new(
        api: &Arc<Api>,
        resource: &Arc<Resource>,
        parent: Option<&Arc<Parent>>,
        asked_from: AskedFrom,
    ) -> Self {
        let values = Values { cursor: asked_from.whole.clone(), ..Values::default() };
        let first = Context { values: Arc::new(values), before: Arc::from(&b""[..]), parent: "".into() };
        let mut told_of_parents = None;
        let contexts = match parent {
            None => stream::iter([Ok(first)]).boxed(),
            Some(parent) => {
                let parent = Arc::clone(parent);
                let told = told_of_parents.get_or_insert_with(|| Told::of(&parent.resource));
                let pages = Chain::new(api, &parent.resource, first, told).pages();
                let contexts = pages.map(move |page| match page {
                    Ok(page) => stream::iter(parent.contexts(&page, &asked_from)).map(Ok).boxed(),
                    Err(error) => stream::iter([Err(error)]).boxed(),
                });
                contexts.flatten().boxed()
            }
        };
        Self {
            api: Arc::clone(api),
            resource: Arc::clone(resource),
            told: Told::of(resource),
            told_of_parents,
            contexts,
            current: None,
        }
    }

    /// What a person should know when all pages are read.
    pub(crate) fn told(&self) -> Vec<Arc<Told>> {
        self.told_of_parents.iter().chain([&self.told]).map(Arc::clone).collect()
    }

    /// The next page; nothing else is on its way when it is there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>> {
        loop {
            if let Some(chain) = &mut self.current
                && let Some(page) = chain.next().await?
            {
                return Ok(Some(page));
            }
            let Some(context) = self.contexts.next().await.transpose()? else { return Ok(None) };
            self.current = Some(Chain::new(&self.api, &self.resource, context, &self.told));
        }
    }

    /// The pages that are left, those of several parents at the same time.
    pub(crate) fn rest(self) -> BoxStream<'static, Result<Page>> {
        let Self { api, resource, told, contexts, current, .. } = self;
        let together = api.together();
        let begun = stream::iter(current.map(Chain::pages)).flatten();
        let others = contexts.map(move |context| match context {
            Ok(context) => Chain::new(&api, &resource, context, &told).pages(),
            Err(error) => stream::iter([Err(error)]).boxed(),
        });
        begun.chain(others.flatten_unordered(together)).boxed()
    }
}

impl Parent {
    /// What the requests for a page's records are filled with.
    fn contexts(&self, page: &Page, asked_from: &AskedFrom) -> Vec<Context> {
        let context = |token: &[u8]| {
            let (mut fields, mut before, mut parent) = (Fields::new(), Vec::new(), Vec::new());
            for (name, path) in &self.fields {
                let value = match path.find(token) {
                    At::Token(value) => value,
                    At::Missing { .. } => b"null",
                };
                member(name, value, &mut before);
                if self.read_by.contains(name) {
                    member(name, value, &mut parent);
                }
                fields.insert(name.clone(), value.to_vec());
            }
            let parent: Arc<str> = String::from_utf8_lossy(&parent).into();
            let cursor = asked_from.parents.get(&*parent).or(asked_from.whole.as_ref()).cloned();
            Context { values: Arc::new(Values { fields, cursor }), before: before.into(), parent }
        };
        page.found.records.iter().map(|record| context(page.found.token(*record, &page.body))).collect()
    }
}
