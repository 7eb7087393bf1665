//! How fast requests may follow each other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_sdk::check::OptionsError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::options::RateLimitOptions;

/// Requests at the same time, by default.
const TOGETHER: u32 = 4;
/// Those that may be asked for.
const MOST_TOGETHER: u32 = 256;

/// The pace of all requests to an API.
pub(crate) struct Pace {
    together: Arc<Semaphore>,
    pub(crate) count: usize,
    /// From one request to the next.
    interval: Duration,
    /// When the next one may be sent.
    next: Mutex<Instant>,
}

impl Pace {
    /// # Errors
    /// [`OptionsError`] when no request could be sent.
    pub(crate) fn new(options: &RateLimitOptions) -> Result<Self, OptionsError> {
        let wrong = |message: &str, help: &str| OptionsError {
            key: Some("rate_limit"),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        };
        let interval = match (options.per_second, options.per_minute) {
            (None, None) => Duration::ZERO,
            (Some(0), _) | (_, Some(0)) => return Err(wrong("no request could be sent", "write a number from 1 on")),
            (Some(count), None) => Duration::from_secs(1) / count,
            (None, Some(count)) => Duration::from_secs(60) / count,
            (Some(_), Some(_)) => {
                return Err(wrong("`per_second` and `per_minute` say the same", "leave one of them out"));
            }
        };
        let count = options.together.unwrap_or(TOGETHER);
        if !(1..=MOST_TOGETHER).contains(&count) {
            return Err(wrong("`together` is out of bounds", "write a number from 1 to 256"));
        }
        let count = count as usize;
        Ok(Self { together: Arc::new(Semaphore::new(count)), count, interval, next: Mutex::new(Instant::now()) })
    }

    /// Waits until a request may be sent; it is on its way until what is returned is dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        let permit = Arc::clone(&self.together).acquire_owned().await.ok();
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = (*next).max(Instant::now());
            *next = at + self.interval;
            at
        };
        tokio::time::sleep_until(at).await;
        permit
    }

    /// Sends nothing for a while.
    pub(crate) fn pause(&self, pause: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now() + pause);
    }
}
