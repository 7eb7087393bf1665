-- a scalar subquery's value; its filter decides that value, not the rows
select a, (select max(d) from s.u where label = 'x') as most from s.t;
--> a bigint: t.a identity
--> most bigint: u.d aggregation, u.label filter

-- correlated
select a, (select max(d) from s.u where u.id = t.id) as most from s.t;
--> a bigint: t.a identity
--> most bigint: t.id filter, u.d aggregation, u.id filter

-- a single value, unchanged
select a, (select name from s.e where e.id = t.b) as boss from s.t;
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)

-- EXISTS: only which rows there are matters, not what is selected
select a, exists (select d from s.u where u.id = t.id and u.label = 'x') as has from s.t;
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)

-- EXISTS without a condition depends on no column
select a, exists (select d from s.u) as has from s.t;
--> HW0512: the engine cannot run EXISTS or IN (query) in this place (move it into WHERE, or write the subquery as a join)

-- IN compares with values of many rows
select a, b in (select d from s.u where label = 'x') as has from s.t;
--> HW0512: the engine cannot run EXISTS or IN (query) in this place (move it into WHERE, or write the subquery as a join)

-- as a filter
select a from s.t where b in (select d from s.u where label = 'x');
--> a bigint: t.a identity
--> rows: t.b filter, u.d filter, u.label filter

-- NOT EXISTS as a filter
select a from s.t where not exists (select 1 from s.u where u.id = t.id);
--> a bigint: t.a identity
--> rows: t.id filter, u.id filter

-- a scalar subquery as a filter
select a from s.t where b > (select avg(d) from s.u where u.a = t.a);
--> a bigint: t.a identity
--> rows: t.a filter, t.b filter, u.a filter, u.d filter

-- ANY and ALL
select a from s.t where b > any (select d from s.u);
--> a bigint: t.a identity
--> rows: t.b filter, u.d filter

-- within a CASE it decides
select case when exists (select 1 from s.u where u.id = t.id) then a else b end as x from s.t;
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)

-- within an aggregate
select sum(a + (select min(d) from s.u)) as x from s.t;
--> x bigint: t.a aggregation, u.d aggregation

-- a subquery in a subquery, that names the outermost query's column
select a, (select max(u.d) from s.u where u.id = t.id and u.a in (select e.boss from s.e where e.pay = t.b)) as x from s.t;
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)

-- the same name inside and outside means the inner one
select a, (select max(t.b) from s.t where t.id > 3) as x from s.t;
--> a bigint: t.a identity
--> x bigint: t.b aggregation, t.id filter

-- a derived table with a subquery in it
select x.m from (select (select max(d) from s.u where u.id = t.id) as m from s.t) x where x.m > 1;
--> m bigint: t.id filter, u.d aggregation, u.id filter
--> rows: t.id filter, u.d filter, u.id filter

-- joined on a subquery
select t.a, u.d from s.t join s.u on t.id = u.id and u.a > (select min(pay) from s.e where name = 'x');
--> a bigint: t.a identity
--> d bigint: u.d identity
--> rows: e.name join, e.pay join, t.id join, u.a join, u.id join

-- outer values in the select list of a subquery
select (select max(u.d + t.b) from s.u) as x from s.t;
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)
