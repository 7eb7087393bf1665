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
from {{ ref('staging_planes') }} as planes

union all

select 'unknown', null, null, null, null, null, null, null, null, false
