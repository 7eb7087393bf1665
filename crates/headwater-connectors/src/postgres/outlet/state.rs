//! What the database itself keeps of deliveries: the marks of what its tables hold, and the rows that it has refused.

use headwater_sdk::destination::{Kept, Mark, Undelivered};
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Error, Result};
use tokio_postgres::Client;

use super::TableOutlet;
use super::stage::{OPERATION, PLACE};
use super::table::TargetTable;
use crate::database::{Faults, HOPELESS, LEFT_OUT, MARKS, REFUSED, SAMPLES, STAGE, Stage};
use crate::delivered::{mark_of, text_of};

/// The tables, for one delivery.
pub(super) struct Marks<'a> {
    pub(super) outlet: &'a TableOutlet,
    pub(super) client: &'a Client,
}

impl Marks<'_> {
    fn table(&self, name: &str) -> String {
        self.outlet.target.beside(name)
    }

    fn failed(&self) -> impl Fn(tokio_postgres::Error) -> Error {
        |error| self.outlet.error(&error)
    }

    /// The mark; `None` when there is none.
    pub(super) async fn read(&self) -> Result<Option<Mark>> {
        self.find("").await
    }

    /// The mark, which nobody else sets until the transaction ends.
    pub(super) async fn lock(&self) -> Result<Option<Mark>> {
        // Two that begin at once must not both find none.
        let lock = "select pg_advisory_xact_lock(hashtextextended($1, 0))";
        let key = format!("{}/{}", self.outlet.target.schema, self.outlet.settings.name);
        self.client.execute(lock, &[&key]).await.map_err(self.failed())?;
        self.find(" for update").await
    }

    async fn find(&self, how: &str) -> Result<Option<Mark>> {
        let (marks, table) = (self.table(MARKS), self.outlet.target.sql());
        // Where somebody has dropped the table, nothing of what the mark tells is there any more.
        let there = "select to_regclass($1) is not null and to_regclass($2) is not null";
        let there = self.client.query_one(there, &[&marks, &table]).await.map_err(self.failed())?;
        if !there.get::<_, bool>(0) {
            return Ok(None);
        }
        let sql = format!("select mark::text from {marks} where delivery = $1{how}");
        let row = self.client.query_opt(&sql, &[&self.outlet.settings.name]).await.map_err(self.failed())?;
        let text: Option<String> = row.map(|row| row.get(0));
        text.map(|text| mark_of(&text, &self.outlet.settings.name, &marks)).transpose()
    }

    /// Makes the tables if they are not there.
    pub(super) async fn make(&self) -> Result<()> {
        for (name, columns) in [
            (MARKS, "delivery text primary key, mark jsonb not null, delivered_at timestamptz not null default now()"),
            (
                REFUSED,
                "delivery text not null, operation smallint not null, \"row\" jsonb not null, reason text not null, \
                 since timestamptz not null default now()",
            ),
        ] {
            let table = self.table(name);
            // To make a table that is there already takes a right that nobody needs.
            let there = self.client.query_one("select to_regclass($1) is not null", &[&table]).await;
            if !there.map_err(self.failed())?.get::<_, bool>(0) {
                // Two that make it at once would fail each other, `if not exists` or not.
                let lock = "select pg_advisory_xact_lock(hashtextextended('headwater: tables beside deliveries', 0))";
                let make = format!("{lock}; create table if not exists {table} ({columns})");
                self.client.batch_execute(&make).await.map_err(self.failed())?;
            }
        }
        Ok(())
    }

    /// Puts the rows that were refused earlier into the temporary table, unless they have come again.
    pub(super) async fn restage(&self, table: &TargetTable) -> Result<()> {
        let again = match table.key() {
            [] => "false".to_owned(),
            key => format!("exists (select from {STAGE} s where {})", same("s", "r", key)),
        };
        let sql = format!(
            "insert into {STAGE} ({PLACE}, {OPERATION}, {}) \
             select -row_number() over (), u.operation, {} from {} u, jsonb_populate_record(null::{STAGE}, u.\"row\") r \
             where u.delivery = $1 and u.operation >= 0 and not {again}",
            table.list(""),
            table.list("r."),
            self.table(REFUSED),
        );
        self.client.execute(&sql, &[&self.outlet.settings.name]).await.map_err(self.failed())?;
        Ok(())
    }

    /// Keeps the rows that are refused, in place of those that were, and returns some of them.
    pub(super) async fn set_aside(
        &self,
        table: &TargetTable,
        stage: &Stage,
        faults: Faults,
        keeps_others: bool,
    ) -> Result<Vec<Undelivered>> {
        let (name, refused) = (&self.outlet.settings.name, self.table(REFUSED));
        // What is not tried again stays until its row has changed.
        let stays = match (keeps_others, table.key()) {
            (false, _) => "false".to_owned(),
            (true, []) => format!("operation = {HOPELESS}"),
            (true, key) => {
                let same = key.iter().map(|name| {
                    let (text, column) = (crate::postgres::quote::text(name), quote_identifier(name));
                    format!("{refused}.\"row\" -> {text} = to_jsonb(s.{column})")
                });
                let same = same.collect::<Vec<_>>().join(" and ");
                format!("operation = {HOPELESS} and not exists (select from {STAGE} s where {same})")
            }
        };
        let clear = format!("delete from {refused} where delivery = $1 and not ({stays})");
        self.client.execute(&clear, &[name]).await.map_err(self.failed())?;
        let keep = format!(
            "insert into {refused} (delivery, operation, \"row\", reason) \
             select $1, {OPERATION} % {LEFT_OUT}, to_jsonb(s.*) - 'headwater:place' - 'headwater:operation', $3 from {STAGE} s where {PLACE} = $2 \
             returning \"row\"::text"
        );
        let mut samples = Vec::new();
        for (place, reason) in faults.rows {
            let row = self.client.query_one(&keep, &[name, &place, &reason]).await.map_err(self.failed())?;
            if samples.len() < SAMPLES {
                samples.push(Undelivered { row: row.get(0), reason });
            }
        }
        let keep = format!(
            "insert into {refused} (delivery, operation, \"row\", reason) values ($1, {HOPELESS}, $2::text::jsonb, $3)"
        );
        for (row, reason) in &stage.unsendable.rows {
            self.client.execute(&keep, &[name, row, reason]).await.map_err(self.failed())?;
            if samples.len() < SAMPLES {
                samples.push(Undelivered { row: row.clone(), reason: reason.clone() });
            }
        }
        Ok(samples)
    }

    /// How many rows are kept.
    pub(super) async fn kept(&self) -> Result<Kept> {
        let refused = self.table(REFUSED);
        let there = self.client.query_one("select to_regclass($1) is not null", &[&refused]).await;
        if !there.map_err(self.failed())?.get::<_, bool>(0) {
            return Ok(Kept::default());
        }
        let sql = format!(
            "select count(*), count(*) filter (where operation <> {HOPELESS}) from {refused} where delivery = $1"
        );
        let row = self.client.query_one(&sql, &[&self.outlet.settings.name]).await.map_err(self.failed())?;
        let count = |at| u64::try_from(row.get::<_, i64>(at)).unwrap_or_default();
        Ok(Kept { rows: count(0), again: count(1) })
    }

    /// Sets the mark.
    pub(super) async fn set(&self, mark: &Mark) -> Result<()> {
        let sql = format!(
            "insert into {} (delivery, mark) values ($1, $2::text::jsonb) \
             on conflict (delivery) do update set mark = excluded.mark, delivered_at = now()",
            self.table(MARKS)
        );
        let text = text_of(mark)?;
        self.client.execute(&sql, &[&self.outlet.settings.name, &text]).await.map_err(self.failed())?;
        Ok(())
    }
}

fn same(one: &str, other: &str, key: &[String]) -> String {
    let same = key.iter().map(|name| {
        let column = quote_identifier(name);
        format!("{one}.{column} = {other}.{column}")
    });
    same.collect::<Vec<_>>().join(" and ")
}
