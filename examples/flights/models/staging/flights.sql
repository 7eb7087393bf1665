/*---
description: Scheduled departures, with their date and what became of them. Measures keep the source's names.
materialize: view
columns:
  flight_date: { description: Date of departure (local time) }
  is_cancelled: { description: It never left the gate }
  is_diverted: { description: "It left, but is not known to have arrived where it was to go" }
---*/
select
    make_date(year, month, day) as flight_date,
    time_hour,
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    sched_dep_time,
    dep_time,
    sched_arr_time,
    arr_time,
    dep_delay,
    arr_delay,
    air_time,
    distance,
    dep_time is null as is_cancelled,
    dep_time is not null and arr_delay is null as is_diverted
from raw.flights
