/*---
description: Orders and revenue per country.
materialize: table
columns:
  country: { description: ISO 3166-1 code; the key }
  revenue: { description: Sum of the orders' amounts in euros }
checks:
  - unique: country
  - not_null: [country_name]
---*/
select
    o.country,
    c.country_name,
    count(*) as orders,
    sum(o.amount) as revenue
from staging.orders o
left join seeds.countries c on c.country = o.country
group by o.country, c.country_name
