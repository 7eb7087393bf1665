{{ config(alias='airlines') }}
select
    carrier,
    name as airline
from {{ source('raw', 'airlines') }}
