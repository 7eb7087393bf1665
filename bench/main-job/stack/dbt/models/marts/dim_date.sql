with span as (
    select
        min(flight_date) as first_day,
        max(flight_date) as last_day
    from {{ ref('staging_flights') }} as flights
),
days as (
    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day
    from span
)
select
    days.day as date_key,
    cast(extract(year from days.day) as int) as year,
    cast(extract(quarter from days.day) as int) as quarter,
    cast(extract(month from days.day) as int) as month,
    strftime(days.day, '%B') as month_name,
    cast(extract(day from days.day) as int) as day_of_month,
    cast(extract(isodow from days.day) as int) as day_of_week,
    strftime(days.day, '%A') as day_name,
    extract(isodow from days.day) >= 6 as is_weekend,
    holidays.holiday,
    holidays.holiday is not null as is_holiday
from days
left join {{ ref('holidays') }} on holidays.holiday_date = days.day
