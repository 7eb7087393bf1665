//! The made-up shop as a project of Headwater, of dbt and of SQLMesh: the same seeds, models, materialisations and checks.

use std::path::Path;

use super::super::places::{Places, read, write};
use super::models::{Model, render, seeds};

/// The types of the seeds' columns that are not told apart by looking at them: (seed, column, type).
const AMOUNTS: [(&str, &str); 2] = [("orders", "amount"), ("products", "price")];

/// Writes Headwater's project.
pub(super) fn write_headwater(models: &[Model], project: &Path) -> Result<(), String> {
    let settings =
        "name: shop\n\nenvironments:\n  dev: { default: true, lake: ./lake }\n\ndefaults:\n  owner: analytics\n";
    write(&project.join("headwater.yml"), settings)?;
    for (name, csv) in seeds() {
        write(&project.join(format!("seeds/{name}.csv")), &csv)?;
    }
    for (seed, column) in AMOUNTS {
        write(&project.join(format!("seeds/{seed}.yml")), &format!("columns:\n  {column}: {{ type: double }}\n"))?;
    }
    for model in models {
        let Model { schema, name, description, key, category: (category, values), body } = model;
        let text = format!(
            "/*---\ndescription: {description}.\nmaterialize: {}\ncolumns:\n  {key}: {{ description: The key }}\nchecks:\n  \
             - not_null: {key}\n  - unique: {key}\n  - accepted_values: {{ column: {category}, values: [{}] }}\n---*/\n{}",
            materialization(model),
            values.join(", "),
            render(body, |schema, name| format!("{schema}.{name}"))
        );
        write(&project.join(format!("models/{schema}/{name}.sql")), &text)?;
    }
    Ok(())
}

/// Writes SQLMesh's project, with its database in its folder.
pub(super) fn write_sqlmesh(models: &[Model], project: &Path) -> Result<(), String> {
    let settings = "\
gateways:
  bench:
    connection: { type: duckdb, database: shop.duckdb, concurrent_tasks: 1 }
default_gateway: bench
model_defaults: { dialect: duckdb, start: 2020-01-01 }
";
    write(&project.join("config.yaml"), settings)?;
    for (name, csv) in seeds() {
        write(&project.join(format!("seeds/{name}.csv")), &csv)?;
        let columns = csv.lines().next().unwrap_or_default().split(',').map(|column| match column {
            "amount" | "price" => format!("{column} DOUBLE"),
            "ordered_on" | "signed_up" => format!("{column} DATE"),
            "quantity" => format!("{column} INT"),
            _ if column.ends_with("_id") => format!("{column} INT"),
            _ => format!("{column} TEXT"),
        });
        let columns: Vec<String> = columns.collect();
        let text = format!(
            "MODEL (\n  name seeds.{name},\n  kind SEED (path '$root/seeds/{name}.csv'),\n  columns ({})\n);\n",
            columns.join(", ")
        );
        write(&project.join(format!("models/seeds/{name}.sql")), &text)?;
    }
    for model in models {
        let Model { schema, name, description, key, category: (category, values), body } = model;
        let kind = if materialization(model) == "view" { "VIEW" } else { "FULL" };
        let text = format!(
            "MODEL (\n  name {schema}.{name},\n  kind {kind},\n  description '{}.',\n  \
             column_descriptions ({key} = 'The key'),\n  audits (\n    not_null(columns := ({key})),\n    \
             unique_values(columns := ({key})),\n    accepted_values(column := {category}, is_in := ('{}'))\n  )\n);\n{}",
            description.replace('\'', "''"),
            values.join("', '"),
            render(body, |schema, name| format!("{schema}.{name}"))
        );
        write(&project.join(format!("models/{schema}/{name}.sql")), &text)?;
    }
    Ok(())
}

/// Writes dbt's project. Its database is the one that `SHOP_DUCKDB` names.
pub(super) fn write_dbt(models: &[Model], project: &Path, places: &Places) -> Result<(), String> {
    let settings = "\
name: shop
version: \"1.0\"
profile: shop
flags:
  send_anonymous_usage_stats: false
models:
  shop:
    staging: { +schema: staging, +materialized: view }
    joined: { +schema: joined, +materialized: table }
    monthly: { +schema: monthly, +materialized: table }
    ranking: { +schema: ranking, +materialized: table }
seeds:
  shop:
    +schema: seeds
    orders: { +column_types: { amount: double } }
    products: { +column_types: { price: double } }
";
    let profile = "\
shop:
  target: bench
  outputs:
    bench: { type: duckdb, path: \"{{ env_var('SHOP_DUCKDB') }}\", threads: 2 }
";
    write(&project.join("dbt_project.yml"), settings)?;
    write(&project.join("profiles.yml"), profile)?;
    let schemas = "macros/generate_schema_name.sql";
    write(&project.join(schemas), &read(&places.source("bench/main-job/stack/dbt").join(schemas))?)?;
    for (name, csv) in seeds() {
        write(&project.join(format!("seeds/{name}.csv")), &csv)?;
    }
    for model in models {
        let Model { schema, name, body, .. } = model;
        let text = render(body, |_, name| format!("{{{{ ref('{name}') }}}}"));
        write(&project.join(format!("models/{schema}/{name}.sql")), &text)?;
    }
    for schema in ["staging", "joined", "monthly", "ranking"] {
        let described = models.iter().filter(|model| model.schema == schema).map(describe_for_dbt);
        let text = format!("version: 2\nmodels:\n{}", described.collect::<String>());
        write(&project.join(format!("models/{schema}/{schema}.yml")), &text)?;
    }
    Ok(())
}

fn describe_for_dbt(model: &Model) -> String {
    let Model { name, description, key, category: (category, values), .. } = model;
    format!(
        "  - name: {name}\n    description: {description}.\n    columns:\n      - name: {key}\n        description: The \
         key\n        data_tests: [not_null, unique]\n      - name: {category}\n        data_tests:\n          - \
         accepted_values:\n              arguments: {{ values: [{}] }}\n",
        values.join(", ")
    )
}

fn materialization(model: &Model) -> &'static str {
    if model.schema == "staging" { "view" } else { "table" }
}
