-- the time of the run
select a, now() as loaded_at, current_date as loaded_on from s.t;
--> a bigint: t.a identity
--> loaded_at timestamp_ntz
--> loaded_on date
--> volatile: current_date, now

-- chance
select a, random() as r, uuid() as key from s.t;
--> a bigint: t.a identity
--> r double
--> key string
--> volatile: random, uuid

-- in a filter, a subquery, an aggregate's filter
select sum(a) filter (where random() > 0.5) as x from s.t where exists (select 1 from s.u where u.d > date_part('year', current_timestamp));
--> x bigint: t.a aggregation, u.d filter
--> volatile: now, random

-- nothing of the kind
select upper(name) as u from s.t;
--> u string: t.name transformation
