-- a column under another name is itself
select a, b as renamed from s.t;
--> a bigint: t.a identity
--> renamed bigint: t.b identity

-- a constant comes from nowhere
select 1 as one, 'x' as word, cast(null as int) as nothing from s.t;
--> one bigint
--> word string
--> nothing int

-- operators compute
select a + b * 2 as x, -c as y, name || '!' as z from s.t;
--> x bigint: t.a transformation, t.b transformation
--> y bigint: t.c transformation
--> z string: t.name transformation

-- a cast computes, even to the same type
select cast(a as bigint) as same, a::text as txt, try_cast(name as int) as n from s.t;
--> same bigint: t.a transformation
--> txt string: t.a transformation
--> n int: t.name transformation

-- comparisons and logic compute a truth value
select a = b as eq, a between b and c as btw, a in (b, c, 3) as listed, name like 'a%' as likes, not (a > 1 and b < 2) as logic from s.t;
--> eq boolean: t.a transformation, t.b transformation
--> btw boolean: t.a transformation, t.b transformation, t.c transformation
--> listed boolean: t.a transformation, t.b transformation, t.c transformation
--> likes boolean: t.name transformation
--> logic boolean: t.a transformation, t.b transformation

-- whether there is a value tells nothing of the value
select a is null as missing, name is not null as present, (a > 1) is unknown as unsure, (a > 1) is true as sure from s.t;
--> missing boolean: t.a transformation masked
--> present boolean: t.name transformation masked
--> unsure boolean: t.a transformation masked
--> sure boolean: t.a transformation

-- the branches of CASE are values, its conditions decide
select case when a > 1 then b else c + 1 end as x from s.t;
--> x bigint: t.a conditional, t.b identity, t.c transformation

-- the compared expression of CASE decides
select case a when 1 then 'one' when b then 'b' end as x from s.t;
--> x string: t.a conditional, t.b conditional

-- a CASE within a CASE decides as a whole
select case when case when a > 1 then b end = 2 then c end as x from s.t;
--> x bigint: t.a conditional, t.b conditional, t.c identity

-- COALESCE passes its arguments on; all but the last decide, by whether they are null
select coalesce(a, b, c) as x, coalesce(a, 0) as y, nvl(a, b) as z from s.t;
--> x bigint: t.a identity, t.a conditional masked, t.b identity, t.b conditional masked, t.c identity
--> y bigint: t.a identity, t.a conditional masked
--> z bigint: t.a identity, t.a conditional masked, t.b identity

-- NULLIF passes its first argument on; both decide
select nullif(a, b) as x, nullif(a, 0) as y from s.t;
--> x bigint: t.a identity, t.a conditional, t.b conditional
--> y bigint: t.a identity, t.a conditional

-- NVL2 passes the second or third on
select nvl2(a, b, c) as x from s.t;
--> x bigint: t.a conditional masked, t.b identity, t.c identity

-- the greatest is computed
select greatest(a, b) as x, least(a, 1) as y from s.t;
--> x bigint: t.a transformation, t.b transformation
--> y bigint: t.a transformation

-- functions compute
select upper(name) as u, substr(name, 1, 2) as s, abs(a) as p, round(a / 2.0, 1) as r from s.t;
--> u string: t.name transformation
--> s string: t.name transformation
--> p bigint: t.a transformation
--> r double: t.a transformation

-- hashes hide
select md5(name) as m, encode(digest(name, 'sha256'), 'hex') as d, sha256(name) as s from s.t;
--> m string: t.name transformation masked
--> d string: t.name transformation masked
--> s binary: t.name transformation masked

-- a hash beside the value hides nothing; a hash of a choice hides what is chosen and what decides
select concat(md5(name), name) as both_ways, md5(case when a > 1 then name end) as chosen from s.t;
--> both_ways string: t.name transformation
--> chosen string: t.a conditional masked, t.name transformation masked

-- a type is no value
select arrow_typeof(a) as kind from s.t;
--> kind string

-- dates
select date_trunc('month', at) as month, extract(year from day) as year, at + interval '1 day' as later from s.w;
--> month timestamp: w.at transformation
--> year int: w.day transformation
--> later timestamp: w.at transformation

-- types of the lake: unsigned numbers, capitals kept
select small, small + 1 as more, price * 2 as twice, "Mixed" from s.w;
--> small smallint: w.small identity
--> more bigint: w.small transformation
--> twice decimal(31,2): w.price transformation
--> Mixed boolean: w.Mixed identity

-- everything of a table, in its order
select * from s.t;
--> id bigint: t.id identity
--> a bigint: t.a identity
--> b bigint: t.b identity
--> c bigint: t.c identity
--> name string: t.name identity

-- everything of one table of two, by its alias
select y.*, t.a as ta from s.t join s.u as y on t.id = y.id;
--> id bigint: u.id identity
--> a bigint: u.a identity
--> d bigint: u.d identity
--> label string: u.label identity
--> ta bigint: t.a identity
--> rows: t.id join, u.id join
