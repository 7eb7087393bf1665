{{ config(alias='planes') }}
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
from {{ source('raw', 'planes') }}
