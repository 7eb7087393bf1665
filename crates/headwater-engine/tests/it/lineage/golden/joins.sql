-- join keys decide which rows are joined
select t.a, u.d from s.t join s.u on t.id = u.id;
--> a bigint: t.a identity
--> d bigint: u.d identity
--> rows: t.id join, u.id join

-- conditions that are no equality do too
select t.a, u.d from s.t left join s.u on t.id = u.id and t.b < u.d and t.name = 'x';
--> a bigint: t.a identity
--> d bigint: u.d identity
--> rows: t.b join, t.id join, t.name join, u.d join, u.id join

-- USING has one key column, which is the left one's
select id, t.a, d from s.t join s.u using (id);
--> id bigint: t.id identity
--> a bigint: t.a identity
--> d bigint: u.d identity
--> rows: t.id join, u.id join

-- a natural join has as keys what both have
select * from s.t natural join s.u;
--> id bigint: t.id identity
--> a bigint: t.a identity
--> b bigint: t.b identity
--> c bigint: t.c identity
--> name string: t.name identity
--> d bigint: u.d identity
--> label string: u.label identity
--> rows: t.a join, t.id join, u.a join, u.id join

-- full join: both keys are there
select t.id as tid, u.id as uid, coalesce(t.id, u.id) as id from s.t full join s.u on t.id = u.id;
--> tid bigint: t.id identity
--> uid bigint: u.id identity
--> id bigint: t.id identity, t.id conditional masked, u.id identity
--> rows: t.id join, u.id join

-- right join
select u.label, t.name from s.t right join s.u on t.id = u.id;
--> label string: u.label identity
--> name string: t.name identity
--> rows: t.id join, u.id join

-- a cross join has no keys
select t.a, u.d from s.t cross join s.u;
--> a bigint: t.a identity
--> d bigint: u.d identity

-- tables side by side, joined by WHERE
select t.a, u.d from s.t, s.u where t.id = u.id;
--> a bigint: t.a identity
--> d bigint: u.d identity
--> rows: t.id filter, u.id filter

-- a self join
select x.a as xa, y.b as yb from s.t x join s.t y on x.id = y.a;
--> xa bigint: t.a identity
--> yb bigint: t.b identity
--> rows: t.a join, t.id join

-- a semi join shows the left side only
select t.a from s.t left semi join s.u on t.id = u.id;
--> a bigint: t.a identity
--> rows: t.id join, u.id join

-- an anti join
select t.a from s.t left anti join s.u on t.id = u.id and u.d > 1;
--> a bigint: t.a identity
--> rows: t.id join, u.d join, u.id join

-- three tables; a filter of a derived table decides about all rows
select t.a, x.d, e.pay from s.t join (select id, d from s.u where label = 'x') x on t.id = x.id left join s.e on e.id = x.d;
--> a bigint: t.a identity
--> d bigint: u.d identity
--> pay bigint: e.pay identity
--> rows: e.id join, t.id join, u.d join, u.id join, u.label filter

-- a lateral join: the right side names the left one's columns
select t.a, x.most from s.t cross join lateral (select max(u.d) as most from s.u where u.id = t.id) x;
--> a bigint: t.a identity
--> most bigint: t.id filter, u.d aggregation, u.id filter

-- lateral with values of the left side in it
select t.a, x.total from s.t, lateral (select t.b + u.d as total from s.u where u.a = t.a) as x;
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)
