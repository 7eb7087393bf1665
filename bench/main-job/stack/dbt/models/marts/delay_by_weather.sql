with hours as (
    select
        weather.origin,
        weather.time_hour,
        classes.visibility_class,
        weather.precipitation_inches > 0 as is_wet,
        weather.wind_speed_mph >= 20 as is_windy
    from {{ ref('staging_weather') }} as weather
    join {{ ref('visibility_classes') }} as classes
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
from {{ ref('fct_flights') }} as flights
left join hours on hours.origin = flights.origin and hours.time_hour = flights.time_hour
group by coalesce(hours.visibility_class, '0 not observed'), hours.is_wet, hours.is_windy
