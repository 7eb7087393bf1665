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
from {{ ref('staging_flights') }} as flights
left join {{ ref('dim_plane') }} as planes on planes.plane_key = flights.tailnum
left join {{ ref('dim_airport') }} as origins on origins.airport_key = flights.origin
left join {{ ref('dim_airport') }} as destinations on destinations.airport_key = flights.dest
