//! All rows in the place of all rows.

use super::{be_killed_and_go_on, die_and_go_on};
use crate::conformance::outlets::bench::{CUSTOMERS, Outlet, Shipment};

macro_rules! replace {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; replace:
            all_rows_are_replaced
            another_place_that_is_there_gets_all_rows
            a_replacement_that_dies_is_done_again
            a_replacement_that_is_killed_is_done_again
        }
    };
}
pub(crate) use replace;

pub(crate) fn all_rows_are_replaced<O: Outlet>() {
    let shipment = Shipment::<O>::new("replace", "");
    shipment.run();
    let now = [CUSTOMERS[3], (5, None, 0.5)];
    shipment.have(&now);
    assert_eq!(shipment.run()["written"], 2);
    shipment.assert_there(&now);
    assert_eq!(shipment.run()["state"], "up_to_date");
    shipment.have(&[]);
    assert_eq!(shipment.run()["written"], 0);
    shipment.assert_there(&[]);
}

/// What a destination holds is of one place in it: another has nothing of it, be it there already.
pub(crate) fn another_place_that_is_there_gets_all_rows<O: Outlet>() {
    let shipment = Shipment::<O>::new("replace", "");
    shipment.run();
    shipment.deliver_elsewhere("replace");
    assert_eq!(shipment.run()["written"], 4);
    let now = [CUSTOMERS[1], (5, Some("Eve"), 0.5)];
    shipment.have(&now);
    assert_eq!(shipment.run()["written"], 2);
    shipment.assert_there(CUSTOMERS);
    shipment.deliver("replace", "");
    assert_eq!(shipment.run()["written"], 2);
    shipment.assert_there(&now);
    assert_eq!(shipment.run()["state"], "up_to_date");
}

pub(crate) fn a_replacement_that_dies_is_done_again<O: Outlet>() {
    let shipment = Shipment::<O>::new("replace", "");
    die_and_go_on(&shipment, CUSTOMERS.to_vec(), |now, round| {
        now.remove(0);
        now.push((10 + round, Some("Eve"), 0.5));
    });
}

pub(crate) fn a_replacement_that_is_killed_is_done_again<O: Outlet>() {
    be_killed_and_go_on(&Shipment::<O>::new("replace", ""));
}
