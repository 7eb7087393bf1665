//! Rows that take the place of those with their key.

use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::outlets::bench::{CUSTOMERS, Outlet, Shipment};

macro_rules! upsert {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; upsert:
            only_what_has_changed_is_sent_and_what_is_gone_deleted
            what_is_gone_stays_where_that_is_asked_for
            rows_that_a_condition_holds_for_no_longer_are_gone
            rows_that_another_condition_does_not_hold_for_are_gone
            an_upsert_that_dies_is_done_once
            an_upsert_that_is_killed_is_done_once
        }
    };
}
pub(crate) use upsert;

pub(crate) fn only_what_has_changed_is_sent_and_what_is_gone_deleted<O: Outlet>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.run();
    let now = [CUSTOMERS[0], (2, Some("Ben"), 7.5), CUSTOMERS[2], (5, Some("Eve"), 0.0)];
    shipment.have(&now);
    let said = shipment.run();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    shipment.assert_there(&now);
    shipment.have(&[]);
    let said = shipment.run();
    assert_eq!((&said["written"], &said["deleted"]), (&0.into(), &4.into()), "{said}");
    shipment.assert_there(&[]);
}

pub(crate) fn what_is_gone_stays_where_that_is_asked_for<O: Outlet>() {
    let shipment = Shipment::<O>::new("upsert", ", on_delete: keep");
    shipment.run();
    shipment.have(&[(1, Some("Ada"), 9.5)]);
    let said = shipment.run();
    assert_eq!((&said["written"], &said["deleted"]), (&1.into(), &0.into()), "{said}");
    shipment.assert_there(&[(1, Some("Ada"), 9.5), CUSTOMERS[1], CUSTOMERS[2], CUSTOMERS[3]]);
}

pub(crate) fn rows_that_a_condition_holds_for_no_longer_are_gone<O: Outlet>() {
    let shipment = Shipment::<O>::new("upsert", ", where: balance > 0");
    shipment.run();
    shipment.assert_there(&[CUSTOMERS[0], CUSTOMERS[2], CUSTOMERS[3]]);
    shipment.have(&[(1, Some("Ada"), -1.5), (2, None, 0.25), CUSTOMERS[2], CUSTOMERS[3]]);
    shipment.run();
    shipment.assert_there(&[(2, None, 0.25), CUSTOMERS[2], CUSTOMERS[3]]);
}

/// What a narrower condition leaves out was delivered under the wider one.
pub(crate) fn rows_that_another_condition_does_not_hold_for_are_gone<O: Outlet>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.run();
    shipment.deliver("upsert", ", where: balance > 1");
    let said = shipment.run();
    assert_eq!(said["deleted"], 1, "{said}");
    shipment.assert_there(&[CUSTOMERS[0], CUSTOMERS[2], CUSTOMERS[3]]);
    shipment.deliver("upsert", "");
    shipment.run();
    shipment.assert_there(CUSTOMERS);
}

pub(crate) fn an_upsert_that_dies_is_done_once<O: Outlet>() {
    let shipment = Shipment::<O>::new("upsert", "");
    die_and_go_on(&shipment, CUSTOMERS.to_vec(), |now, round| {
        now.remove(0);
        now[0].2 = 10.5 + round as f64;
        now.push((10 + round, Some("Eve"), 0.5));
    });
}

pub(crate) fn an_upsert_that_is_killed_is_done_once<O: Outlet>() {
    be_killed_and_go_on(&Shipment::<O>::new("upsert", ""));
}
