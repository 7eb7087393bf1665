//! How far the lake is behind, by heartbeats: rows that know when they were inserted.

use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::headwater::require_published;
use super::contenders::Bench;
use crate::report::say;

/// How long pgbench makes changes, in seconds.
const SECONDS: u64 = 60;
/// Heartbeats in a second.
const BEATS: &str = "20";

/// What was seen at one pace.
pub(super) struct Lag {
    pub(super) changes_per_second: u64,
    pub(super) runs: usize,
    /// The lag of each heartbeat in seconds, the least first.
    sorted: Vec<f64>,
}

impl Lag {
    /// The lag that so many of the heartbeats do not exceed.
    pub(super) fn share(&self, share: f64) -> f64 {
        let place = (self.sorted.len() as f64 * share).ceil() as usize;
        self.sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

impl Running {
    fn start(command: &mut Command) -> Result<Self, String> {
        command.spawn().map(Self).map_err(|e| format!("cannot start pgbench: {e}"))
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

/// Lets changes come at a pace, and the lake follow.
pub(super) fn measure(bench: &Bench, pace: u32) -> Result<Lag, String> {
    let project = bench.project();
    bench.headwater.ask(&project, &["run"])?;
    bench.server.sql("truncate heartbeat")?;
    bench.headwater.ask(&project, &["run"])?;
    let mut beats = bench.server.program("pgbench");
    beats.args(["-n", "-c", "1", "-R", BEATS, "-T", &SECONDS.to_string(), "-f"]).arg(&bench.heartbeat);
    let mut beating = Running::start(beats.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let mut changing = Running::start(&mut bench.pgbench(pace, SECONDS))?;
    // When each process ended that has published, and what.
    let mut ends = Vec::new();
    loop {
        let last = beating.has_ended() && changing.has_ended();
        let run = bench.headwater.ask(&project, &["run"])?;
        let now = now();
        require_published(&run)?;
        if let Some(snapshot) = run["snapshot"].as_u64() {
            ends.push((now, snapshot));
        }
        if last {
            break;
        }
    }
    bench.verify()?;
    let mut sorted = Vec::new();
    let mut seen = -1;
    for (end, snapshot) in &ends {
        let sql =
            format!("select id, cast(extract(epoch from at) as double) as at from raw.heartbeat where id > {seen}");
        for row in bench.headwater.query_as_of(&project, &sql, *snapshot)? {
            let (Some(id), Some(at)) = (row["id"].as_i64(), row["at"].as_f64()) else {
                return Err(format!("a heartbeat is {row}"));
            };
            seen = seen.max(id);
            sorted.push(end - at);
        }
    }
    let made = bench.server.sql("select count(*) from heartbeat")?;
    if made.trim() != sorted.len().to_string() {
        return Err(format!("{} heartbeats were made, and {} seen", made.trim(), sorted.len()));
    }
    sorted.sort_by(f64::total_cmp);
    let lag = Lag { changes_per_second: u64::from(pace) * 4, runs: ends.len(), sorted };
    say(&format!(
        "{} changes a second: p50 {:.3} s, p99 {:.3} s\n",
        lag.changes_per_second,
        lag.share(0.5),
        lag.share(0.99)
    ));
    Ok(lag)
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
