//! Sending rows, several requests at a time, and noting what has come of each before anything else is sent in its place.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use headwater_sdk::destination::{Delivered, KeptRow, Ledger, Load, RowId, Undelivered, What};
use headwater_sdk::failpoint::failpoint;
use headwater_sdk::progress::Progress;
use headwater_sdk::{Blame, Error, Result};
use http::StatusCode;

use super::HookOutlet;
use super::request::{headers, idempotency_key};
use super::rows::{DELETE, Identity, Item};
use crate::codes;
use crate::database::SAMPLES;
use crate::delivered::too_many;
use crate::http_api::Failed;

/// What came of a request.
struct Sent {
    items: Vec<Item>,
    bytes: u64,
    /// Why the rows were refused; `None` when they were taken.
    refused: Option<String>,
}

/// The state of a delivery.
pub(super) struct Sending<'a> {
    outlet: &'a HookOutlet,
    ledger: &'a dyn Ledger,
    snapshot: u64,
    done: HashSet<RowId>,
    /// Rows that are refused, by what tells them apart.
    letters: BTreeMap<String, KeptRow>,
    /// Those that are tried again, with the run that they were refused in last.
    again: BTreeMap<String, String>,
    /// Those whose rows the table has not any more.
    outdated: BTreeSet<String>,
    delivered: Delivered,
}

impl<'a> Sending<'a> {
    /// Sends a load.
    ///
    /// # Errors
    /// When something fails for good or too many rows are refused. What was taken is noted.
    pub(super) async fn run(
        outlet: &'a HookOutlet,
        ledger: &'a dyn Ledger,
        load: Load,
        progress: &Progress,
    ) -> Result<Delivered> {
        let mut identity = Identity::new(&outlet.settings.name, load.since.as_ref(), &load.mark, &outlet.settings.key);
        let kept = ledger.kept().await?;
        let again = kept.iter().map(|(kept, run)| (kept.id.clone(), run.to_string())).collect();
        let letters: BTreeMap<String, KeptRow> = kept.into_iter().map(|(kept, _)| (kept.id.clone(), kept)).collect();
        // Of all rows that the table has, those that do not come are gone.
        let is_left = |kept: &&KeptRow| load.what == What::All && kept.operation != DELETE;
        let mut sending = Self {
            outdated: letters.values().filter(is_left).map(|kept| kept.id.clone()).collect(),
            outlet,
            ledger,
            snapshot: load.mark.snapshot,
            done: ledger.acknowledged().await?.into_iter().collect(),
            again,
            letters,
            delivered: Delivered { kept: super::KEPT, ..Delivered::default() },
        };
        let mut flying = FuturesUnordered::new();
        let mut waiting: [VecDeque<Item>; 2] = Default::default();
        let mut rows = load.rows;
        let together = outlet.api.together();
        while let Some(next) = rows.next().await {
            let batch = next?;
            progress.add_rows_in(batch.rows.num_rows() as u64);
            for item in identity.items(&batch)? {
                sending.outdated.remove(&item.letter);
                if item.operation == DELETE && !outlet.deletes {
                    // It stays where it is, if it ever came there.
                    sending.outdated.insert(item.letter);
                    continue;
                }
                if sending.done.contains(&item.id) {
                    continue;
                }
                let queue = &mut waiting[usize::from(item.operation == DELETE && outlet.requests.parts())];
                let most = outlet.requests.most(item.operation);
                queue.push_back(item);
                if queue.len() >= most {
                    let items: Vec<Item> = queue.drain(..).collect();
                    flying.push(outlet.send(items, sending.snapshot));
                }
                while flying.len() >= together {
                    sending.land(&mut flying).await?;
                }
            }
        }
        for queue in &mut waiting {
            let items: Vec<Item> = queue.drain(..).collect();
            if !items.is_empty() {
                flying.push(outlet.send(items, sending.snapshot));
            }
        }
        while !flying.is_empty() {
            sending.land(&mut flying).await?;
        }
        drop(flying);
        sending.forget().await?;
        sending.retry(&identity).await?;
        sending.delivered.undelivered = sending.letters.len() as u64;
        let samples = sending.letters.values().take(SAMPLES);
        sending.delivered.samples =
            samples.map(|kept| Undelivered { row: kept.row.clone(), reason: kept.reason.clone() }).collect();
        Ok(sending.delivered)
    }

    /// Waits for a request to end, and notes what has come of it. Rows of a list that is refused are sent again in lists of half the
    /// length, until those that are refused are alone.
    async fn land<F: Future<Output = Result<Sent>>>(&mut self, flying: &mut FuturesUnordered<F>) -> Result<()> {
        let Some(sent) = flying.next().await else { return Ok(()) };
        self.halve(sent?).await
    }

    async fn halve(&mut self, sent: Sent) -> Result<()> {
        let mut left = vec![sent];
        while let Some(sent) = left.pop() {
            match &sent.refused {
                Some(_) if sent.items.len() > 1 => {
                    self.delivered.bytes += sent.bytes;
                    let (mut first, snapshot) = (sent.items, self.snapshot);
                    let second = first.split_off(first.len() / 2);
                    // One after the other, so that what was taken is noted before more is sent.
                    let first = self.outlet.send(first, snapshot).await?;
                    if first.refused.is_none() {
                        self.note(first).await?;
                    } else {
                        left.push(first);
                    }
                    left.push(self.outlet.send(second, snapshot).await?);
                }
                _ => self.note(sent).await?,
            }
        }
        Ok(())
    }

    /// Notes what has come of a request.
    async fn note(&mut self, sent: Sent) -> Result<()> {
        self.delivered.bytes += sent.bytes;
        let done: Vec<RowId> = sent.items.iter().map(|item| item.id).collect();
        // A row that comes again takes the place of the one that was refused.
        for item in &sent.items {
            self.again.remove(&item.letter);
        }
        let (mut refused, mut gone) = (Vec::new(), Vec::new());
        match &sent.refused {
            None => {
                let deleted = sent.items.iter().filter(|item| item.operation == DELETE).count() as u64;
                self.delivered.deleted += deleted;
                self.delivered.written += sent.items.len() as u64 - deleted;
                gone.extend(
                    sent.items.iter().filter(|i| self.letters.remove(&i.letter).is_some()).map(|i| i.letter.clone()),
                );
            }
            Some(reason) => {
                for item in &sent.items {
                    let kept = KeptRow {
                        id: item.letter.clone(),
                        operation: item.operation,
                        row: item.json.clone(),
                        reason: reason.clone(),
                    };
                    self.letters.insert(item.letter.clone(), kept.clone());
                    refused.push(kept);
                }
                too_many(self.letters.len() as u64, self.outlet.settings.most_undelivered, reason)?;
            }
        }
        failpoint("before_acknowledge");
        self.ledger.note(&done, &refused, &gone).await?;
        failpoint("after_acknowledge");
        Ok(())
    }

    /// Keeps rows no longer that were refused and that the table has not any more.
    async fn forget(&mut self) -> Result<()> {
        let outdated = std::mem::take(&mut self.outdated).into_iter();
        let gone: Vec<String> = outdated.filter(|letter| self.letters.remove(letter).is_some()).collect();
        match gone.is_empty() {
            true => Ok(()),
            false => self.ledger.note(&[], &[], &gone).await,
        }
    }

    /// Sends what was refused before, unless it has come again, in lists as other rows. Rows may have waited for others.
    async fn retry(&mut self, identity: &Identity) -> Result<()> {
        let mut queues: [Vec<Item>; 2] = Default::default();
        for (letter, run) in std::mem::take(&mut self.again) {
            let Some(kept) = self.letters.get(&letter) else { continue };
            let (operation, json) = (kept.operation, kept.row.clone());
            let id = identity.of_letter(operation, &letter, &run);
            queues[usize::from(operation == DELETE && self.outlet.requests.parts())].push(Item {
                id,
                letter,
                operation,
                json,
            });
        }
        for queue in queues {
            let most = queue.first().map_or(1, |item| self.outlet.requests.most(item.operation));
            for items in queue.chunks(most) {
                let sent = self.outlet.send(items.to_vec(), self.snapshot).await?;
                self.halve(sent).await?;
            }
        }
        Ok(())
    }
}

impl HookOutlet {
    /// Sends some rows in one request.
    async fn send(&self, items: Vec<Item>, snapshot: u64) -> Result<Sent> {
        let request = match self.requests.of(&self.api.base, &self.settings.name, snapshot, &items)? {
            Ok(request) => request,
            Err(reason) => return Ok(Sent { items, bytes: 0, refused: Some(reason) }),
        };
        let (key, body) =
            (idempotency_key(&items), request.body.as_ref().map(|(body, _)| body.clone()).unwrap_or_default());
        let told = self.api.send(&request, &|| headers(&key, self.signer.as_deref(), &body)).await?;
        let operation = items.first().map_or(0, |item| item.operation);
        let refused = match told {
            Ok(()) => None,
            Err(failed) => self.judge(failed, operation)?,
        };
        Ok(Sent { items, bytes: body.len() as u64, refused })
    }

    /// Why rows are refused; `None` when they need not have been sent.
    ///
    /// # Errors
    /// When it is not the rows that are refused.
    fn judge(&self, failed: Failed, operation: i8) -> Result<Option<String>> {
        let Failed { error, answered, .. } = failed;
        let status = answered.map(|(status, _)| status);
        let has_place = self.requests.has_place(operation);
        match status {
            // Who is to be deleted is not there.
            Some(StatusCode::NOT_FOUND | StatusCode::GONE) if operation == DELETE && has_place => Ok(None),
            Some(StatusCode::NOT_FOUND | StatusCode::GONE) if has_place => Ok(Some(error.message)),
            Some(
                StatusCode::BAD_REQUEST
                | StatusCode::CONFLICT
                | StatusCode::PRECONDITION_FAILED
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNPROCESSABLE_ENTITY
                | StatusCode::LOCKED
                | StatusCode::FAILED_DEPENDENCY
                | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            ) => Ok(Some(error.message)),
            _ if [codes::REST_STATUS, codes::REST_MISSING, codes::REST_ANSWER].contains(&error.code) => {
                Err(Error::new(codes::WEBHOOK, Blame::Project, error.message)
                    .help("check `url`, `path` and `method` against the receiver's documentation; the rows are sent again by the next run"))
            }
            _ => Err(error),
        }
    }
}
