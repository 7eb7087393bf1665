//! Columns that come, go, and become something else, under each policy.

use serde_json::{Value, json};

use crate::conformance::bench::{Bench, Kit};
use crate::conformance::table::{Kind, Table};
use crate::project::assert_told;

macro_rules! drift {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; drift:
            a_new_column_fails_is_added_or_is_left_out
            a_column_that_is_gone_fails_or_is_null
            a_column_of_another_type_fails_or_loses_no_row
            a_policy_may_change_and_what_waited_is_loaded
        }
    };
}
pub(crate) use drift;

macro_rules! leaves_out_nulls {
    ($kit:ty) => {
        crate::conformance::tests_of! { $kit; drift: a_key_that_no_record_has_is_gone }
    };
}
pub(crate) use leaves_out_nulls;

/// A table that was loaded and has other columns now.
fn drifted<K: Kit>(policy: &str, now: &Table) -> Bench<K> {
    let bench = Bench::<K>::of(Table::items(20), "full", &format!("drift: {policy}"));
    bench.run();
    bench.kit.hold(now);
    bench
}

/// The load fails, says which column it is, and what can be done that has not been done; what was published stays.
#[track_caller]
fn assert_refused<K: Kit>(bench: &Bench<K>, policy: &str, column: &str) {
    let said = bench.say(&["run"]).exits(1);
    assert_told(&said, "HW0308", &[&format!("'{column}'")]);
    let text = format!("{}{}", said.out, said.err);
    let help = &text[text.find("help:").unwrap()..];
    assert!(!help.contains(&format!("drift: {policy}")), "{policy} is what there is: {help}");
    assert_eq!(bench.columns().len(), 4);
    bench.assert_same();
}

pub(crate) fn a_new_column_fails_is_added_or_is_left_out<K: Kit>() {
    let now = Table::items(20).with("extra", Kind::Text, |id| json!(format!("extra {id}")));
    assert_refused(&drifted::<K>("fail", &now), "fail", "extra");
    let mut added = drifted::<K>("add", &now);
    added.run();
    added.table = now.clone();
    added.assert_same();
    assert_eq!(added.columns().last().unwrap(), &("extra".to_owned(), "string".to_owned()));
    let left_out = drifted::<K>("ignore", &now);
    let said = left_out.say(&["run"]).exits(0);
    assert!(said.out.contains("extra"), "{}", said.out);
    assert_eq!(left_out.columns().len(), 4);
    left_out.assert_same();
}

pub(crate) fn a_column_that_is_gone_fails_or_is_null<K: Kit>() {
    let now = Table::items(20).without("price");
    if K::LEAVES_OUT_NULLS {
        // That no record has it says that it is null everywhere.
        let mut bench = drifted::<K>("fail", &now);
        bench.run();
        bench.table.rows.iter_mut().for_each(|row| row[2] = Value::Null);
        bench.assert_same();
    } else {
        assert_refused(&drifted::<K>("fail", &now), "fail", "price");
    }
    for policy in ["add", "ignore"] {
        let mut bench = drifted::<K>(policy, &now);
        bench.run();
        assert_eq!(bench.columns().len(), 4, "{policy}");
        bench.table.rows.iter_mut().for_each(|row| row[2] = Value::Null);
        bench.assert_same();
    }
    let mut anew = drifted::<K>("new_version", &now);
    let said = anew.run().to_string();
    if !K::LEAVES_OUT_NULLS {
        assert!(said.contains("raw.items__v1") && said.contains("'price'"), "{said}");
        anew.table = now;
        assert_eq!(anew.columns().len(), 3);
        anew.assert_same();
    }
}

/// A number that has become a text.
pub(crate) fn a_column_of_another_type_fails_or_loses_no_row<K: Kit>() {
    let now = Table::items(20).without("changed").with("changed", Kind::Text, |id| json!(format!("n{id}")));
    assert_refused(&drifted::<K>("fail", &now), "fail", "changed");
    // What takes both is taken; or else nothing is.
    let mut added = drifted::<K>("add", &now);
    if added.say(&["run"]).code == Some(0) {
        added.table = now.clone();
        added.assert_same();
    } else {
        assert_refused(&added, "add", "changed");
    }
    // The table's type stays: rows are read by it or set aside, or the load says that the system cannot do that.
    let mut kept = drifted::<K>("ignore", &now);
    let said = kept.say(&["run"]);
    if said.code != Some(0) && format!("{}{}", said.out, said.err).contains("[HW0991]") {
        kept.assert_same();
        // All rows may be set aside where the project says so.
        kept.more += "\nmost_bad_rows: 100%";
        kept.describe();
    }
    let said = kept.say(&["run"]);
    if said.code == Some(0) {
        let counted =
            kept.query("select (select count(*) from raw.items) + (select count(*) from raw.items__rejected)");
        assert_eq!(counted, "20");
        assert_eq!(kept.columns().iter().find(|(name, _)| name == "changed").unwrap().1, "bigint");
    } else {
        assert_refused(&kept, "ignore", "changed");
    }
}

/// What was refused is not forgotten.
pub(crate) fn a_policy_may_change_and_what_waited_is_loaded<K: Kit>() {
    let now = Table::items(20).with("extra", Kind::Text, |id| json!(format!("extra {id}")));
    let mut bench = drifted::<K>("fail", &now);
    bench.say(&["run"]).exits(1);
    bench.more = "drift: add".to_owned();
    bench.describe();
    bench.run();
    bench.table = now;
    bench.assert_same();
}

/// A record may leave out what is null, but no key is: one that has another name now is told, and the rows are not all set aside.
pub(crate) fn a_key_that_no_record_has_is_gone<K: Kit>() {
    let bench = Bench::<K>::of(Table::items(20), "incremental", "key: [id]");
    bench.run();
    let mut now = Table::items(30);
    now.columns[0].0 = "ident".to_owned();
    now.rows.drain(..20);
    bench.kit.hold(&now);
    let said = bench.say(&["run"]).exits(1);
    assert_told(&said, "HW0308", &["'id' of the key"]);
    bench.assert_same();
}
