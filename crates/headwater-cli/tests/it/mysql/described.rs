//! `headwater source`: what a database has becomes a source, which is tried out and looked at before anything is loaded.

use super::Source;
use crate::project::assert_told;

const TABLES: &str =
    "create table orders (id bigint unsigned primary key, amount decimal(10,2) comment 'In euros: net', note text)
        comment 'What customers \"buy\"';
    insert into orders select seq, seq, concat('n', seq) from seq_1_to_50;
    create table `rows` (text text); create view latest as select * from orders;
    create table `My Table` (`a b` int primary key); insert into `My Table` values (7)";

fn source() -> Source {
    let source = Source::new(TABLES, "");
    std::fs::remove_file(source.project.path().join("sources/shop.yml")).unwrap();
    source
}

#[test]
fn a_source_is_written_from_what_there_is_and_runs() {
    let source = source();
    let name = source.database.name();
    let add = ["source", "add", "mysql", "connection=${SHOP}"];
    let there = source.say(&[&add[..], &["--dry-run", "--json"]].concat()).exits(0).json();
    let streams = there["streams"].as_array().unwrap();
    let mut names: Vec<&str> = streams.iter().map(|stream| stream["name"].as_str().unwrap()).collect();
    // The server orders names as its own collation does.
    names.sort_unstable();
    let of = |table: &str| format!("{name}.{table}");
    assert_eq!(names, [of("`My Table`"), of("latest"), of("orders"), of("rows")]);
    let orders = streams.iter().find(|stream| stream["name"] == of("orders")).unwrap();
    assert_eq!(orders["columns"][0]["type"], "decimal(20,0)");
    assert_eq!(orders["columns"][1]["type"], "decimal(10,2)");
    source.say(&[&add[..], &["--name", "db", "--only", "*.o*", "--only", "*My*"]].concat()).exits(0);
    let written = std::fs::read_to_string(source.project.path().join("sources/db.yml")).unwrap();
    assert!(written.contains("connection: \"${SHOP}\"") && !written.contains("mysql://"), "{written}");
    source.run();
    assert_eq!(source.query("select count(*), sum(amount) from raw.orders"), "50,1275.00");
    assert_eq!(source.query("select \"a b\" from raw.my_table"), "7");
    let shown = source.say(&["show", "raw.orders", "--json"]).exits(0).json();
    assert_eq!(
        (&shown["description"], &shown["columns"][1]["description"]),
        (&"What customers \"buy\"".into(), &"In euros: net".into()),
        "{shown}"
    );
}

#[test]
fn sources_are_tried_out_without_loading_anything() {
    let source = source();
    source.streams("  - { table: raw.orders, from: orders }\n  - { table: raw.gone, from: gone }\n");
    let said = source.say(&["source", "check"]).exits(3);
    for words in ["MariaDB 10", "as the user owner@127.0.0.1", "raw.orders: can be read: ", "raw.gone: "] {
        assert!(said.out.contains(words), "no {words} in {}", said.out);
    }
    source.say(&["source", "check", "raw.orders"]).exits(0);
    let shown = source.say(&["source", "preview", "raw.orders", "-n", "3", "--json"]).exits(0).json();
    assert_eq!((shown["rows"].as_array().unwrap().len(), &shown["rows"][2]["note"]), (3, &"n3".into()), "{shown}");
    let said = source.say_as("mysql://owner@127.0.0.1:1/x", &["source", "check"]).exits(3);
    assert!(said.out.contains("trouble") && said.out.contains("check host and port"), "{}", said.out);
    let said = source.say(&["source", "add", "mysql", "conection=x"]).exits(2);
    assert_told(&said, "HW0823", &["did you mean 'connection'?"]);
}
