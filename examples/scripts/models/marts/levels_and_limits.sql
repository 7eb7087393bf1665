/*---
description: The smoothed level of every gauge and day beside the level from which its river floods.
checks:
  - not_null: [gauge, day, level_cm, flood_cm]
---*/
select l.gauge, g.river, l.day, round(l.level_cm, 1) as level_cm, g.flood_cm
from marts.smoothed_levels l
join seeds.gauges g on g.gauge = l.gauge
