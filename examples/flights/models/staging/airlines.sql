/*---
description: Airlines, as they are.
materialize: view
---*/
select
    carrier,
    name as airline
from raw.airlines
