MODEL (
  name marts.customers,
  kind INCREMENTAL_BY_UNIQUE_KEY (unique_key customer_id)
);
SELECT
  customer_id,
  count(*) AS orders,
  sum(cents) AS cents,
  max(event_id) AS last_id
FROM marts.sales
WHERE customer_id IN (SELECT customer_id FROM marts.sales WHERE at BETWEEN @start_dt AND @end_dt)
GROUP BY customer_id
