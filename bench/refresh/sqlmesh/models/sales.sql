MODEL (
  name marts.sales,
  kind INCREMENTAL_BY_TIME_RANGE (time_column at)
);
SELECT
  events.event_id,
  events.at,
  events.customer_id,
  products.category,
  events.quantity,
  events.quantity * products.price AS cents
FROM read_parquet(@VAR('events')) AS events
JOIN read_parquet(@VAR('products')) AS products ON products.product_id = events.product_id
WHERE events.at BETWEEN @start_dt AND @end_dt
