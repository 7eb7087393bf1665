//! `headwater source`: what a database has becomes a source, which is tried out and looked at before anything is loaded.

use super::Source;
use crate::project::assert_told;

const TABLES: &str = "create table orders (id int8 primary key, amount numeric(10,2), note text); insert into orders select n, n, 'n' || n from generate_series(1, 50) n;
    comment on table orders is 'What customers \"buy\"'; comment on column orders.amount is 'In euros: net';
    create table lines (text text); create view latest as select * from orders; create schema old; create table old.orders (id int);
    create schema \"Odd\"; create table \"Odd\".\"My Table\" (\"a b\" int primary key); insert into \"Odd\".\"My Table\" values (7);
    create publication shop for all tables";

fn source() -> Source {
    let source = Source::new(TABLES, "");
    std::fs::remove_file(source.project.path().join("sources/shop.yml")).unwrap();
    source
}

#[test]
fn a_source_is_written_from_what_there_is_and_runs() {
    let source = source();
    let slot = format!("slot={}", source.database.name());
    let add = ["source", "add", "postgres", "connection=${SHOP}", &slot, "publication=shop", "--mode", "cdc"];
    let there = source.say(&[&add[..], &["--dry-run", "--json"]].concat()).exits(0).json();
    let streams = there["streams"].as_array().unwrap();
    let names: Vec<&str> = streams.iter().map(|stream| stream["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["\"Odd\".\"My Table\"", "old.orders", "public.latest", "public.lines", "public.orders"]);
    let tables: Vec<&str> = streams.iter().map(|stream| stream["table"].as_str().unwrap()).collect();
    assert_eq!(tables, ["raw.my_table", "raw.old_orders", "raw.latest", "raw.lines", "raw.public_orders"]);
    assert_eq!(streams[4]["columns"][1]["type"], "decimal(10,2)");
    assert!(!source.project.path().join("sources/postgres.yml").exists(), "a dry run writes nothing");
    source.say(&[&add[..], &["--name", "db", "--only", "public.o*", "--only", "*My*"]].concat()).exits(0);
    let written = std::fs::read_to_string(source.project.path().join("sources/db.yml")).unwrap();
    assert!(written.contains("connection: \"${SHOP}\"") && !written.contains("postgres://"), "{written}");
    source.run();
    assert_eq!(source.query("select count(*), sum(amount) from raw.orders"), "50,1275.00");
    assert_eq!(source.query("select \"a b\" from raw.my_table"), "7");
    let shown = source.say(&["show", "raw.orders", "--json"]).exits(0).json();
    assert_eq!(
        (&shown["description"], &shown["columns"][1]["description"]),
        (&"What customers \"buy\"".into(), &"In euros: net".into()),
        "{shown}"
    );
    source.database.sql("delete from orders where id > 10");
    source.run();
    assert_eq!(source.query("select count(*) from raw.orders"), "10");
    assert_told(
        &source.say(&[&add[..], &["--name", "db"]].concat()).exits(2),
        "HW0823",
        &["is there already", "--name"],
    );
}

#[test]
fn what_is_asked_for_wrongly_is_told() {
    let source = source();
    let told = |arguments: &[&str], words: &[&str]| {
        assert_told(&source.say(&[&["source"], arguments].concat()).exits(2), "HW0823", words);
    };
    told(&["add", "postgre", "connection=x"], &["no connector 'postgre'", "did you mean 'postgres'?"]);
    told(&["add", "postgres", "conection=x"], &["no key 'conection'", "did you mean 'connection'?"]);
    told(&["add", "postgres", "connection=${NOT_THERE}"], &["variable NOT_THERE is not set"]);
    told(&["add", "postgres", "connection=${SHOP}", "--only", "nope.*"], &["nothing to read"]);
    told(&["add", "rest", "url=http://127.0.0.1:1/"], &["cannot tell what there is"]);
    told(&["preview", "raw.nope"], &["no stream", "raw.nope"]);
    let password = source.database.url().replace("s3cret-of-the-tests", "an-0ther-secret");
    let said = source.say_as(&password, &["source", "add", "postgres", "connection=${SHOP}"]).exits(3);
    assert_told(&said, "HW0342", &["password"]);
    assert!(!said.err.contains("an-0ther-secret"), "{}", said.err);
}

#[test]
fn sources_are_tried_out_without_loading_anything() {
    let source = source();
    source.follow("  - { table: raw.orders, from: orders, mode: cdc }\n  - { table: raw.lines, from: lines, mode: cdc }\n  - { table: raw.gone, from: gone }\n");
    let said = source.say(&["source", "check"]).exits(3);
    for words in [
        "PostgreSQL 15",
        "raw.orders: can be read: ",
        "lines has no primary key",
        "replica identity full",
        "raw.gone: ",
        "there is no replication slot",
    ] {
        assert!(said.out.contains(words), "no {words} in {}", said.out);
    }
    source.say(&["source", "check", "raw.orders"]).exits(0);
    let shown = source.say(&["source", "preview", "raw.orders", "-n", "3", "--json"]).exits(0).json();
    assert_eq!((shown["rows"].as_array().unwrap().len(), &shown["rows"][2]["note"]), (3, &"n3".into()), "{shown}");
    assert_eq!(
        source
            .database
            .sql(&format!("select count(*) from pg_replication_slots where slot_name = '{}'", source.database.name())),
        "0"
    );
    // One statement helps all tables of a publication, but those that are not there.
    let grant = |words: &str| {
        let said = source.say(&["source", "check"]).exits(3).out;
        assert_eq!(said.matches(words).count(), 2, "not for each of both: {words} in {said}");
        source.database.sql(words);
    };
    source.follow(
        "  - { table: raw.orders, from: orders, mode: cdc }\n  - { table: raw.more, from: more, mode: cdc }\n  - { table: raw.gone, from: gone, mode: cdc }\n",
    );
    source.database.sql("create table more (id int primary key); drop publication shop");
    grant("create publication \"shop\" for table \"more\", \"orders\"");
    source.database.sql("alter publication shop drop table more, orders");
    grant("alter publication \"shop\" add table \"more\", \"orders\"");
    let said = source.say(&["source", "check"]).exits(3).out;
    assert_eq!((said.matches("can be read").count(), said.matches("trouble").count()), (2, 1), "{said}");
    let said = source.say_as("postgres://postgres@127.0.0.1:1/x", &["source", "check"]).exits(3);
    assert!(said.out.contains("trouble") && said.out.contains("check host and port"), "{}", said.out);
}
