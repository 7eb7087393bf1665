/*---
description: One row per day, from the first day with a flight to the last.
columns:
  date_key: { description: The key and the day itself (local time) }
  day_of_week: { description: "1 Monday to 7 Sunday (ISO 8601)" }
  holiday: { description: "Federal holiday of the United States, if it is one" }
checks:
  - not_null: [date_key, year, month, day_of_week]
  - unique: date_key
  - accepted_values: { column: day_of_week, values: [1, 2, 3, 4, 5, 6, 7] }
---*/
with span as (
    select
        min(flight_date) as first_day,
        max(flight_date) as last_day
    from staging.flights
),
days as (
    select unnest(generate_series(first_day, last_day, interval '1 day')) as day
    from span
)
select
    days.day as date_key,
    cast(extract(year from days.day) as int) as year,
    cast(extract(quarter from days.day) as int) as quarter,
    cast(extract(month from days.day) as int) as month,
    to_char(days.day, '%B') as month_name,
    cast(extract(day from days.day) as int) as day_of_month,
    cast(extract(isodow from days.day) as int) as day_of_week,
    to_char(days.day, '%A') as day_name,
    extract(isodow from days.day) >= 6 as is_weekend,
    holidays.holiday,
    holidays.holiday is not null as is_holiday
from days
left join seeds.holidays on holidays.holiday_date = days.day
