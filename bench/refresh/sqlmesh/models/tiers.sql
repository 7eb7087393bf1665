MODEL (
  name marts.tiers,
  kind SCD_TYPE_2_BY_COLUMN (unique_key customer_id, columns [tier])
);
SELECT
  customer_id,
  CASE WHEN cents < 13000 THEN 'bronze' WHEN cents < 15000 THEN 'silver' ELSE 'gold' END AS tier
FROM marts.customers
