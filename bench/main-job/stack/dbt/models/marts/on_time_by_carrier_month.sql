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
from {{ ref('fct_flights') }} as flights
join {{ ref('dim_airline') }} as airlines on airlines.carrier = flights.carrier
join {{ ref('dim_date') }} as dates on dates.date_key = flights.flight_date
group by flights.carrier, airlines.airline, dates.year, dates.month
