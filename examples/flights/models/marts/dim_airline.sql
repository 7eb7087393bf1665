/*---
description: One row per airline.
dimension: { key: carrier }
columns:
  carrier: { description: IATA code; the key }
  airline: { description: Name of the airline }
checks:
  - not_null: [carrier, airline]
  - row_count: { min: 1 }
---*/
select
    carrier,
    airline
from staging.airlines
