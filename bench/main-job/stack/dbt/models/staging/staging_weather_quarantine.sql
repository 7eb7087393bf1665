{{ config(alias='weather__quarantine', materialized='table') }}
select *
from {{ source('raw', 'weather') }}
where not wind_speed between 0 and 200
