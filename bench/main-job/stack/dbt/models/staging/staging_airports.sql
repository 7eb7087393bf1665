{{ config(alias='airports') }}
with located as (
    select
        *,
        lon between -180 and -65 or lon between 172 and 180 as in_the_united_states
    from {{ source('raw', 'airports') }}
)
select
    faa,
    name as airport,
    case when in_the_united_states then lat end as latitude,
    case when in_the_united_states then lon end as longitude,
    alt as altitude_feet,
    case when in_the_united_states then tzone end as time_zone
from located
