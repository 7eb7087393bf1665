//! Tables that begin anew when their sources' columns change (`drift: new_version`).

use crate::program::{published_versions, query, rows};
use crate::project::{Project, assert_told};
use crate::tables::python;

const SOURCE: &str =
    "connector: files\nlocation: data\nstreams:\n  - { table: raw.orders, path: \"*.csv\", drift: new_version }\n";

#[test]
fn a_column_that_goes_begins_the_table_anew_and_what_it_held_stays() {
    let project = Project::empty()
        .with("sources/files.yml", SOURCE)
        .with("data/a.csv", "id,name,city\n1,Ada,Paris\n2,Ben,Rome\n")
        .with("models/marts/cities.sql", "select city, count(*) as n from raw.orders group by city");
    project.run();
    // A new column is added, and a type widens, in the table as it is.
    project.write("data/a.csv", "id,name,city,vip\n1,Ada,Paris,true\n2,Ben,Rome,false\n3.5,Cleo,Rome,\n");
    project.run();
    assert_eq!(query(project.path(), "select id, vip from raw.orders order by id"), "1.0,true\n2.0,false\n3.5,");
    assert!(!project.lake().join("raw/orders__v1").exists());
    // One that goes begins it anew; what is made from it is told.
    project.write("data/a.csv", "id,name,vip\n1,Ada,true\n7,Gus,\n");
    let said = project.say(&["run"]).exits(2);
    assert!(said.err.contains("'city'") && said.err.contains("models/marts/cities.sql"), "{}", said.err);
    assert!(!project.lake().join("raw/orders__v1").exists(), "nothing is done before the models are corrected");
    project.write("models/marts/cities.sql", "select vip, count(*) as n from raw.orders group by vip");
    let plan = project.say(&["plan"]).exits(0);
    assert!(
        plan.out.contains("column 'city' is missing in data/a.csv") && plan.out.contains("kept as raw.orders__v1"),
        "{}",
        plan.out
    );
    let said = project.say(&["run"]).exits(0);
    assert!(said.out.contains("the table began anew, and what it held is raw.orders__v1"), "{}", said.out);
    assert_eq!(query(project.path(), "select * from raw.orders order by id"), "1,Ada,true\n7,Gus,");
    let before = "1.0,Ada,Paris,true\n2.0,Ben,Rome,false\n3.5,Cleo,Rome,";
    assert_eq!(query(project.path(), "select id, name, city, vip from raw.orders__v1 order by id"), before);
    assert!(project.run().out.contains("nothing"), "up to date");
    // And another one.
    project.write("data/a.csv", "id,vip\n8,true\n");
    project.run();
    assert_eq!(query(project.path(), "select * from raw.orders"), "8,true");
    assert_eq!(query(project.path(), "select id from raw.orders__v2 order by id"), "1\n7");
    assert_eq!(query(project.path(), "select id, name, city, vip from raw.orders__v1 order by id"), before);
    // They go where the table goes, and vacuuming leaves them.
    project.say(&["maintain", "--vacuum"]);
    assert_eq!(query(project.path(), "select count(*) from raw.orders__v1"), "3");
    project.say(&["rollback", "2"]).exits(0);
    assert_eq!(query(project.path(), "select count(*) from raw.orders"), "3");
    assert_eq!(published_versions(&project.lake(), "raw/orders__v2").len(), 1);
    assert_told(
        &Project::empty().with("models/raw/orders__v1.sql", "select 1 as a").say(&["check"]).exits(2),
        "HW0128",
        &["'raw.orders__v1' is reserved"],
    );
}

#[test]
fn an_incremental_table_is_loaded_from_the_start() {
    let project = Project::empty().with("data/.keep", "");
    let sql = |text: &str| {
        let program =
            format!("import sqlite3\ndb = sqlite3.connect('shop.db')\ndb.executescript('''{text}''')\ndb.commit()");
        python(project.path(), &program);
    };
    sql(
        "create table orders (id integer primary key, city text, amount integer); insert into orders values (1, 'Paris', 10), (2, 'Rome', 20)",
    );
    let source = "connector: sqlite\npath: shop.db\nstreams:\n  - { table: raw.orders, from: orders, mode: incremental, cursor: id, key: [id], drift: new_version }\n";
    project.write("sources/shop.yml", source);
    project.run();
    sql("insert into orders values (3, 'Oslo', 30)");
    project.run();
    sql("delete from orders where id = 1; alter table orders drop column city; insert into orders values (4, 40)");
    let said = project.run();
    assert!(said.out.contains("column 'city' is gone"), "{}", said.out);
    // Rows that the source has not any more are kept where the table was.
    assert_eq!(query(project.path(), "select * from raw.orders order by id"), "2,20\n3,30\n4,40");
    let kept = rows(project.path(), "select id, city, amount from raw.orders__v1 order by id");
    assert_eq!(kept.len(), 3);
    assert_eq!((&kept[0]["city"], &kept[2]["amount"]), (&"Paris".into(), &30.into()));
    sql("insert into orders values (5, 50)");
    project.run();
    assert_eq!(query(project.path(), "select count(*), sum(amount) from raw.orders"), "4,140");
    assert!(!project.lake().join("raw/orders__v2").exists());
}
