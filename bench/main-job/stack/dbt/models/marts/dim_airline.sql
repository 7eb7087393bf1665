select
    carrier,
    airline
from {{ ref('staging_airlines') }} as airlines
