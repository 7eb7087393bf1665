//! Other people's taps, on a PostgreSQL: `meltanolabs-tap-postgres` (of Meltano's SDK) and `pipelinewise-tap-postgres` (of
//! `singer-python`), which write their catalogues, schemas and states in different ways.

use crate::postgres::server::{Database, OWNER};
use crate::program::{Said, headwater};
use crate::project::Project;

use super::installed;

const TABLES: &str = "create table customers (id int primary key, name text not null, email text, born date, balance numeric(12,2), vip boolean);
    insert into customers select n, 'name ' || n, case when n % 3 = 0 then null else 'c' || n || '@acme.example' end,
        date '1990-01-01' + n, n * 1.25 - 100, n % 2 = 0 from generate_series(1, 1000) n;
    create table orders (order_id bigint primary key, customer int, changed timestamptz not null, note text);
    insert into orders select n, n % 1000 + 1, timestamptz '2024-01-01 00:00Z' + n * interval '1 min', 'order ' || n from generate_series(1, 500) n";

struct Shop {
    project: Project,
    database: Database,
}

impl Shop {
    /// A source of both tables, by a tap that calls streams so.
    fn new(venv: &str, config: &str, prefix: &str) -> Self {
        let database = Database::new();
        database.sql(TABLES);
        let tap = installed(venv, "tap-postgres");
        let source = format!(
            "connector: singer\ncommand: [{}]\nconfig: {{ {config} }}\nstreams:\n  - {{ table: raw.customers, stream: {prefix}customers }}\n  \
             - {{ table: raw.orders, stream: {prefix}orders, mode: incremental, cursor: changed }}\n",
            tap.display()
        );
        let address = database.url();
        let port = address.rsplit_once(':').and_then(|(_, end)| end.split_once('/')).unwrap().0;
        let source = source.replace("DATABASE", database.name()).replace("PORT", port);
        Self { project: Project::empty().with("sources/shop.yml", source), database }
    }

    fn say(&self, arguments: &[&str]) -> Said {
        let mut program = headwater(self.project.path());
        program.args(arguments).env("SHOP_PASSWORD", OWNER.1).output().unwrap().into()
    }

    /// The lake and the database have the same, as text.
    #[track_caller]
    fn assert_same(&self) {
        for (lake, database) in [
            (
                "select count(*), sum(id), count(email), cast(sum(balance) as decimal(12,2)), sum(case when vip then 1 else 0 end), cast(min(born) as date), max(name) from raw.customers",
                "select count(*), sum(id), count(email), sum(balance), sum(case when vip then 1 else 0 end), min(born), max(name collate \"C\") from customers",
            ),
            (
                "select count(*), count(distinct order_id), sum(customer), string_agg(note, ',' order by order_id) from raw.orders where order_id > 480",
                "select count(*), count(distinct order_id), sum(customer), string_agg(note, ',' order by order_id) from orders where order_id > 480",
            ),
            (
                "select count(*), case when max(changed) = timestamp '2024-06-01T00:00:00Z' then 'new' else 'old' end from raw.orders",
                "select count(*), case when max(changed) = timestamptz '2024-06-01 00:00Z' then 'new' else 'old' end from orders",
            ),
        ] {
            let said = self.say(&["query", lake, "--format", "csv"]).exits(0);
            let lake = said.out.lines().skip(1).collect::<Vec<_>>().join("\n").replace('"', "");
            assert_eq!(lake, self.database.sql(database).replace('|', ","));
        }
    }

    /// First load, what has come since, nothing new, and a run of one table.
    fn go(&self) {
        self.say(&["run"]).exits(0);
        self.assert_same();
        self.database.sql(
            "update orders set note = 'changed', changed = '2024-06-01Z' where order_id in (490, 500);
             insert into orders values (501, 7, '2024-06-01Z', 'new'); delete from customers where id > 990",
        );
        let said = self.say(&["run", "--json"]).exits(0).json();
        self.assert_same();
        let orders = said["assets"].as_array().unwrap().iter().find(|asset| asset["asset"] == "raw.orders").unwrap();
        assert_eq!((&orders["refresh"]["added"], &orders["refresh"]["replaced"]), (&1.into(), &2.into()), "{said}");
        assert!(orders["rows_in"].as_u64().unwrap() < 10, "only what came since is read: {said}");
        let said = self.say(&["run", "--select", "raw.orders", "--json"]).exits(0).json();
        assert_eq!(said["assets"][0]["bytes_written"], 0, "{said}");
        self.database.sql("insert into orders values (502, 8, '2024-06-01Z', 'same time')");
        self.say(&["run"]).exits(0);
        self.assert_same();
    }
}

#[test]
fn the_tap_of_meltano() {
    let config = "host: 127.0.0.1, port: PORT, user: postgres, password: '${SHOP_PASSWORD}', database: DATABASE, filter_schemas: [public]";
    let shop = Shop::new("meltano", config, "public-");
    shop.go();
}

#[test]
fn the_tap_of_pipelinewise() {
    let config = "host: 127.0.0.1, port: PORT, user: postgres, password: '${SHOP_PASSWORD}', dbname: DATABASE, filter_schemas: public";
    let shop = Shop::new("pipelinewise", config, "public-");
    shop.go();
}
