//! What a table holds, as far as estimates need it: asked of it by queries.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};
use futures::TryStreamExt;
use headwater_sdk::engine::Past;
use headwater_sdk::name::quote_identifier;
use headwater_sdk::{Relations, Result, TableName};

use super::estimate::{Contents, PAGE_ROWS, Spread};
use crate::lake::Lake;

/// A table to be asked.
pub(super) struct Reader<'a> {
    pub(super) lake: &'a Lake,
    pub(super) relations: &'a Relations,
    pub(super) table: &'a TableName,
    pub(super) schema: SchemaRef,
}

/// Contents of which no layout could be found better: every value is another.
pub(super) fn at_best(rows: u64, columns: &[String]) -> Contents {
    let spread = Spread { distinct: rows as f64, filled: 1.0 };
    let columns = columns.iter().map(|column| (column.clone(), spread)).collect();
    Contents { rows: rows as f64, page: PAGE_ROWS, columns }
}

impl Reader<'_> {
    /// The type of a column by whose values rows can be ordered.
    pub(super) fn ordered(&self, column: &str) -> Option<&DataType> {
        let field = self.schema.field_with_name(column).ok()?;
        (!field.data_type().is_nested()).then(|| field.data_type())
    }

    /// The table's rows, and the values of some columns.
    pub(super) async fn read(&self, columns: &[String]) -> Result<Contents> {
        let mut told = vec!["count(*)".to_owned()];
        for column in columns {
            let name = quote_identifier(column);
            let is_float = self.ordered(column).is_some_and(DataType::is_floating);
            // There is no such count of floating-point numbers.
            let values = if is_float { format!("cast({name} as varchar)") } else { name.clone() };
            told.push(format!("count({name})"));
            told.push(format!("cast(approx_distinct({values}) as bigint)"));
        }
        let numbers = self.numbers(&format!("select {} from {}", told.join(", "), self.table)).await?;
        let rows = numbers.first().copied().unwrap_or(0.0);
        let spread = |pair: &[f64]| {
            let (filled, distinct) = (pair.first().copied().unwrap_or(0.0), pair.get(1).copied().unwrap_or(0.0));
            Spread { distinct: distinct.min(filled).max(1.0), filled: filled / rows.max(1.0) }
        };
        let spreads = numbers.get(1..).unwrap_or_default().chunks(2).map(spread);
        let columns: BTreeMap<String, Spread> = columns.iter().cloned().zip(spreads).collect();
        Ok(Contents { rows, page: PAGE_ROWS, columns })
    }

    /// The rows of the value of a column that has the fewest.
    pub(super) async fn rarest(&self, column: &str) -> Result<f64> {
        let column = quote_identifier(column);
        let sql = format!("select min(n) from (select count(*) as n from {} group by {column}) as g", self.table);
        Ok(self.numbers(&sql).await?.first().copied().unwrap_or(0.0))
    }

    /// The one row of a query, of numbers.
    async fn numbers(&self, sql: &str) -> Result<Vec<f64>> {
        let answer = self.lake.engine.query(self.relations, &Past::new(), sql).await?;
        let batches: Vec<RecordBatch> = answer.stream.try_collect().await?;
        let Some(row) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(Vec::new()) };
        let number = |column: &dyn Array| match column.as_primitive_opt::<Int64Type>() {
            Some(numbers) if !numbers.is_null(0) => numbers.value(0) as f64,
            _ => 0.0,
        };
        Ok(row.columns().iter().map(|column| number(column.as_ref())).collect())
    }
}
