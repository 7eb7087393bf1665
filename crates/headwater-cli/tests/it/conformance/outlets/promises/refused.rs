//! Rows that the destination refuses, where each stands for itself.

use crate::conformance::outlets::bench::{CUSTOMERS, Customer, Refuses, Shipment};
use crate::project::assert_told;

macro_rules! refused {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; refused:
            refused_rows_are_kept_told_and_tried_again
            more_refused_rows_than_are_allowed_fail_the_delivery
            refused_rows_are_tried_again_although_nothing_has_changed
            a_delivery_of_which_all_rows_are_refused_has_failed
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

/// By each delivery, alone, until they are taken; meanwhile how many there are is told.
pub(crate) fn refused_rows_are_tried_again_although_nothing_has_changed<O: Refuses>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.outlet.refuse(true);
    let mut now = CUSTOMERS.to_vec();
    now.extend([BAD, (6, Some("Refused"), 0.75)]);
    shipment.have(&now);
    shipment.say(&["run"]).exits(0);
    let deliver = || shipment.say(&["deliver", "--json"]).exits(0).json()[0].clone();
    let told = |said: &serde_json::Value| (said["state"].clone(), said["written"].clone(), said["undelivered"].clone());
    let said = deliver();
    assert_eq!(told(&said), ("up_to_date".into(), 0.into(), 2.into()), "{said}");
    assert_eq!(O::kept(&shipment), 2);
    let status = shipment.say(&["deliver", "--status"]).exits(0);
    assert!(status.out.contains("up to date, 2 rows refused"), "{}", status.out);
    assert!(status.out.contains("`headwater deliver crm/raw.customers` tries them again"), "{}", status.out);
    shipment.outlet.refuse(false);
    let said = deliver();
    assert_eq!(told(&said), ("delivered".into(), 2.into(), 0.into()), "{said}");
    assert_eq!(O::kept(&shipment), 0);
    shipment.assert_there(&now);
    let said = deliver();
    assert_eq!(told(&said), ("up_to_date".into(), 0.into(), 0.into()), "{said}");
    let status = shipment.say(&["deliver", "--status"]).exits(0);
    assert!(!status.out.contains("refused:") && status.out.contains("up to date"), "{}", status.out);
}

/// It says so, also when it is tried again, and until it is better.
pub(crate) fn a_delivery_of_which_all_rows_are_refused_has_failed<O: Refuses>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.outlet.refuse(true);
    shipment.have(&[BAD]);
    let said = shipment.say(&["run"]).exits(1);
    assert!(said.out.contains("all refused") && said.out.contains("published snapshot 1"), "{}", said.out);
    for _ in 0..2 {
        let said = shipment.say(&["deliver", "--json"]).exits(1).json();
        assert_eq!((&said[0]["state"], &said[0]["undelivered"]), (&"refused".into(), &1.into()), "{said}");
    }
    shipment.outlet.refuse(false);
    let said = shipment.say(&["deliver", "--json"]).exits(0).json();
    assert_eq!((&said[0]["state"], &said[0]["written"]), (&"delivered".into(), &1.into()), "{said}");
    shipment.assert_there(&[BAD]);
}
