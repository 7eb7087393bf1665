-- aggregates compute from many rows; keys group
select a, sum(b) as total, avg(c) as mean from s.t group by a;
--> a bigint: t.a identity
--> total bigint: t.b aggregation
--> mean double: t.c aggregation
--> rows: t.a group_by

-- counts tell nothing of the values
select count(*) as n, count(a) as na, count(distinct b) as nb, approx_distinct(name) as nn from s.t;
--> n bigint
--> na bigint: t.a aggregation masked
--> nb bigint: t.b aggregation masked
--> nn decimal(20,0): t.name aggregation masked

-- an aggregate of an expression, and an expression of aggregates
select max(a + b) as x, sum(a) / nullif(count(b), 0) as y from s.t;
--> x bigint: t.a aggregation, t.b aggregation
--> y bigint: t.a aggregation, t.b aggregation masked, t.b conditional masked

-- HAVING filters groups
select a from s.t group by a having sum(b) > 3 and a > 1;
--> a bigint: t.a identity
--> rows: t.a group_by, t.a filter, t.b filter

-- a key that is computed
select a % 10 as tens, min(name) as first_name from s.t group by a % 10;
--> tens bigint: t.a transformation
--> first_name string: t.name aggregation
--> rows: t.a group_by

-- FILTER decides about one aggregate's rows only
select sum(a) filter (where b > 1) as x, sum(c) as y from s.t;
--> x bigint: t.a aggregation, t.b filter
--> y bigint: t.c aggregation

-- ORDER BY within an aggregate
select first_value(a order by b) as x, string_agg(name, ',' order by c desc) as y, array_agg(a order by id) as z from s.t;
--> x bigint: t.a aggregation, t.b sort
--> y string: t.c sort, t.name aggregation
--> z list<bigint>: t.a aggregation, t.id sort

-- a CASE within an aggregate
select sum(case when a > 1 then b end) as x from s.t;
--> x bigint: t.a conditional, t.b aggregation

-- grouping sets: the set's number comes from no column
select a, b, sum(c) as x, grouping(a) as ga from s.t group by rollup (a, b);
--> a bigint: t.a identity
--> b bigint: t.b identity
--> x bigint: t.c aggregation
--> ga int
--> rows: t.a group_by, t.b group_by

-- explicit grouping sets
select a, b, count(*) as n from s.t group by grouping sets ((a), (b), ());
--> a bigint: t.a identity
--> b bigint: t.b identity
--> n bigint
--> rows: t.a group_by, t.b group_by

-- cube
select a, max(c) as x from s.t group by cube (a);
--> a bigint: t.a identity
--> x bigint: t.c aggregation
--> rows: t.a group_by

-- grouping by a constant
select sum(b) as x from s.t group by 1 + 1;
--> x bigint: t.b aggregation

-- an aggregate over an aggregate
select max(total) as most from (select a, sum(b) as total from s.t group by a) x;
--> most bigint: t.a group_by, t.b aggregation

-- DISTINCT of aggregates
select distinct sum(b) as x from s.t group by a;
--> x bigint: t.b aggregation
--> rows: t.a group_by, t.b group_by

-- group by all the plain columns, by position
select a, b, count(*) as n from s.t group by 1, 2;
--> a bigint: t.a identity
--> b bigint: t.b identity
--> n bigint
--> rows: t.a group_by, t.b group_by

-- percentiles and deviations
select median(a) as m, stddev(b) as s, corr(a, b) as c from s.t;
--> m double: t.a aggregation
--> s double: t.b aggregation
--> c double: t.a aggregation, t.b aggregation

-- without keys there is one row: the filter decides its values
select sum(a) as x, count(*) as n from s.t where b > 1;
--> x bigint: t.a aggregation, t.b filter
--> n bigint: t.b filter

-- and not the rows of what it is joined with
select t.a, t.b * 100 / x.total as share from s.t cross join (select sum(d) as total from s.u where label = 'x') x;
--> a bigint: t.a identity
--> share bigint: t.b transformation, u.d aggregation, u.label filter

-- with keys the filter decides about the groups
select c, count(*) as n from s.t where b > 1 group by c;
--> c bigint: t.c identity
--> n bigint
--> rows: t.b filter, t.c group_by
