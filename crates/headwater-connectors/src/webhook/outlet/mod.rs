//! Deliveries to webhooks: each row that has changed, or several at a time, as JSON in a request.
//!
//! ```yaml
//! connector: webhook
//! url: https://api.example.com/v1
//! auth: { bearer: "${CRM_TOKEN}" }
//! signing_secret: "${CRM_SIGNING}"          # whsec_…
//! rate_limit: { per_second: 10, together: 2 }
//! deliveries:
//!   - { table: marts.dim_customer, key: id, method: put, path: "/contacts/{id}", delete: { path: "/contacts/{id}" } }
//!   - { table: marts.orders, key: order_id, path: /events, body: event, batch: 100 }
//!   - { table: marts.signups, mode: append, path: /signups, batch: 50, list_in: records }
//! ```
//!
//! What it promises:
//!
//! - **At least once, with a key by which the receiver can tell.** A receiver of webhooks keeps no mark. The catalogue does: which snapshot
//!   a destination holds, and while a delivery is under way, each request that was answered. A delivery that dies goes on where it was;
//!   what was under way at that moment is sent again: as many requests as are sent at the same time (`together: 1` makes it one). Each request
//!   has the header `Idempotency-Key`, which is made from the lake, the delivery, the keys of the rows, the snapshot and the one before, and is the
//!   same whenever the same rows are sent again.
//! - **What was begun is ended first.** A delivery that died is brought to the snapshot that it was for; then what has changed since is sent.
//! - **Only what has changed is sent** (`upsert`, `append`), told by the table's own log.
//! - **A row that the receiver refuses** (400, 409, 412, 413, 422, 423, 424, 451; 404 and 410 where the row has a place of its own) is told
//!   with the receiver's answer, kept in the catalogue (`headwater deliver --undelivered`) and tried again with every delivery until
//!   it succeeds or has changed. Of a list that is refused, the rows are found by halves; rows that are tried again come in lists, too. With more than `most_undelivered` of them the
//!   delivery fails; what was taken stays taken. A row to be deleted that is not there (404, 410) is deleted.
//! - **What may pass is waited for**: no answer, 408, 429 and 5xx (but 501), for as long as the receiver asks (`Retry-After`), or half a
//!   second, doubled each time, `retries` times. All other answers (401, 403, 404 of a fixed place, redirections to elsewhere) fail the delivery.
//! - **Memory does not grow with the rows**, but for 16 bytes of each row that a delivery which died had delivered and, with
//!   `mode: append`, about 40 bytes of each row of the delivery, by which equal ones are told apart.
//!
//! Rows come in no order; a key comes once in a delivery. Requests are signed by Standard Webhooks where there is a `signing_secret`:
//! `webhook-id` (as `Idempotency-Key`), `webhook-timestamp` and `webhook-signature`. In JSON, dates and times are RFC 3339, binary values
//! hexadecimal digits, decimals numbers with all of their digits or texts of them; NaN and infinities are null, for JSON has none.
//! A lake that is made anew knows nothing of what was delivered: it sends all rows. `--anew` sends all rows under the keys that they
//! had if the snapshot is the same. `mode: replace` is not to be had: a receiver cannot replace all there is at once.

mod options;
mod request;
mod rows;
mod sending;

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::OpenContext;
use headwater_sdk::destination::{
    Delivered, DeliveryMode, DeliverySettings, Destination, Load, Mark, OnDelete, Outlet,
};
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};

pub use options::{BodyOption, DeleteOptions, DeliveryOptions, DestinationOptions, WriteMethod};

use crate::codes;
use crate::http_api::{Api, Bounds};
use request::{Requests, Signer};
use sending::Sending;

/// Where rows that were refused are kept, in words.
const KEPT: &str = "in the catalogue (`headwater deliver --undelivered`)";

/// The destination. See the module's text.
pub struct WebhookDestination {
    api: Arc<Api>,
    signer: Option<Arc<Signer>>,
}

impl Destination for WebhookDestination {
    const NAME: &'static str = "webhook";
    const MODES: &'static [DeliveryMode] = &[DeliveryMode::Upsert, DeliveryMode::Append];
    type Options = DestinationOptions;
    type DeliveryOptions = DeliveryOptions;

    fn destination(options: DestinationOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        let DestinationOptions { url, headers, auth, signing_secret, rate_limit, retries, timeout, max_wait } = options;
        let bounds = Bounds { rate_limit, retries, timeout, max_wait, max_response: None };
        let signer = signing_secret.map(|secret| Signer::new(&secret)).transpose()?.map(Arc::new);
        Ok(Self { api: Arc::new(Api::new(&url, auth, &headers, &bounds, context)?), signer })
    }

    fn outlet(&self, options: DeliveryOptions, settings: DeliverySettings) -> Result<Arc<dyn Outlet>, OptionsError> {
        let deletes = settings.mode == DeliveryMode::Upsert && settings.on_delete == OnDelete::Delete;
        let requests = Requests::new(options, deletes)?;
        let (api, signer) = (Arc::clone(&self.api), self.signer.clone());
        Ok(Arc::new(HookOutlet { api, signer, requests, deletes, settings }))
    }
}

/// A webhook that is delivered to.
struct HookOutlet {
    api: Arc<Api>,
    signer: Option<Arc<Signer>>,
    requests: Requests,
    deletes: bool,
    settings: DeliverySettings,
}

#[async_trait]
impl Outlet for HookOutlet {
    fn remembers(&self) -> bool {
        false
    }

    async fn mark(&self) -> Result<Option<Mark>> {
        Ok(None)
    }

    async fn deliver(&self, load: Load, progress: Arc<Progress>) -> Result<Delivered> {
        self.requests.verify(&load.schema, &self.settings.key)?;
        let ledger = load.ledger.clone().ok_or_else(|| {
            Error::new(codes::DEFECT, Blame::Headwater, "a delivery to a webhook has nothing that remembers it")
        })?;
        Sending::run(self, ledger.as_ref(), load, &progress).await
    }

    async fn examine(&self, schema: &SchemaRef) -> Result<()> {
        self.requests.verify(schema, &self.settings.key)?;
        self.api.examine().await.map(drop)
    }
}
