-- a filter decides which rows there are, not their values
select b from s.t where a > 1;
--> b bigint: t.b identity
--> rows: t.a filter

-- a filter by what a CASE yields
select b from s.t where case when a > 1 then b else c end = 2;
--> b bigint: t.b identity
--> rows: t.a filter, t.b filter, t.c filter

-- DISTINCT tells rows apart by all columns
select distinct a, b + 1 as x from s.t;
--> a bigint: t.a identity
--> x bigint: t.b transformation
--> rows: t.a group_by, t.b group_by

-- DISTINCT ON tells rows apart by its keys and keeps the first
select distinct on (a) a, b from s.t order by a, c desc;
--> a bigint: t.a identity
--> b bigint: t.b identity
--> rows: t.a group_by, t.a sort, t.c sort

-- ORDER BY decides the order
select a from s.t order by b, c + 1;
--> a bigint: t.a identity
--> rows: t.b sort, t.c sort

-- and with it what LIMIT keeps
select a from s.t order by b limit 10 offset 2;
--> a bigint: t.a identity
--> rows: t.b sort

-- LIMIT without an order
select a from s.t limit 3;
--> a bigint: t.a identity

-- an order by position
select a, b from s.t order by 2;
--> a bigint: t.a identity
--> b bigint: t.b identity
--> rows: t.b sort

-- rows of constants
select column1 as x, column2 as y from (values (1, 'a'), (2, 'b')) as v;
--> x bigint
--> y string

-- no table at all
select 1 as x where 1 < 2;
--> x bigint

-- a table function's rows come from constants
select value as x from generate_series(1, 3);
--> x bigint
