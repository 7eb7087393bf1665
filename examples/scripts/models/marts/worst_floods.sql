/*---
description: The longest flood of each river.
checks:
  - unique: river
---*/
select river, first_day, last_day, days, peak_cm
from (
    select
        g.river, e.first_day, e.last_day, e.days, e.peak_cm,
        row_number() over (partition by g.river order by e.days desc, e.first_day) as place
    from marts.flood_episodes e
    join seeds.gauges g on g.gauge = e.gauge
)
where place = 1
