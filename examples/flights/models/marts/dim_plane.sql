/*---
description: One row per aircraft, and one for all the aircraft that are not known.
dimension:
  key: plane_key
  natural_key: tailnum
  unknown_member: { plane_key: unknown, is_known: false }
columns:
  plane_key: { description: "The key: the registration, or 'unknown'", tags: [internal] }
  year_built: { description: Year of manufacture }
  is_known: { description: False for the one row that stands for aircraft missing from the registry }
checks:
  - not_null: [plane_key, is_known]
  - row_count: { min: 1000 }
  - range:
      column: seats
      min: 11
      severity: warn
      description: >-
        35 aircraft are too small for an airline (two-seaters, a helicopter): the fleet number that an airline reported
        happens to be somebody else's registration.
---*/
select
    tailnum as plane_key,
    tailnum,
    year_built,
    plane_type,
    manufacturer,
    model,
    engines,
    seats,
    engine_type,
    true as is_known
from staging.planes
