/*---
description: One row per airport, and one for all the airports that are not known.
dimension:
  key: airport_key
  natural_key: faa
  unknown_member: { airport_key: unknown, airport: Unknown airport, is_new_york: false, is_known: false }
columns:
  airport_key: { description: "The key: the FAA code, or 'unknown'" }
  is_known: { description: False for the one row that stands for airports missing from the source }
  is_new_york: { description: One of the three airports of New York City }
checks:
  - not_null: [airport_key, airport, is_known]
  - row_count: { min: 1000 }
  - not_null:
      columns: time_zone
      where: is_known
      severity: warn
      threshold: 10
---*/
select
    faa as airport_key,
    faa,
    airport,
    latitude,
    longitude,
    altitude_feet,
    time_zone,
    faa in ('EWR', 'JFK', 'LGA') as is_new_york,
    true as is_known
from staging.airports
