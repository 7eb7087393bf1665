/*---
description: >-
  One row per scheduled flight. Its key is (time_hour, carrier, flight). Airports and aircraft that the reference
  tables lack lead to the unknown member of their dimension; the codes as reported stay beside the keys.
fact:
  grain: [time_hour, carrier, flight]
  dimensions:
    flight_date: marts.dim_date
    carrier: marts.dim_airline
    plane_key: marts.dim_plane
    origin_airport_key: { dimension: marts.dim_airport, role: origin }
    dest_airport_key: { dimension: marts.dim_airport, role: destination }
  degenerate_dimensions: flight
  measures: { dep_delay: fully, arr_delay: fully, air_time: fully, distance: fully }
columns:
  flight_date: { description: Date of departure (local time); leads to dim_date }
  time_hour: { description: Scheduled hour of departure (UTC) }
  carrier: { description: IATA code of the airline; leads to dim_airline }
  flight: { description: Flight number }
  tailnum: { description: Registration as reported, tags: [internal] }
  plane_key: { description: Leads to dim_plane }
  origin_airport_key: { description: Leads to dim_airport }
  dest_airport_key: { description: Leads to dim_airport }
  dep_delay: { description: "Minutes late at departure; negative is early; null when cancelled" }
  arr_delay: { description: "Minutes late at arrival; null when cancelled or diverted" }
  air_time: { description: Minutes in the air }
  distance: { description: Statute miles between the two airports }
  is_cancelled: { description: It never left the gate }
  is_diverted: { description: "It left, but is not known to have arrived where it was to go" }
checks:
  - not_null: distance
  - row_count: { min: 300000 }
  - sql:
      name: no_flight_lost
      description: The joins neither drop nor double a flight.
      query: |
        select built.flights as flights_built, loaded.flights as flights_loaded
        from (select count(*) as flights from marts.fct_flights) as built
        cross join (select count(*) as flights from staging.flights) as loaded
        where built.flights <> loaded.flights
  - expression:
      predicate: origin_airport_key <> 'unknown'
      name: origin_is_known
  - expression:
      predicate: plane_key <> 'unknown'
      name: plane_is_known
      severity: warn
      threshold: 20%
      description: 52,606 flights of 2013 have no known aircraft.
  - expression:
      predicate: dest_airport_key <> 'unknown'
      name: dest_is_known
      severity: warn
      description: >-
        7,602 flights go to San Juan, Aguadilla, Ponce and Charlotte Amalie, which the list of airports lacks.
  - relationships:
      columns: [origin, time_hour]
      to: [staging.weather.origin, staging.weather.time_hour]
      severity: warn
      threshold: 1%
      description: The weather of 1,556 flights of 2013 was not observed.
---*/
select
    flights.flight_date,
    flights.time_hour,
    flights.carrier,
    flights.flight,
    flights.tailnum,
    flights.origin,
    flights.dest,
    coalesce(planes.plane_key, 'unknown') as plane_key,
    coalesce(origins.airport_key, 'unknown') as origin_airport_key,
    coalesce(destinations.airport_key, 'unknown') as dest_airport_key,
    flights.sched_dep_time,
    flights.dep_time,
    flights.sched_arr_time,
    flights.arr_time,
    flights.dep_delay,
    flights.arr_delay,
    flights.air_time,
    flights.distance,
    flights.is_cancelled,
    flights.is_diverted
from staging.flights
left join marts.dim_plane as planes on planes.plane_key = flights.tailnum
left join marts.dim_airport as origins on origins.airport_key = flights.origin
left join marts.dim_airport as destinations on destinations.airport_key = flights.dest
