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
from {{ ref('staging_airports') }} as airports

union all

select 'unknown', null, 'Unknown airport', null, null, null, null, false, false
