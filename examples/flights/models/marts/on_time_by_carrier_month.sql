/*---
description: >-
  How punctual each airline was in each month, as the BTS counts it: on time is an arrival at most 15 minutes late;
  cancelled and diverted flights count as late.
columns:
  carrier: { description: IATA code of the airline }
  flights: { description: Flights scheduled }
  departed: { description: Flights that left }
  arrived: { description: Flights whose delay at arrival is known }
  arrived_within_15: { description: Flights that arrived at most 15 minutes late }
  on_time_rate: { description: "arrived_within_15 / flights, from 0 to 1" }
checks:
  - not_null: [carrier, year, month, flights]
  - unique: [carrier, year, month]
  - relationships: { column: carrier, to: marts.dim_airline.carrier }
  - range: { column: on_time_rate, min: 0, max: 1 }
  - expression:
      predicate: flights = departed + cancelled and departed = arrived + diverted
      name: every_flight_has_one_outcome
---*/
select
    flights.carrier,
    airlines.airline,
    dates.year,
    dates.month,
    count(*) as flights,
    count(flights.dep_time) as departed,
    count(flights.arr_delay) as arrived,
    count(*) filter (where flights.arr_delay <= 15) as arrived_within_15,
    count(*) filter (where flights.is_cancelled) as cancelled,
    count(*) filter (where flights.is_diverted) as diverted,
    avg(flights.dep_delay) as avg_dep_delay,
    avg(flights.arr_delay) as avg_arr_delay,
    cast(count(*) filter (where flights.arr_delay <= 15) as double) / count(*) as on_time_rate
from marts.fct_flights as flights
join marts.dim_airline as airlines on airlines.carrier = flights.carrier
join marts.dim_date as dates on dates.date_key = flights.flight_date
group by flights.carrier, airlines.airline, dates.year, dates.month
