/*---
description: One row per day of the period that the project is about (see vars in headwater.yml).
dimension: { key: date_key }
columns:
  date_key: { description: The key and the day itself (local time) }
  day_of_week: { description: "1 Monday to 7 Sunday (ISO 8601)" }
  holiday: { description: "Federal holiday of the United States, if it is one" }
checks:
  - not_null: [date_key, year, month, day_of_week]
  - accepted_values: { column: day_of_week, values: [1, 2, 3, 4, 5, 6, 7] }
---*/
select
    days.date as date_key,
    days.year,
    days.quarter,
    days.month,
    days.month_name,
    days.day_of_month,
    days.day_of_week,
    days.day_name,
    days.is_weekend,
    holidays.holiday,
    holidays.holiday is not null as is_holiday
from date_dimension(date '{{ var("first_day") }}', date '{{ var("last_day") }}') as days
left join seeds.holidays on holidays.holiday_date = days.date
