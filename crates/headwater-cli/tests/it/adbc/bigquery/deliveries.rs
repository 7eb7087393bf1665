//! Tables that are delivered to BigQuery: through a table of the dataset, by one script each.

use super::{opened, server};
use crate::program::Said;
use crate::project::{Project, assert_told};

/// A project beside a dataset.
struct Shop {
    project: Project,
    dataset: &'static str,
}

impl Shop {
    fn new(dataset: &'static str, customers: &str, delivery: &str) -> Self {
        server().dataset(dataset);
        let source = "connector: files\nlocation: data\nstreams:\n  - { table: raw.customers, path: customers.csv }\n";
        let shop = Self { project: Project::empty().with("sources/files.yml", source), dataset };
        shop.customers(customers);
        shop.deliver(delivery);
        shop
    }

    fn customers(&self, csv: &str) {
        self.project.write("data/customers.csv", csv);
    }

    fn deliver(&self, delivery: &str) {
        let keys = opened(self.dataset);
        self.project.write("destinations/warehouse.yml", format!("{keys}deliveries:\n  - {delivery}\n"));
    }

    /// The first delivery of a run.
    #[track_caller]
    fn run(&self) -> serde_json::Value {
        server().say(&self.project, &["run", "--json"]).exits(0).json()["deliveries"][0].clone()
    }

    fn there(&self) -> String {
        server().sql(&format!("select id, name from {}.customers order by id", self.dataset))
    }

    /// The tables of the dataset, but for those of the deliveries themselves.
    fn tables(&self) -> String {
        let schema = format!("{}.INFORMATION_SCHEMA.TABLES", self.dataset);
        let but = "('headwater_deliveries', 'headwater_undelivered')";
        server().sql(&format!("select table_name from {schema} where table_name not in {but} order by table_name"))
    }
}

#[test]
fn rows_come_change_and_go() {
    let shop =
        Shop::new("changes", "id,name\n1,Ada\n2,Ben\n", "{ table: raw.customers, to: changes.customers, key: id }");
    let said = shop.run();
    assert_eq!((&said["state"], &said["written"]), (&"delivered".into(), &2.into()), "{said}");
    assert!(!said.to_string().contains("HW0396"), "{said}");
    assert_eq!(shop.there(), "1,Ada\n2,Ben");
    assert_eq!(shop.run()["state"], "up_to_date");
    shop.customers("id,name\n1,Adam\n3,Cleo\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["deleted"]), (&2.into(), &1.into()), "{said}");
    assert_eq!(shop.there(), "1,Adam\n3,Cleo");
    assert_eq!(server().sql("select count(*) from changes.headwater_deliveries"), "1");
    // The table that the rows went through is gone.
    assert_eq!(shop.tables(), "customers");
    server().sql("drop table changes.customers");
    assert_eq!(shop.run()["written"], 2, "what the mark tells of is gone with the table");
    assert_eq!(shop.there(), "1,Adam\n3,Cleo");
}

#[test]
fn rows_are_added_or_replaced_once_only_whenever_a_delivery_dies() {
    for (mode, dataset) in [("append", "adds"), ("replace", "replaces")] {
        let delivery = format!("{{ table: raw.customers, to: {dataset}.customers, mode: {mode} }}");
        let shop = Shop::new(dataset, "id,name\n1,a\n", &delivery);
        shop.run();
        let mut rows = "1,a".to_owned();
        // What is collected is not sent before the end: to die anywhere before is the same.
        for (round, point) in ["before_delivery_commit", "after_delivery"].into_iter().enumerate() {
            rows.push_str(&format!("\n{},b", round + 2));
            shop.customers(&format!("id,name\n{rows}\n"));
            let mut run = server().program(&shop.project, &["run"]);
            let died = run.env("HEADWATER_CRASH_AT", point).output().unwrap();
            assert_eq!(died.status.code(), None, "{point}: {}", String::from_utf8_lossy(&died.stderr));
            let before = shop.there();
            let said = shop.run();
            if mode == "replace" && said["state"] == "delivered" {
                assert_eq!(said["deleted"], before.lines().count(), "{said}");
            }
            assert_eq!(shop.there(), rows, "{mode} {point}");
        }
    }
}

#[test]
fn values_arrive_as_they_are() {
    let shop = Shop::new("values_of", "id,name\n1,a\n", "{ table: marts.all, to: values_of.everything, key: id }");
    shop.project.write(
        "models/marts/all.sql",
        "select 1 as id, true as flag, cast(-9223372036854775808 as bigint) as big, 0.5e0 as real, cast(1.50 as decimal(10, 2)) as amount,
        'it''s \\ `☃`' || chr(10) || '\"' as name, date '1600-02-29' as day, timestamp '2024-01-01 10:00:00.000001' as ts,
        to_timestamp('2024-01-01T10:00:00Z') as moment, make_array(1, null) as list, arrow_cast(x'00ff', 'Binary') as data
        union all select 2, false, 0, cast('NaN' as double), null, '', null, null, null, null, null
        union all select 3, null, null, cast('-inf' as double), -0.01, null, date '9999-12-31', timestamp '0001-01-01 00:00:00', null, null, arrow_cast(x'', 'Binary')\n",
    );
    shop.run();
    let columns = server().sql(
        "select string_agg(data_type, ',' order by ordinal_position) from values_of.INFORMATION_SCHEMA.COLUMNS where table_name = 'everything'",
    );
    assert_eq!(columns, "INT64,BOOL,INT64,FLOAT64,NUMERIC,STRING,DATE,DATETIME,TIMESTAMP,STRING,BYTES");
    let rows = server().sql(
        "select id, flag, big, cast(real as string), cast(amount * 100 as int64), if(name is null, 'none', to_json_string(name)), day, cast(ts as string), unix_micros(moment), list, to_hex(data) from values_of.everything order by id",
    );
    let expected = [
        "1,true,-9223372036854775808,0.5,150,\"it's \\\\ `☃`\\n\\\"\",1600-02-29,2024-01-01 10:00:00.000001,1704103200000000,[1,null],00ff",
        "2,false,0,nan,,\"\",,,,,",
        "3,,,-inf,-1,none,9999-12-31,0001-01-01 00:00:00,,,",
    ];
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
}

/// Rows that a column refuses, a date that the database has not, and a row that is longer than a statement.
#[test]
fn rows_that_are_refused_are_kept_and_tried_again() {
    let shop = Shop::new("refuses", "id,name\n1,a\n", "{ table: marts.names, to: refuses.customers, key: id }");
    shop.project.write("models/marts/names.sql", "select 1 as id, 'Ada' as name, date '2024-01-01' as day union all select 2, null, null union all select 3, 'Cleo', date '2024-01-01' + interval '9000 years' union all select 4, repeat('x', 1100000), null\n");
    server().sql("create table refuses.customers (id int64, name string not null, day date)");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&1.into(), &3.into()), "{said}");
    assert_eq!(shop.there(), "1,Ada");
    let kept = "select operation, substr(`row`, 1, 12), reason from refuses.headwater_undelivered order by `row`";
    let kept = server().sql(kept);
    let kept: Vec<&str> = kept.lines().collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(kept[0].starts_with("0,{\"id\":2},") && kept[0].contains("name"), "{kept:?}");
    assert!(kept[1].contains("\"id\":3") && kept[1].contains("the years 1 to 9999"), "{kept:?}");
    assert!(kept[2].starts_with("-1,{\"id\":4},") && kept[2].contains("larger than a statement"), "{kept:?}");
    server().sql("drop table refuses.customers");
    server().sql("create table refuses.customers (id int64, name string, day date)");
    server().sql("insert into refuses.customers values (1, 'Ada', date '2024-01-01')");
    shop.project.write("models/marts/names.sql", "select 1 as id, 'Ada' as name, date '2024-01-01' as day union all select 2, null, null union all select 4, 'short', null\n");
    let said = shop.run();
    assert_eq!((&said["written"], &said["undelivered"]), (&2.into(), &0.into()), "{said}");
    assert_eq!(shop.there(), "1,Ada\n2,\n4,short");
    assert_eq!(server().sql("select count(*) from refuses.headwater_undelivered"), "0");
    assert_eq!(shop.tables(), "customers");
}

#[test]
fn many_rows_come_in_many_statements() {
    let shop = Shop::new("many", "id,name\n1,a\n", "{ table: marts.many, to: many.customers, key: id }");
    shop.project
        .write("models/marts/many.sql", "select value as id, repeat('x', 500) as name from generate_series(1, 3000)\n");
    let said = shop.run();
    assert_eq!(said["written"], 3000, "{said}");
    assert_eq!(
        server().sql("select count(*), count(distinct id), sum(length(name)) from many.customers"),
        "3000,3000,1500000"
    );
}

#[test]
fn a_table_that_lacks_a_column_is_refused_before_anything_is_written() {
    let shop = Shop::new("lacks", "id,name\n1,a\n", "{ table: raw.customers, to: lacks.customers, key: id }");
    server().sql("create table lacks.customers (id int64)");
    let said: Said = server().say(&shop.project, &["run"]).exits(1);
    assert_told(&said, "HW0387", &["lacks.customers", "no column name"]);
    assert_eq!(shop.tables(), "customers");
}
