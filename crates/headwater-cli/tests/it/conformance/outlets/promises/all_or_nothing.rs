//! Destinations that take all rows or none.

use crate::conformance::outlets::bench::{CUSTOMERS, Outlet, Shipment};

macro_rules! all_or_nothing {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; all_or_nothing: a_refused_row_fails_the_delivery_as_a_whole }
    };
}
pub(crate) use all_or_nothing;

/// A destination whose table can be made to refuse a null.
pub(crate) trait Strict: Outlet {
    /// Makes the table, where every customer has a name.
    fn be_strict(&self);
}

/// With the database's reason; the run stays published.
pub(crate) fn a_refused_row_fails_the_delivery_as_a_whole<O: Strict>() {
    let shipment = Shipment::<O>::new("upsert", "");
    shipment.outlet.be_strict();
    let said = shipment.say(&["run"]).exits(1);
    let text = format!("{}{}", said.out, said.err).to_lowercase();
    assert!(text.contains("[hw0389]") || text.contains("[hw0387]"), "{text}");
    assert!(text.contains("null") && text.contains("name"), "{text}");
    assert!(said.out.contains("published snapshot 1"), "{}", said.out);
    shipment.assert_there(&[]);
    let mut now = CUSTOMERS.to_vec();
    now[1].1 = Some("Ben");
    shipment.have(&now);
    shipment.run();
    shipment.assert_there(&now);
}
