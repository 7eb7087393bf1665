//! What holds in whichever mode.

use crate::conformance::outlets::bench::{CUSTOMERS, Outlet, Shipment};
use crate::project::assert_told;

macro_rules! any {
    ($kit:ty) => {
        crate::conformance::outlets::tests_of! { $kit; any:
            a_first_delivery_has_all_rows_as_they_are
            nothing_is_delivered_before_it_is_asked_for
            how_far_a_delivery_is_is_told
            a_destination_out_of_reach_fails_and_the_run_stays_published
            modes_that_it_has_not_are_refused_with_those_that_it_has
            misspelt_keys_are_told_with_the_nearest_one
        }
    };
}
pub(crate) use any;

fn shipment<O: Outlet>() -> Shipment<O> {
    Shipment::new(crate::conformance::outlets::modes_of(O::NAME)[0], "")
}

pub(crate) fn a_first_delivery_has_all_rows_as_they_are<O: Outlet>() {
    let shipment = shipment::<O>();
    let said = shipment.run();
    assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &4.into()), "{said}");
    shipment.assert_there(CUSTOMERS);
    let said = shipment.run();
    assert_eq!(said["state"], "up_to_date", "{said}");
    shipment.assert_there(CUSTOMERS);
}

/// `--no-deliver`, and a trial.
pub(crate) fn nothing_is_delivered_before_it_is_asked_for<O: Outlet>() {
    let shipment = shipment::<O>();
    let said = shipment.say(&["run", "--no-deliver", "--json"]).exits(0).json();
    assert!(said["deliveries"].is_null(), "{said}");
    let said = shipment.say(&["deliver", "--dry-run"]).exits(0);
    assert!(said.out.contains("crm/raw.customers"), "{}", said.out);
    let said = shipment.say(&["deliver", "--json"]).exits(0).json();
    assert_eq!((&said[0]["state"], &said[0]["written"]), (&"delivered".into(), &4.into()), "{said}");
    shipment.assert_there(CUSTOMERS);
}

pub(crate) fn how_far_a_delivery_is_is_told<O: Outlet>() {
    let shipment = shipment::<O>();
    let status = || shipment.say(&["deliver", "--status"]).exits(0).out;
    assert!(status().contains("crm/raw.customers"), "{}", status());
    shipment.run();
    let said = shipment.say(&["deliver", "--status", "--json"]).exits(0).json();
    assert_eq!(said[0]["delivery"], "crm/raw.customers", "{said}");
    assert_eq!((&said[0]["standing"], &said[0]["holds"]), (&"up_to_date".into(), &1.into()), "{said}");
    assert_eq!((&said[0]["last"]["outcome"], &said[0]["last"]["written"]), (&"delivered".into(), &4.into()), "{said}");
    assert!(status().contains("crm/raw.customers"), "{}", status());
}

/// And is delivered to when it is there again.
pub(crate) fn a_destination_out_of_reach_fails_and_the_run_stays_published<O: Outlet>() {
    let shipment = shipment::<O>();
    let mode = crate::conformance::outlets::modes_of(O::NAME)[0];
    let (destination, environment, code) = shipment.outlet.hidden();
    shipment.deliver_to(&destination, mode, "");
    let mut run = shipment.command(&["run"]);
    run.envs(environment);
    let said = Shipment::<O>::said(run).exits(1);
    assert_told(&said, code, &["crm/raw.customers"]);
    assert!(said.out.contains("published snapshot 1"), "{}", said.out);
    shipment.deliver(mode, "");
    let said = shipment.say(&["deliver", "--json"]).exits(0).json();
    assert_eq!((&said[0]["state"], &said[0]["written"]), (&"delivered".into(), &4.into()), "{said}");
    shipment.assert_there(CUSTOMERS);
}

/// So that what a kit has no promises of, its destination does not have.
pub(crate) fn modes_that_it_has_not_are_refused_with_those_that_it_has<O: Outlet>() {
    let shipment = shipment::<O>();
    let has = crate::conformance::outlets::modes_of(O::NAME);
    for mode in ["upsert", "append", "replace"] {
        shipment.deliver(mode, if mode == "upsert" { ", on_delete: keep" } else { "" });
        let said = shipment.say(&["check"]);
        if has.contains(&mode) {
            said.exits(0);
        } else {
            assert_told(&said.exits(2), "HW0121", &[&format!("it can in {}\n", has.join(", "))]);
        }
    }
}

/// Of the destination, and of the delivery.
pub(crate) fn misspelt_keys_are_told_with_the_nearest_one<O: Outlet>() {
    let shipment = shipment::<O>();
    let mode = crate::conformance::outlets::modes_of(O::NAME)[0];
    let destination = shipment.outlet.destination();
    let (key, rest) = destination.split_once(':').unwrap();
    shipment.deliver_to(&format!("{}:{rest}", &key[..key.len() - 1]), mode, "");
    assert_told(
        &shipment.say(&["check"]).exits(2),
        "HW0110",
        &[&format!("did you mean '{key}'"), "destinations/crm.yml:2:"],
    );
    shipment.deliver(mode, ", wher: id > 1");
    let line = format!("destinations/crm.yml:{}:", 3 + destination.lines().count());
    assert_told(&shipment.say(&["check"]).exits(2), "HW0110", &["did you mean 'where'", &line]);
}
