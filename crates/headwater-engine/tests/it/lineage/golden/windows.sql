-- keys of a window decide; there are no arguments
select id, row_number() over (partition by a order by b) as n from s.t;
--> id bigint: t.id identity
--> n decimal(20,0): t.a window, t.b window

-- an aggregate over a window
select sum(a) over (partition by b order by c) as running from s.t;
--> running bigint: t.a aggregation, t.b window, t.c window

-- values of other rows
select lag(a) over (order by id) as before, lead(b, 1, 0) over (order by id) as after, first_value(name) over (partition by c order by id) as first_name from s.t;
--> before bigint: t.a aggregation, t.id window
--> after bigint: t.b aggregation, t.id window
--> first_name string: t.c window, t.id window, t.name aggregation

-- ranks
select rank() over (order by a desc) as r, dense_rank() over (order by b) as d, ntile(4) over (order by c) as q from s.t;
--> r decimal(20,0): t.a window
--> d decimal(20,0): t.b window
--> q decimal(20,0): t.c window

-- counting over a window
select count(a) over (partition by b) as n, count(*) over () as m from s.t;
--> n bigint: t.a aggregation masked, t.b window
--> m bigint

-- a filter by a window: the newest row of each
select a, b from (select a, b, row_number() over (partition by a order by c desc) as n from s.t) x where n = 1;
--> a bigint: t.a identity
--> b bigint: t.b identity
--> rows: t.a filter, t.c filter

-- QUALIFY
select a, b from s.t qualify row_number() over (partition by a order by c desc) = 1;
--> a bigint: t.a identity
--> b bigint: t.b identity
--> rows: t.a filter, t.c filter

-- a window over aggregates
select a, sum(sum(b)) over (order by a) as running from s.t group by a;
--> a bigint: t.a identity
--> running bigint: t.a window, t.b aggregation
--> rows: t.a group_by

-- a named window
select max(a) over w as x, min(b) over w as y from s.t window w as (partition by c order by id);
--> x bigint: t.a aggregation, t.c window, t.id window
--> y bigint: t.b aggregation, t.c window, t.id window

-- a frame
select sum(a) over (order by id rows between 2 preceding and current row) as x from s.t;
--> x bigint: t.a aggregation, t.id window

-- an expression of a window
select a - lag(a) over (order by id) as change from s.t;
--> change bigint: t.a transformation, t.a aggregation, t.id window
