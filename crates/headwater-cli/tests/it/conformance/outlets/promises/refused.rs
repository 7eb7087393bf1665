//! Rows that the destination refuses, where each stands for itself.

use crate::conformance::outlets::bench::{CUSTOMERS, Customer, Refuses, Shipment};
use crate::project::assert_told;

macro_rules! refused {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; refused:
            refused_rows_are_kept_told_and_tried_again
            more_refused_rows_than_are_allowed_fail_the_delivery
        }
    };
}
pub(crate) use refused;

const BAD: Customer = (5, Some("Refused"), 0.5);

/// They hold nothing else back, and are delivered as soon as they are taken.
pub(crate) fn refused_rows_are_kept_told_and_tried_again<O: Refuses>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.outlet.refuse(true);
    let mut now = CUSTOMERS.to_vec();
    now.push(BAD);
    shipment.have(&now);
    let said = shipment.say(&["run"]).exits(0);
    assert!(said.out.contains("1 row refused"), "{}", said.out);
    shipment.assert_there(CUSTOMERS);
    assert_eq!(O::kept(&shipment), 1);
    // It is tried again with what comes next, refused again, and kept once.
    now[0].2 = 9.5;
    shipment.have(&now);
    let said = shipment.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &1.into()), "{said}");
    assert_eq!(O::kept(&shipment), 1);
    let status = shipment.say(&["deliver", "--status", "--json"]).exits(0).json();
    assert_eq!(status[0]["undelivered"], 1, "{status}");
    shipment.outlet.refuse(false);
    now[0].2 = 10.5;
    shipment.have(&now);
    let said = shipment.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &0.into()), "{said}");
    assert_eq!(O::kept(&shipment), 0);
    shipment.assert_there(&now);
}

/// And what a person may do is said.
pub(crate) fn more_refused_rows_than_are_allowed_fail_the_delivery<O: Refuses>() {
    let shipment = Shipment::<O>::new("upsert", ", most_undelivered: 0");
    shipment.outlet.refuse(true);
    let mut now = CUSTOMERS.to_vec();
    now.push(BAD);
    shipment.have(&now);
    let said = shipment.say(&["run"]).exits(1);
    assert_told(&said, "HW0383", &["most_undelivered"]);
    assert!(said.out.contains("published snapshot 1"), "{}", said.out);
    shipment.outlet.refuse(false);
    shipment.say(&["deliver"]).exits(0);
    shipment.assert_there(&now);
}
