-- columns of UNION ALL by position; names of the first
select a, b from s.t union all select d, a from s.u;
--> a bigint: t.a identity, u.d identity
--> b bigint: t.b identity, u.a identity

-- UNION tells rows apart
select a from s.t union select d from s.u;
--> a bigint: t.a identity, u.d identity
--> rows: t.a group_by, u.d group_by

-- the sides' filters decide about all rows
select a from s.t where b = 1 union all select d from s.u where label = 'x';
--> a bigint: t.a identity, u.d identity
--> rows: t.b filter, u.label filter

-- three sides, a constant among them
select 't' as kind, a from s.t union all select 'u', d from s.u union all select name, 0 from s.t;
--> kind string: t.name identity
--> a bigint: t.a identity, u.d identity

-- sides of different types
select a as x from s.t union all select 1.5 union all select null;
--> x double: t.a identity

-- by name
select a, b from s.t union all by name select d as b, a from s.u;
--> a bigint: t.a identity, u.a identity
--> b bigint: t.b identity, u.d identity

-- INTERSECT keeps by what the other side has
select a, b from s.t intersect select a, d from s.u;
--> a bigint: t.a identity
--> b bigint: t.b identity
--> rows: t.a join, t.a group_by, t.b join, t.b group_by, u.a join, u.d join

-- EXCEPT
select a from s.t except select d from s.u where id > 1;
--> a bigint: t.a identity
--> rows: t.a join, t.a group_by, u.d join, u.id filter

-- EXCEPT ALL
select a from s.t except all select d from s.u;
--> a bigint: t.a identity
--> rows: t.a join, u.d join

-- a limit over a union
(select a from s.t order by b limit 1) union all (select d from s.u);
--> a bigint: t.a identity, u.d identity
--> rows: t.b sort
