//! The `rest` connector: APIs that answer in JSON, described in YAML.
//!
//! ```yaml
//! connector: rest
//! url: https://api.example.com/v1
//! auth: { bearer: "${SHOP_TOKEN}" }
//! paginate: { cursor: { path: meta.next_cursor, param: cursor } }     # of all streams that say nothing else
//! rate_limit: { per_minute: 300, together: 4 }
//! streams:
//!   - table: raw.customers                     # all of it, at every run
//!     path: /customers
//!     records: data
//!   - table: raw.orders                        # what has changed; each order once, as it was last
//!     path: /orders
//!     records: data
//!     mode: incremental
//!     key: [id]
//!     cursor: { field: updated_at, param: updated_since, start: 2024-01-01 }
//!     lookback: 1h
//!   - table: raw.lines                         # a list within each order
//!     path: /orders
//!     records: data[].lines
//!     include: { order_id: "data[].id" }
//!   - table: raw.refunds                       # one request for each order
//!     path: /orders/{order_id}/refunds
//!     parent: { path: /orders, records: data, fields: { order_id: id }, missing: skip }
//! ```
//!
//! What it promises:
//!
//! - **All pages or none.** Rows and position are published together when the last page is read. An answer that fails, is cut off, is
//!   no JSON, or has no records where `records` says, fails the load, and so does one that has `errors` (or an `error`) and none; a run
//!   that died reads again, and nothing is doubled. Where `records` leads to null and nothing tells of errors, there are none.
//! - **No record is lost without a word.** One that its columns do not take is set aside, with the address of its answer and its number
//!   in it. Pages that go round in circles are an error, and so is an answer that does not say what `paginate` needs.
//! - **Secrets stay where they are.** What `${NAME}` stood for, what `auth` sends and tokens that were granted are blotted out of messages,
//!   of what the catalogue keeps and of the addresses of bad records. They are sent to the host of `url` (and of `token_url`) alone:
//!   links and redirections to other hosts are not followed.
//! - **Bounded memory.** An answer is held in memory, up to `max_response` (64 MiB): some of them at a time (`together`, and two more),
//!   however many pages there are. To tell pages that go round in circles, 16 bytes are kept for each page of a request by links or cursors.
//!
//! ### Credentials
//!
//! | `auth` | sends |
//! | --- | --- |
//! | `{ bearer: "${TOKEN}" }` | `authorization: Bearer …` |
//! | `{ basic: { user: ada, password: "${PASSWORD}" } }` | user and password (RFC 7617) |
//! | `{ api_key: { header: x-api-key, value: "${KEY}" } }` | a header; with `param` instead of `header` a parameter |
//! | `{ oauth2: { token_url: …, client_id: …, client_secret: "${SECRET}" } }` | a token for the credentials of a client (RFC 6749, 4.4), with `scopes` and `audience` |
//!
//! A token is asked for once, replaced before it expires, and replaced once more where the API refuses it (401).
//!
//! ### Pages
//!
//! | `paginate` | the next page | the end |
//! | --- | --- | --- |
//! | `{ link_header: next }` | the address in the header `Link` (RFC 8288) | no such link |
//! | `{ link: paging.next }` | the address in the answer | none, or null |
//! | `{ page: { param: page } }` | the next number; `first: 0` where it begins there | an empty page, or by `total`, `total_pages` or `has_more`: where the last two say that there is more, an empty page is not the end |
//! | `{ offset: { param: offset } }` | the number of the records so far, as they came | an empty page, or by `total` or `has_more` |
//! | `{ cursor: { path: meta.next, param: cursor } }` | what the answer (or a `header`) says; `body: page.after` puts it into a body | none, null or empty, or by `has_more` |
//! | `{ none: true }` | | one answer is all |
//!
//! An address or a cursor that has been asked for before is an error, and so are, by links or cursors, 100 pages in a row that have no other
//! records than pages before, or 10,000 without any. What an API makes up anew for ever has no end that could be known: `max_pages: 5000` beside the way
//! (`paginate: { cursor: { path: next }, max_pages: 5000 }`) fails the load where a request (each one, of a parent's) has more pages, and nothing of it is published.
//!
//! How many records a page has is said in `params`, as the API calls it (`params: { per_page: 100 }`). Where no answer ever had the key of
//! the link or of the cursor that `paginate` names, the run says so: it may be misspelt (`?` behind a key says that it may be missing).
//!
//! ### Records
//!
//! `records` is a path: keys with dots between them, `[]` behind a list that is gone through, `?` behind a key that may be missing, `$` for
//! the answer itself, names with dots in double quotes. Without it an answer has to be a list. Nested objects and lists become structs and lists, types
//! are guessed as those of JSON files, and declared `columns` go before that. `include` takes values of what is around the records, `parent`
//! the fields of the record that a request was for; a `{field}` in `path`, `params` or `body` is such a field. A parent has no parent of
//! its own.
//!
//! Types and columns come of the first pages (five, or of small ones up to 20, until they have 500 records; not more than 10,000 records or
//! 8 MiB), which are read on from when they are loaded. A field that
//! appears only later is found when the records are loaded: with `drift: add`, and in a first load, all are asked for and loaded once more, and it is
//! a column (more than 500 such fields are taken for data, and their records set aside); where the table is there and `drift: fail` holds,
//! the load fails; with `drift: ignore` it is left out, and the run says which and how often.
//!
//! ### Increments
//!
//! `mode: incremental` asks for records from the greatest value of `cursor.field` on that was loaded, as the API wrote it or in
//! `format`: by the parameter `param`, or by `{cursor}` in `path`, `params` or `body`. An API may give that value's records again, or take
//! no notice: without a `key`, records up to that value are known and left out, so that one that comes later with the same value is missed. With a
//! `key`, each record takes the place of the one with its key, the last one where it comes twice, also because it moved to another page
//! meanwhile; and `lookback` reads back for records that came late. A record without a cursor or a key is set aside; one
//! with a `key` that cannot be read, and comes again, is set aside once. What was deleted is not seen. `headwater source check` warns of a cursor that is
//! a time where there is no `key`. A text of digits alone is compared as a number.
//!
//! Of a stream with a `parent`, how far each of the parent's records was read is kept, by the fields that its requests need: what a new one
//! has is read from the start, and late records of one are not missed because another is further. Where the parent's own request takes
//! `{cursor}`, so that it tells only of what has changed, one value counts for all.
//!
//! ### What is tried again
//!
//! No answer, one that is cut off, 408, 429 and 5xx (but 501) are waited for: as long as the server asks (`Retry-After` in seconds or as a
//! date; of a limit also `x-ratelimit-reset`), or for half a second, doubled each time, with some chance in it; `retries` times, five by default. A 403
//! with `x-ratelimit-remaining: 0` counts as 429. A pause of more than `max_wait` fails the load. All other answers of 4xx fail at once.
//! GET and POST are treated alike: a stream only reads.
//!
//! `headwater source check` tells whether the API answers, gives a token, and what it says of its limits.
//!
//! ### OpenAPI
//!
//! `headwater source add rest openapi.yaml` writes a source from an API's OpenAPI document (version 3): a stream for each operation of `GET`
//! whose answer is a list of objects, or an object with one; columns with types of what the schema says (nested objects are left to what comes);
//! `paginate` where parameters and answers leave no doubt; `auth` with secrets that are still to be given; and a `parent` where a path has one
//! parameter that is a field of another list. What is left out is said, with the reason. No request is sent: look at what was written, and
//! try it with `source preview`.

mod answer;
mod openapi;
mod options;
mod paging;
mod request;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Described, Finding, OpenContext, ReadMode, SourceStream, StreamSettings};

pub use options::{
    ApiKeyOptions, AuthOptions, BasicOptions, CountOptions, CursorOptions, MethodOption, MissingOption, OAuthOptions,
    PaginateOptions, ParentOptions, RateLimitOptions, SourceOptions, StartOption, StreamOptions, TokenCredentials,
    TokenOptions,
};

use self::stream::{Defaults, RestStream};
use crate::http_api::{Api, Bounds};

/// The connector. See the module's text.
pub struct Rest {
    api: Arc<Api>,
    defaults: Defaults,
}

#[async_trait]
impl Connector for Rest {
    const NAME: &'static str = "rest";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::Incremental];
    const READS_DOCUMENTS: bool = true;
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(mut options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let bounds = Bounds {
            rate_limit: options.rate_limit.clone(),
            retries: options.retries,
            timeout: options.timeout,
            max_wait: options.max_wait,
            max_response: options.max_response,
        };
        let api = Arc::new(Api::new(&options.url, options.auth.take(), &options.headers, &bounds, context)?);
        let defaults = Defaults { params: options.params, paginate: options.paginate };
        Ok(Self { api, defaults })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(RestStream::new(&self.api, &self.defaults, &options, settings)?))
    }

    fn describe(document: &serde_json::Value) -> headwater_sdk::Result<Described> {
        openapi::describe(document)
    }

    async fn examine(&self) -> headwater_sdk::Result<Vec<Finding>> {
        self.api.examine().await
    }
}
