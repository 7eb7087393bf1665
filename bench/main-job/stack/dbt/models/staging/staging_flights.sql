{{ config(alias='flights') }}
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
from {{ source('raw', 'flights') }}
