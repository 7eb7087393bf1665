/*---
description: >-
  How late flights left, by the weather at their airport in the hour of departure. Flights without an observation
  are in the row '0 not observed'.
columns:
  visibility_class: { description: From seeds.visibility_classes; sorts from unknown and worst to best }
  is_wet: { description: It rained or snowed in that hour }
  is_windy: { description: The wind blew at 20 mph or more }
  flights: { description: Flights scheduled }
  departed_within_15: { description: Flights that left at most 15 minutes late }
  avg_dep_delay: { description: Mean minutes late at departure }
checks:
  - not_null: [visibility_class, flights]
  - unique: [visibility_class, is_wet, is_windy]
  - range: { column: cancelled_rate, min: 0, max: 1 }
  - sql:
      name: every_flight_counted
      query: |
        select counted.flights as flights_counted, loaded.flights as flights_loaded
        from (select sum(flights) as flights from marts.delay_by_weather) as counted
        cross join (select count(*) as flights from marts.fct_flights) as loaded
        where counted.flights <> loaded.flights
---*/
with hours as (
    select
        weather.origin,
        weather.time_hour,
        classes.visibility_class,
        weather.precipitation_inches > 0 as is_wet,
        weather.wind_speed_mph >= 20 as is_windy
    from staging.weather
    join seeds.visibility_classes as classes
        on weather.visibility_miles >= classes.from_miles
        and (weather.visibility_miles < classes.below_miles or classes.below_miles is null)
)
select
    coalesce(hours.visibility_class, '0 not observed') as visibility_class,
    hours.is_wet,
    hours.is_windy,
    count(*) as flights,
    count(flights.dep_time) as departed,
    count(*) filter (where flights.dep_delay <= 15) as departed_within_15,
    count(*) filter (where flights.is_cancelled) as cancelled,
    avg(flights.dep_delay) as avg_dep_delay,
    cast(count(*) filter (where flights.is_cancelled) as double) / count(*) as cancelled_rate
from marts.fct_flights as flights
left join hours on hours.origin = flights.origin and hours.time_hour = flights.time_hour
group by coalesce(hours.visibility_class, '0 not observed'), hours.is_wet, hours.is_windy
