//! Rows that are added.

use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::outlets::bench::{CUSTOMERS, Outlet, Shipment};
use crate::project::assert_told;

macro_rules! append {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; append:
            only_what_has_come_is_added
            rows_that_are_gone_are_told_and_nothing_is_added
            an_append_that_dies_is_done_once
            an_append_that_is_killed_is_done_once
        }
    };
}
pub(crate) use append;

pub(crate) fn only_what_has_come_is_added<O: Outlet>() {
    let shipment = Shipment::<O>::new("append", "");
    assert_eq!(shipment.run()["written"], 4);
    let mut now = CUSTOMERS.to_vec();
    now.push((5, Some("Eve"), 0.5));
    shipment.have(&now);
    let said = shipment.run();
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &0.into()), "{said}");
    shipment.assert_there(&now);
}

/// What was added cannot be taken back by adding.
pub(crate) fn rows_that_are_gone_are_told_and_nothing_is_added<O: Outlet>() {
    let shipment = Shipment::<O>::new("append", "");
    shipment.run();
    shipment.have(&[CUSTOMERS[0], (5, Some("Eve"), 0.5)]);
    let said = shipment.say(&["run"]).exits(1);
    assert_told(&said, "HW0640", &["3 rows", "crm/raw.customers"]);
    shipment.assert_there(CUSTOMERS);
}

pub(crate) fn an_append_that_dies_is_done_once<O: Outlet>() {
    let shipment = Shipment::<O>::new("append", "");
    die_and_go_on(&shipment, CUSTOMERS.to_vec(), |now, round| {
        now.extend([(10 + 2 * round, Some("Eve"), 0.5), (11 + 2 * round, None, 0.5)]);
    });
}

pub(crate) fn an_append_that_is_killed_is_done_once<O: Outlet>() {
    be_killed_and_go_on(&Shipment::<O>::new("append", ""));
}
