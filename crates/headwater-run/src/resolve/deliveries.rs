//! Deliveries against the columns of their tables: what is not there is told before anything runs.

use headwater_diagnostics::Diagnostic;
use headwater_project::{Delivery, Project, Written};
use headwater_sdk::TableName;
use headwater_sdk::name::quote_identifier;

use super::Findings;
use super::checks::no_such_column;
use crate::lake::Lake;

/// What is wrong with the deliveries of a project.
pub(super) fn verify(project: &Project, lake: &Lake, findings: &Findings) -> Vec<Diagnostic> {
    project.deliveries.iter().flat_map(|delivery| verify_one(delivery, lake, findings)).collect()
}

fn verify_one(delivery: &Delivery, lake: &Lake, findings: &Findings) -> Vec<Diagnostic> {
    // A table that is not resolved is broken, which is told, or not selected.
    let Some(schema) = findings.schema(&delivery.table) else { return Vec::new() };
    let mut found = Vec::new();
    let named = [("", &delivery.columns), ("", &delivery.exclude), ("the key of ", &delivery.key)];
    for (what, columns) in named {
        for column in columns {
            if schema.field_with_name(&column.name).is_err() {
                let table = &delivery.table;
                let message =
                    format!("{what}{} names column '{}', which {table} does not have", delivery.name(), column.name);
                found.push(no_such_column("HW0984", message, column.span, &column.name, schema));
            }
        }
    }
    let is_left_out = |key: &&Written| {
        let has = |columns: &[Written]| columns.iter().any(|column| column.name == key.name);
        has(&delivery.exclude) || (!delivery.columns.is_empty() && !has(&delivery.columns))
    };
    if let Some(key) = delivery.key.iter().find(is_left_out) {
        let message = format!("column '{}' of the key is not among those that {} delivers", key.name, delivery.name());
        found.push(Diagnostic::error("HW0984", message).at(key.span, "").help("deliver it, too"));
    }
    if let Some(filter) = &delivery.filter {
        let sql = format!("select ({}\n) as {} from {}", filter.name, quote_identifier("verdict"), delivery.table);
        let told = lake.engine.analyze(&sql, &|name: &TableName| findings.schema(name).cloned());
        match told {
            Ok(told) if !told.volatile.is_empty() => {
                let message = format!(
                    "`where` of {} comes out otherwise every time: {}",
                    delivery.name(),
                    told.volatile.join(", ")
                );
                let help = "put such a condition into a model, so that what is delivered is what is published";
                found.push(Diagnostic::error("HW0984", message).at(filter.span, "").help(help));
            }
            Ok(_) => {}
            Err(error) => {
                let message = format!("`where` of {} cannot be planned: {}", delivery.name(), error.message);
                let mut diagnostic = Diagnostic::error(error.code, message).at(filter.span, "");
                diagnostic.help = error.help;
                found.push(diagnostic);
            }
        }
    }
    found
}
