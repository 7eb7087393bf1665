/*---
description: Aircraft, with one name for each maker.
materialize: view
columns:
  year_built: { description: Year of manufacture }
  manufacturer: { description: "Maker; for a home-built aircraft a person's name" }
---*/
select
    tailnum,
    year as year_built,
    type as plane_type,
    case
        when manufacturer = 'AIRBUS INDUSTRIE' then 'AIRBUS'
        when manufacturer like 'MCDONNELL DOUGLAS%' then 'MCDONNELL DOUGLAS'
        when manufacturer = 'CANADAIR LTD' then 'CANADAIR'
        else manufacturer
    end as manufacturer,
    model,
    engines,
    seats,
    engine as engine_type
from raw.planes
