//! What destinations promise: each file has the promises of a group, and a macro that makes a test of each of them for a kit.

pub(super) mod any;
pub(super) mod append;
pub(super) mod refused;
pub(super) mod replace;
pub(super) mod upsert;
pub(super) mod verified;

pub(super) use any::any;
pub(super) use append::append;
pub(super) use refused::refused;
pub(super) use replace::replace;
pub(super) use upsert::upsert;
pub(super) use verified::{not_verified, verified};

use super::bench::{CUSTOMERS, Customer, Outlet, Shipment};

/// Deliveries that die at every point, each of a change; each change is there once.
#[track_caller]
fn die_and_go_on<O: Outlet>(shipment: &Shipment<O>, mut now: Vec<Customer>, change: impl Fn(&mut Vec<Customer>, i64)) {
    shipment.run();
    shipment.assert_there(&now);
    for (round, point) in O::POINTS.iter().enumerate() {
        change(&mut now, i64::try_from(round).unwrap());
        shipment.have(&now);
        let died = shipment.command(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert_eq!(died.status.code(), None, "{point}: {}", String::from_utf8_lossy(&died.stderr));
        // What died is delivered by the next run, which has nothing else to do.
        shipment.say(&["run"]).exits(0);
        shipment.assert_there(&now);
        assert_eq!(shipment.run()["state"], "up_to_date", "{point}");
        shipment.assert_there(&now);
    }
}

/// Deliveries that are killed at some moment.
#[track_caller]
fn be_killed_and_go_on<O: Outlet>(shipment: &Shipment<O>) {
    let mut now = CUSTOMERS.to_vec();
    for (round, pause) in [20, 50, 90].into_iter().enumerate() {
        let first = 1000 * (i64::try_from(round).unwrap() + 1);
        now.extend((first..first + 100).map(|id| (id, Some("Eve"), 0.5)));
        shipment.have(&now);
        let mut run = shipment.command(&["run"]);
        let mut run = run.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(pause));
        // It may have ended before.
        run.kill().unwrap();
        run.wait().unwrap();
    }
    shipment.say(&["run"]).exits(0);
    shipment.assert_there(&now);
}
