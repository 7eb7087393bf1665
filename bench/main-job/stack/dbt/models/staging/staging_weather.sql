{{ config(alias='weather') }}
select
    origin,
    time_hour,
    temp as temperature_f,
    dewp as dew_point_f,
    humid as humidity_percent,
    wind_speed as wind_speed_mph,
    wind_gust as wind_gust_mph,
    precip as precipitation_inches,
    pressure as pressure_mbar,
    visib as visibility_miles
from {{ source('raw', 'weather') }}
where wind_speed between 0 and 200 or wind_speed is null
