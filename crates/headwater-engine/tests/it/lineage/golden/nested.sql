-- a list's length decides how many rows there are
select id, unnest(list) as item from s.n;
--> id bigint: n.id identity
--> item bigint: n.list transformation
--> rows: n.list join

-- in FROM, beside the table
select n.id, u.item from s.n cross join unnest(n.list) as u (item);
--> HW0512: a subquery names columns of the query around it in a way that the engine cannot run (write it as a join, or compare with the outer columns by = in the WHERE of an aggregate without LIMIT)

-- two lists at once
select unnest(list) as l, unnest(other) as o from s.n;
--> l bigint: n.list transformation
--> o bigint: n.other transformation
--> rows: n.list join, n.other join

-- of constants
select unnest([1, 2, 3]) as x;
--> x bigint

-- an element and a field
select list[1] as head, point['x'] as px, n.point.y as py from s.n;
--> head bigint: n.list transformation
--> px bigint: n.point transformation
--> py bigint: n.point transformation

-- a struct taken apart has as many rows as before
select unnest(point) from s.n;
--> HW0509 at `unnest(point)`: output column 1 has no name that a table can hold: 's.n.point.x' (name it with AS, in letters, digits and _)

-- its fields under names
select p.x, p.y from (select unnest(point) from s.n) as p (x, y);
--> x bigint: n.point transformation
--> y bigint: n.point transformation

-- lists and structs made
select make_array(id, list[1]) as both_ids, named_struct('k', id, 'v', list) as pair from s.n;
--> both_ids list<bigint>: n.id transformation, n.list transformation
--> pair struct<k: bigint, v: list<bigint>>: n.id transformation, n.list transformation

-- what a list tells
select cardinality(list) as n, array_to_string(list, ',') as txt, array_has(list, id) as has from s.n;
--> n decimal(20,0): n.list transformation
--> txt string: n.list transformation
--> has boolean: n.id transformation, n.list transformation

-- unnested, then aggregated
select id, sum(item) as total from (select id, unnest(list) as item from s.n) x where item > 1 group by id;
--> id bigint: n.id identity
--> total bigint: n.list aggregation
--> rows: n.id group_by, n.list join, n.list filter

-- lists made of rows
select point['x'] as px, array_agg(id) as ids from s.n group by point['x'];
--> px bigint: n.point transformation
--> ids list<bigint>: n.id aggregation
--> rows: n.point group_by

-- a list in a list
select unnest(unnest(make_array(list, other))) as x from s.n;
--> x bigint: n.list transformation, n.other transformation
--> rows: n.list join, n.other join
