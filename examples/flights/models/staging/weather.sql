/*---
description: Hourly weather at the airports of departure, with plain column names. Its key is (origin, time_hour).
materialize: view
columns:
  precipitation_inches: { description: Rain or melted snow of the hour }
checks:
  - not_null: [origin, time_hour]
---*/
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
from raw.weather
