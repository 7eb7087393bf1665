//! Destinations that are read back.

use crate::conformance::outlets::bench::{Changes, Outlet, Shipment};
use crate::project::assert_told;

macro_rules! verified {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; verified: what_was_delivered_is_compared_with_what_is_there }
    };
}
pub(crate) use verified;

macro_rules! not_verified {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; verified: what_cannot_be_read_back_is_said_not_to_be_compared }
    };
}
pub(crate) use not_verified;

/// `headwater verify` finds what somebody else has changed.
pub(crate) fn what_was_delivered_is_compared_with_what_is_there<O: Changes>() {
    let shipment = Shipment::<O>::new("replace", "");
    shipment.run();
    let verify = |code: i32| shipment.say(&["verify", "--json"]).exits(code).json()["comparisons"][0].clone();
    let one = verify(0);
    assert_eq!((&one["state"], &one["rows"], &one["rows_there"]), (&"equal".into(), &4.into(), &4.into()), "{one}");
    shipment.outlet.tamper(4);
    let one = verify(1);
    assert_eq!(one["state"], "differs", "{one}");
    let count = |key: &str| one[key].as_u64().unwrap();
    // Without a key, a row that is another is one that is missing and one that is too much.
    assert_eq!(count("missing") + count("extra") + 2 * count("different"), 2, "{one}");
}

/// And is not said to be equal.
pub(crate) fn what_cannot_be_read_back_is_said_not_to_be_compared<O: Outlet>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.run();
    let said = shipment.say(&["verify"]);
    assert_told(&said, "HW0987", &["crm/raw.customers", "cannot be read back"]);
}
