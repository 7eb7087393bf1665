/*---
description: >-
  Routes ranked by punctuality at arrival, the best first. Routes flown rarely (see vars in headwater.yml) are left out.
columns:
  league_rank: { description: 1 is the most punctual route; equal routes go by their number of flights }
  origin: { description: FAA code of the airport of departure }
  dest: { description: FAA code of the airport of arrival }
  destination: { description: "Name of the airport of arrival ('Unknown airport' where the source lacks it)" }
  carriers: { description: Airlines that fly the route }
  on_time_rate: { description: "arrived_within_15 / flights, from 0 to 1" }
checks:
  - not_null: [league_rank, origin, dest, flights]
  - unique: [origin, dest]
  - unique: league_rank
  - range: { column: on_time_rate, min: 0, max: 1 }
---*/
with routes as (
    select
        flights.origin,
        flights.dest,
        airports.airport as destination,
        min(flights.distance) as distance,
        count(distinct flights.carrier) as carriers,
        count(*) as flights,
        count(*) filter (where flights.arr_delay <= 15) as arrived_within_15,
        count(*) filter (where flights.is_cancelled) as cancelled,
        avg(flights.arr_delay) as avg_arr_delay
    from marts.fct_flights as flights
    join marts.dim_airport as airports on airports.airport_key = flights.dest_airport_key
    group by flights.origin, flights.dest, airports.airport
    having count(*) >= {{ var("league_min_flights") }}
)
select
    cast(row_number() over (
        order by cast(arrived_within_15 as double) / flights desc, flights desc, origin, dest
    ) as int) as league_rank,
    origin,
    dest,
    destination,
    distance,
    carriers,
    flights,
    arrived_within_15,
    cancelled,
    avg_arr_delay,
    cast(arrived_within_15 as double) / flights as on_time_rate
from routes
