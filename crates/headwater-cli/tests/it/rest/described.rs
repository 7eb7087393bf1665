//! A source that is written from an API's OpenAPI document, and runs against a server that answers as it says.

use serde_json::{Value, json};

use super::server::{Reply, Request};
use super::{Api, page};
use crate::project::assert_told;

const DOCUMENT: &str = r##"
openapi: 3.1.0
info: { title: Shop API, version: "1" }
servers:
  - url: http://127.0.0.1:PORT/{version}
    variables: { version: { default: v1 } }
security: [ { token: [] } ]
paths:
  /customers:
    get:
      summary: Everybody who has bought something
      parameters:
        - { $ref: "#/components/parameters/Page" }
        - { name: per_page, in: query, schema: { type: integer, maximum: 3 } }
      responses:
        200:
          description: A page
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: { type: array, items: { $ref: "#/components/schemas/Customer" } }
                  meta: { type: object, properties: { total: { type: integer }, notes: { type: array, items: { type: string } } } }
  /customers/{customerId}/addresses:
    parameters:
      - { name: customerId, in: path, required: true, schema: { type: integer } }
    get:
      responses:
        "200":
          description: All of them
          content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Address" } } } }
  /orders:
    get:
      parameters:
        - { name: cursor, in: query, schema: { type: string } }
        - { name: state, in: query, required: true, schema: { type: string, default: all } }
      responses:
        "200":
          description: A page
          content:
            application/json; charset=utf-8:
              schema:
                allOf:
                  - { type: object, properties: { next_cursor: { type: [string, "null"] } } }
                  - { type: object, properties: { orders: { type: array, items: { $ref: "#/components/schemas/Order" } }, hints: { type: array, items: { type: object } } } }
  /orders/{order}/lines/{line}:
    get: { responses: { "200": { description: x, content: { application/json: { schema: { type: array, items: { type: object, properties: { a: { type: string } } } } } } } } }
  /reports:
    get:
      parameters: [ { name: year, in: query, required: true, schema: { type: integer } } ]
      responses: { "200": { description: x, content: { application/json: { schema: { type: array, items: { type: object, properties: { a: { type: string } } } } } } } }
  /status:
    get: { responses: { "200": { description: x, content: { application/json: { schema: { type: object, properties: { up: { type: boolean } } } } } } } }
components:
  parameters:
    Page: { name: page, in: query, schema: { type: integer, minimum: 1 } }
  securitySchemes:
    token: { type: http, scheme: bearer }
  schemas:
    Customer:
      type: object
      required: [id]
      properties:
        id: { type: integer, format: int64 }
        name: { type: string, description: As on the invoice }
        since: { type: string, format: date }
        tags: { type: array, items: { type: string } }
        company: { type: object, properties: { vat: { type: string } } }
    Address:
      type: object
      properties: { street: { type: string }, lat: { type: number } }
    Order:
      type: object
      properties: { id: { type: string }, at: { type: string, format: date-time }, paid: { type: [boolean, "null"] } }
"##;

fn customers() -> Vec<Value> {
    (1..=7).map(|id| json!({ "id": id, "name": format!("n{id}"), "since": "2024-01-31", "tags": ["a"], "company": { "vat": "x" } })).collect()
}

fn orders() -> Vec<Value> {
    (1..=5).map(|id| json!({ "id": format!("00{id}"), "at": "2024-01-31T10:00:00Z", "paid": id % 2 == 0 })).collect()
}

fn answer(request: &Request) -> Reply {
    let parameter = |name: &str| request.param(name);
    let number = |name: &str, or: usize| parameter(name).and_then(|text| text.parse().ok()).unwrap_or(or);
    match request.path.as_str() {
        _ if request.header("authorization") != Some("Bearer sesame") => Reply::status(401),
        "/v1/customers" => {
            let all = customers();
            Reply::json(
                &json!({ "data": page(&all, number("page", 1) - 1, number("per_page", 2)), "meta": { "total": all.len() } }),
            )
        }
        "/v1/orders" if parameter("state") == Some("all") => {
            let (all, at) = (orders(), number("cursor", 0));
            let next = (at + 1 < 3).then(|| (at + 1).to_string());
            Reply::json(&json!({ "orders": page(&all, at, 2), "hints": [], "next_cursor": next }))
        }
        path => match path.strip_prefix("/v1/customers/").and_then(|rest| rest.strip_suffix("/addresses")) {
            Some(id) => Reply::json(&json!([{ "street": format!("Street {id}"), "lat": 1.5 }])),
            None => Reply::status(404),
        },
    }
}

#[test]
fn a_source_is_written_from_an_openapi_document_and_runs() {
    let api = Api::new("", "  - { table: raw.none, path: /none }", answer);
    std::fs::remove_file(api.project.path().join("sources/shop.yml")).unwrap();
    let document = DOCUMENT.replace("PORT", &api.server.port.to_string());
    api.project.write("openapi.yaml", &document);
    let said = api.say(&["source", "add", "rest", "openapi.yaml", "--dry-run", "--json"]).exits(0).json();
    let tables: Vec<&str> =
        said["streams"].as_array().unwrap().iter().map(|stream| stream["table"].as_str().unwrap()).collect();
    assert_eq!(tables, ["raw.customers", "raw.customer_addresses", "raw.orders"]);
    let left_out = said["left_out"].to_string();
    for words in [
        "/orders/{order}/lines/{line}: its path has more than one parameter",
        "/reports: it needs the parameter year",
        "1 operations",
    ] {
        assert!(left_out.contains(words), "no {words} in {left_out}");
    }
    api.say(&["source", "add", "rest", "openapi.yaml", "--name", "shop"]).exits(0);
    let yaml = std::fs::read_to_string(api.project.path().join("sources/shop.yml")).unwrap();
    for text in [
        "auth: { bearer: \"${SHOP_TOKEN}\" }\n",
        "    records: data\n    params: { per_page: 3 }\n    paginate: { page: { param: page, total: meta.total } }\n",
        "    path: \"/customers/{customer_id}/addresses\"\n    parent: { path: /customers, records: data, params: { per_page: 3 }, ",
        "fields: { customer_id: id }",
        "    params: { state: all }\n    paginate: { cursor: { path: \"next_cursor?\", param: cursor } }\n",
        "    description: Everybody who has bought something\n",
        "      name: { type: string, description: As on the invoice }\n      since: { type: date }\n",
        "      paid: { type: boolean }\n",
    ] {
        assert!(yaml.contains(text), "no {text} in\n{yaml}");
    }
    let run: crate::program::Said = api.command(&["run"]).env("SHOP_TOKEN", "sesame").output().unwrap().into();
    run.exits(0);
    assert_eq!(
        api.query("select count(*), sum(id), min(since), min(company['vat']) from raw.customers"),
        "7,28,2024-01-31,x"
    );
    assert_eq!(
        api.query("select count(*), sum(customer_id), max(street) from raw.customer_addresses"),
        "7,28,Street 7"
    );
    assert_eq!(api.query("select count(*), min(id), sum(case when paid then 1 else 0 end) from raw.orders"), "5,001,2");
}

#[test]
fn what_is_no_such_document_is_told() {
    let api = Api::new("", "  - { table: raw.none, path: /none }", answer);
    for (text, code, words) in [
        ("swagger: '2.0'", "HW0339", "Swagger 2"),
        ("[1, 2]", "HW0339", "something else"),
        ("a: [", "HW0823", "neither JSON nor YAML"),
        ("a: 1\nb: ]", "HW0823", "line 2"),
    ] {
        api.project.write("openapi.yaml", text);
        assert_told(&api.say(&["source", "add", "rest", "openapi.yaml", "--name", "x"]), code, &[words]);
    }
    assert_told(&api.say(&["source", "add", "rest", "https://h/openapi.json"]), "HW0823", &["cannot be read", "curl"]);
}
