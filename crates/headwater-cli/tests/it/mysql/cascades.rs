//! Rows that foreign keys delete and change, of which the log says nothing.

use super::Source;

const TABLES: &str = "
    create table parent (id int primary key, code int unique, name varchar(20));
    create table child (id int primary key, pid int, constraint gone foreign key (pid) references parent (id) on delete cascade);
    create table loose (id int primary key, pid int, constraint cleared foreign key (pid) references parent (id) on delete set null);
    create table coded (id int primary key, pcode int, constraint moved foreign key (pcode) references parent (code) on update cascade);
    create table grandchild (id int primary key, cid int, constraint further foreign key (cid) references child (id) on delete cascade);
    create table strict (id int primary key, pid int, foreign key (pid) references parent (id));
    create table tree (id int primary key, up int, constraint above foreign key (up) references tree (id) on delete cascade);
    insert into parent values (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c');
    insert into child values (1, 1), (2, 2), (3, 3); insert into loose values (1, 1), (2, 2);
    insert into coded values (3, 30); insert into grandchild values (1, 1), (2, 2), (3, 3);
    insert into strict values (3, 3); insert into tree values (1, null), (2, 1), (3, 2), (4, null)";
const FOLLOWED: [&str; 6] = ["child", "loose", "coded", "grandchild", "strict", "tree"];

fn source() -> Source {
    let streams: String =
        FOLLOWED.iter().map(|table| format!("  - {{ table: raw.{table}, from: {table}, mode: cdc }}\n")).collect();
    Source::new(TABLES, &streams)
}

/// Runs, and gives the tables that were read anew for a foreign key. All have to hold what the database does.
#[track_caller]
fn anew(source: &Source) -> Vec<String> {
    let said = source.say(&["run", "--json"]).exits(0).json();
    for table in FOLLOWED {
        let theirs = source.database.sql(&format!("select * from {table} order by id"));
        let theirs = theirs.replace('\t', ",").replace("NULL", "");
        assert_eq!(
            source.query(&format!("select * from raw.{table} order by id")),
            theirs.trim_end(),
            "{table}: {said}"
        );
    }
    let is_anew =
        |asset: &&serde_json::Value| asset["notes"].to_string().contains("is not logged: the table was read anew");
    let assets = said["assets"].as_array().unwrap().iter().filter(is_anew);
    let mut names: Vec<String> =
        assets.map(|asset| asset["asset"].as_str().unwrap().trim_start_matches("raw.").to_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_foreign_keys_do_arrives() {
    let source = source();
    source.run();
    source.database.sql("delete from parent where id = 1");
    assert_eq!(anew(&source), ["child", "grandchild", "loose"]);
    source.database.sql("update parent set code = 31 where id = 3");
    assert_eq!(anew(&source), ["coded"]);
    source.database.sql("delete from tree where id = 1");
    assert_eq!(anew(&source), ["tree"]);
    source.database.sql("delete from child where id = 2");
    assert_eq!(anew(&source), ["grandchild"], "the child itself is told of its own rows");
    // What a foreign key has nothing to do with is followed as ever.
    source.database.sql(
        "insert into parent values (4, 40, 'd'); update parent set name = 'x' where id = 3; insert into child values (4, 4);
         insert into loose values (4, 4); update child set pid = 3 where id = 4; delete from strict; update coded set id = 9 where id = 3",
    );
    assert_eq!(anew(&source), [""; 0]);
    // Rows that were gone before the table was empty are gone anyway.
    source.database.sql("delete from parent where id = 4; truncate loose");
    assert_eq!(anew(&source), ["child", "grandchild"]);
    let said = source.say(&["source", "check"]).exits(0).out;
    for words in [
        "raw.child: the foreign key 'gone' of ",
        "deletes or changes rows when rows of ",
        "raw.grandchild: the foreign key 'further' of ",
        "raw.coded: the foreign key 'moved' of ",
        "get other keys",
        "raw.tree: the foreign key 'above' of ",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert!(!said.contains("raw.strict: the foreign key"), "{said}");
}

#[test]
fn a_key_without_an_index_is_warned_of() {
    let source = Source::new("create table t (a int, b int)", "  - { table: raw.t, from: t, mode: cdc, key: [a] }\n");
    let said = source.say(&["source", "check"]).exits(0).out;
    assert!(said.contains("nothing but the project says") && said.contains("add unique (a)"), "{said}");
    source.database.sql("alter table t add unique (a)");
    assert!(!source.say(&["source", "check"]).exits(0).out.contains("nothing but the project"));
}
