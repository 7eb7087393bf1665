-- a CTE is looked through
with x as (select a as p, b + 1 as q from s.t where c > 1) select p, q from x;
--> p bigint: t.a identity
--> q bigint: t.b transformation
--> rows: t.c filter

-- read twice under two names
with x as (select id, a from s.t where b = 1) select l.a as la, r.a as ra from x l join x r on l.id = r.a;
--> la bigint: t.a identity
--> ra bigint: t.a identity
--> rows: t.a join, t.b filter, t.id join

-- a CTE's filter that only feeds a scalar subquery decides that value
with x as (select d from s.u where label = 'x') select a, (select max(d) from x) as most from s.t;
--> a bigint: t.a identity
--> most bigint: u.d aggregation, u.label filter

-- CTEs on CTEs
with x as (select a, b from s.t), y as (select a, sum(b) as total from x group by a), z as (select total * 2 as twice from y where a > 1) select twice from z;
--> twice bigint: t.b aggregation
--> rows: t.a group_by, t.a filter

-- names for a CTE's columns
with x (p, q) as (select a, b from s.t) select q, p from x;
--> q bigint: t.b identity
--> p bigint: t.a identity

-- a CTE with the name of a table of a schema
with t as (select d as a from s.u) select a from t;
--> a bigint: u.d identity

-- a CTE within a subquery
select a, (with x as (select d from s.u where u.id = 1) select max(d) from x) as most from s.t;
--> a bigint: t.a identity
--> most bigint: u.d aggregation, u.id filter

-- a recursive CTE that counts
with recursive n (i) as (select 1 union all select i + 1 from n where i < 5) select i from n;
--> i bigint

-- a hierarchy: the filter and the join decide about the rows
with recursive chain as (
  select id, boss, name, 0 as depth from s.e where boss is null
  union all
  select e.id, e.boss, e.name, c.depth + 1 from s.e join chain c on e.boss = c.id where e.pay > 10
)
select id, name, depth from chain;
--> id bigint: e.id identity
--> name string: e.name identity
--> depth bigint
--> rows: e.boss join, e.boss filter masked, e.id join, e.pay filter

-- values travel between the columns of a recursion
with recursive r (x, y, z) as (select a, b, c from s.t union all select y, z, x + 1 from r where x < 10) select x from r;
--> x bigint: t.a identity, t.a transformation, t.b identity, t.b transformation, t.c identity, t.c transformation
--> rows: t.a filter, t.b filter, t.c filter

-- a recursive UNION, which the engine gets wrong
with recursive r (x) as (select a from s.t union select d from s.u join r on u.id = r.x) select x from r;
--> HW0512: a recursive query with UNION is not supported (write UNION ALL, end the recursion by a condition, and SELECT DISTINCT from it)

-- a recursion in a scalar subquery
select a, (with recursive r (x) as (select 1 union all select x + d from r join s.u on u.id = r.x) select max(x) from r) as m from s.t;
--> a bigint: t.a identity
--> m bigint: u.d aggregation, u.d join, u.id join

-- not recursive after all
with recursive x as (select a from s.t) select a from x;
--> a bigint: t.a identity

-- a recursion over a CTE
with recursive base as (select id, boss from s.e where pay > 0), up (id, boss) as (select id, boss from base union all select b.id, b.boss from base b join up on b.id = up.boss) select id, boss from up;
--> id bigint: e.id identity
--> boss bigint: e.boss identity
--> rows: e.boss join, e.id join, e.pay filter
