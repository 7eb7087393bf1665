/*---
description: One row per airline.
columns:
  carrier: { description: IATA code; the key }
  airline: { description: Name of the airline }
checks:
  - not_null: [carrier, airline]
  - unique: carrier
  - row_count: { min: 1 }
---*/
select
    carrier,
    airline
from staging.airlines
