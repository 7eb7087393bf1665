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
    from {{ ref('fct_flights') }} as flights
    join {{ ref('dim_airport') }} as airports on airports.airport_key = flights.dest_airport_key
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
