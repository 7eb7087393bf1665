//! Deliveries that die, or meet others.

use super::{CUSTOMERS, Shop, UPSERT};
use crate::project::assert_told;

#[test]
fn a_delivery_that_dies_has_happened_once_or_not_at_all() {
    for point in ["before_delivery", "before_delivery_commit", "after_delivery"] {
        let shop = Shop::new("id,name\n1,a\n2,b\n", "  - { table: raw.customers, to: customers, mode: append }\n");
        shop.run();
        shop.customers("id,name\n1,a\n2,b\n3,c\n");
        let died = shop.program(&["run"]).env("HEADWATER_CRASH_AT", point).output().unwrap();
        assert!(!died.status.success(), "{point}");
        shop.say(&["run"]).exits(0);
        assert_eq!(shop.there(), "1|a\n2|b\n3|c", "{point}");
        shop.say(&["run"]).exits(0);
        assert_eq!(shop.there(), "1|a\n2|b\n3|c", "{point}");
    }
}

#[test]
fn a_connection_that_is_lost_is_made_again() {
    let lines: Vec<String> = (1..=200_000).map(|id| format!("{id},name of {id}\n")).collect();
    let shop = Shop::new(
        &format!("id,name\n{}", lines.concat()),
        "  - { table: raw.customers, to: customers, mode: append }\n",
    );
    let ended = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let find = "select id from information_schema.processlist
                where db = database() and info like 'insert into%headwater_stage%' and id <> connection_id()";
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                if let Some(id) = shop.database.sql(find).lines().next() {
                    return shop.database.tries(&format!("kill {id}"));
                }
            }
            false
        });
        let said = shop.say(&["run"]).exits(0);
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(killer.join().unwrap(), "no connection was cut: {}", said.out);
        assert!(said.err.contains("tried again"), "{}", said.err);
    });
    assert_eq!(shop.sql("select count(*), count(distinct id) from customers"), "200000|200000");
}

#[test]
fn another_lake_does_not_overwrite_what_this_one_has_delivered() {
    let shop = Shop::new(CUSTOMERS, UPSERT);
    shop.run();
    std::fs::remove_dir_all(shop.project.path().join("lake")).unwrap();
    shop.customers("id,name,city\n1,Imp,Hell\n");
    assert_told(&shop.say(&["run"]).exits(1), "HW0982", &["another lake", "crm/raw.customers --anew"]);
    assert_eq!(shop.there(), "1|Ada|Paris\n2|Ben|NULL\n3|Cleo|Rome");
    shop.say(&["deliver", "crm", "--anew"]).exits(0);
    assert_eq!(shop.there(), "1|Imp|Hell\n2|Ben|NULL\n3|Cleo|Rome", "nothing is deleted");
}
