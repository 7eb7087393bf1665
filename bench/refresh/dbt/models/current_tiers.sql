{{ config(materialized='view') }}
select
    customer_id,
    case when cents < 13000 then 'bronze' when cents < 15000 then 'silver' else 'gold' end as tier
from {{ ref('customers') }}
