-- no SQL
selec a from s.t;
--> HW0501 at `selec`: expected: an SQL statement, found: selec

-- unfinished
select a from s.t where;
--> HW0501: expected: an expression, found: EOF

-- a text that does not end
select 'a from s.t;
--> HW0501 at `'`: unterminated string literal

-- nothing
;
--> HW0502: there is no SQL (write one query, a SELECT or WITH … SELECT)

-- two statements
select a from s.t; select b from s.t;
--> HW0502: there are 2 statements (write one query, a SELECT or WITH … SELECT)

-- writing
insert into s.t select * from s.u;
--> HW0502: INSERT is not a query (write only the SELECT: headwater creates the table and writes the rows)

-- making
create table s.x as select a from s.t;
--> HW0502: CREATE is not a query (write only the SELECT: headwater creates the table and writes the rows)

-- making, in the other way
select a into x from s.t;
--> HW0502: the statement writes (write only the SELECT: headwater creates the table and writes the rows)

-- explaining
explain select a from s.t;
--> HW0502: EXPLAIN is not a query (write the query itself)

-- copying
copy s.t to 'x.csv';
--> HW0502: COPY is not a query (write only the SELECT: headwater creates the table and writes the rows)

-- setting
set a = 1;
--> HW0502: SET is not a query (write one query, a SELECT or WITH … SELECT)

-- writing after WITH
with x as (select a from s.t) insert into s.u select a from x;
--> HW0502: INSERT is not a query (write only the SELECT: headwater creates the table and writes the rows)

-- an unknown table, alike
select a from s.tt;
--> HW0503 at `s.tt`: there is no table 's.tt' (did you mean s.t?)

-- an unknown table, a schema alike
select a from ss.t;
--> HW0503 at `ss.t`: there is no table 'ss.t' (did you mean s.t?)

-- an unknown table, like none
select a from raw.flights;
--> HW0503 at `raw.flights`: there is no table 'raw.flights'

-- a table without its schema
select a from flights;
--> HW0511 at `flights`: table 'flights' is named without its schema (write schema.table, e.g. staging.flights)

-- a table with a catalogue
select a from lake.s.t;
--> HW0511 at `lake.s.t`: 'lake.s.t' is not the name of a table (a table is named schema.table, in lower-case letters, digits and _)

-- a table with capitals
select a from "S"."T";
--> HW0511 at `"S"."T"`: 'S.T' is not the name of a table (a table is named schema.table, in lower-case letters, digits and _)

-- an unknown column, alike
select nmae from s.t;
--> HW0504 at `nmae`: there is no column 'nmae' (did you mean name?)

-- an unknown column, like none
select id, zzz from s.t;
--> HW0504 at `zzz`: there is no column 'zzz' (there are id, a, b, c, name)

-- an unknown column of one table
select t.label from s.t join s.u on t.id = u.id;
--> HW0504 at `t.label`: there is no column 'label' in 't' (there are id, a, b, c, name)

-- a table that is not in FROM
select x.a from s.t;
--> HW0504 at `x.a`: there is no column 'a' in 'x' (name 'x' in FROM, or correct the name before the dot)

-- in another clause
select a from s.t where idd = 1;
--> HW0504 at `idd`: there is no column 'idd' (did you mean id?)

-- in a CTE
with x as (select a as p from s.t) select p, q from x;
--> HW0504 at `q`: there is no column 'q' (there are p)

-- capitals must be quoted
select mixed from s.w;
--> HW0504 at `mixed`: there is no column 'mixed' (names are case-sensitive: write "Mixed", in double quotes)

-- which one
select id from s.t join s.u on t.id = u.id;
--> HW0505 at `id`: column 'id' is in several tables (say which one: table.id)

-- an unknown function
select uper(name) as u from s.t;
--> HW0506 at `uper`: there is no function 'uper' (did you mean upper?)

-- an unknown table function
select * from generate_serie(1, 2);
--> HW0506 at `generate_serie`: there is no function 'generate_serie'

-- an unknown aggregate
select a, summ(b) as x from s.t group by a;
--> HW0506 at `summ`: there is no function 'summ' (did you mean sum?)

-- arguments of the wrong types
select abs(name, 1) as x from s.t;
--> HW0507 at `abs`: function 'abs' expects 1 arguments but received 2 (no function matches the given name and argument types 'abs(string, bigint)'. You might need to add explicit type casts)

-- an operator on the wrong types
select day + "Mixed" as x from s.w;
--> HW0507 at `day + "Mixed"`: cannot coerce arithmetic expression date + boolean to valid types

-- not grouped
select a, b from s.t group by a;
--> HW0513 at `b`: column 'b' is neither grouped by nor aggregated (add b to GROUP BY, or aggregate it, e.g. max(b))

-- an aggregate where there are no groups
select a from s.t where sum(b) > 1;
--> HW0520: aggregate functions are not allowed in the WHERE clause (consider using HAVING instead)

-- the same name twice
select a, a from s.t;
--> HW0508 at `a`: columns 1 and 2 of a SELECT are both called 'a' (name one of them otherwise with AS, or leave it out)

-- the same name from two tables
select t.id, u.id from s.t join s.u on t.id = u.id;
--> HW0508 at `u.id`: output columns 1 and 2 are both called 'id' (name one of them otherwise with AS, or leave it out)

-- the same name but for capitals
select a, b as "A" from s.t;
--> HW0508 at `b as "A"`: output columns 1 and 2 are both called 'A' (name one of them otherwise with AS, or leave it out)

-- no name
select a, sum(b) from s.t group by a;
--> HW0509 at `sum(b)`: output column 2 has no name that a table can hold: 'sum(s.t.b)' (name it with AS, in letters, digits and _)

-- no name: a cast
select a::text from s.t;
--> HW0509 at `a::text`: output column 1 has no name that a table can hold: 's.t.a' (name it with AS, in letters, digits and _)

-- a name with a blank
select a as "the a" from s.t;
--> HW0509 at `a as "the a"`: output column 1 has no name that a table can hold: 'the a' (name it with AS, in letters, digits and _)

-- no type
select a, null as x from s.t;
--> HW0510 at `null as x`: column 'x' has no type: it is always null (say its type: cast(null as string) as x)

-- a type that no table holds
select at - at as took from s.w;
--> HW0510 at `at - at as took`: column 'took' is a duration, which no table can hold (keep its length in seconds: date_part('epoch', took) as took)

-- a type deep inside that no table holds
select named_struct('took', at - at) as x from s.w;
--> HW0510 at `named_struct('took', at - at) as x`: column 'x.took' is a duration, which no table can hold (keep its length in seconds: date_part('epoch', took) as took)

-- a time of day
select cast(at as time) as x from s.w;
--> HW0510 at `cast(at as time) as x`: column 'x' is a time of day, which no table can hold (cast it to text: cast(x as string) as x)

-- a parameter
select a from s.t where b = $1;
--> HW0514: the query has a parameter, '$1' (write the value, or use {{ var("name") }} for one that the project sets)

-- sides of different widths
select a, b from s.t union all select d from s.u;
--> HW0515 at `select a, b from s.t union all select d from s.u`: UNION queries have different number of columns (the sides have 2 and 1 columns)

-- a subquery of two columns
select a, (select d, id from s.u) as x from s.t;
--> HW0520: too many columns! The subquery should only return one column: s.u.d, s.u.id (select only one column in the subquery)

-- SQL that there is not
select a from s.t for json auto;
--> HW0512: FOR XML or FOR JSON is not supported (leave it out)

-- a CTE twice
with x as (select 1 as a), x as (select 2 as a) select a from x;
--> HW0520: WITH query name "x" specified more than once

-- sorted by what is not there
select a from s.t order by zz;
--> HW0504 at `zz`: there is no column 'zz' (there are a, id, b, c, name)

-- text where truth is needed
select a from s.t where name;
--> HW0507: cannot create filter with non-boolean predicate 's.t.name' returning string

-- locking
select a from s.t for update;
--> HW0512: FOR UPDATE or FOR SHARE is not supported (leave it out)

-- more than the tables of FROM
select u.*, t.a as ta from s.t join s.u on t.id = u.id;
--> HW0504 at `u.*`: no table in FROM is called 'u' (give the table this alias, e.g. from staging.u as u)

-- everything but, which this dialect does not have
select * exclude (a, b) from s.t;
--> HW0501 at `exclude`: expected: end of statement, found: exclude

-- nested too deeply
select ((((((((((((((((((((((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))))))))))))))))))))))) as x from s.t;
--> HW0501: the query is nested too deeply

-- an aggregate in an aggregate
select sum(max(a)) as x from s.t;
--> HW0520 at `a`: aggregate function calls cannot be nested: 'max(s.t.a)' is nested inside 'sum(max(s.t.a))' (compute 'max(s.t.a)' in an inner query and aggregate its result)

-- a cast to what there is not
select cast(a as nonsense) as x from s.t;
--> HW0512: unsupported SQL type nonsense

-- a truth value added
select a + (b > 1) as x from s.t;
--> HW0507 at `a`: cannot coerce arithmetic expression bigint + boolean to valid types

-- an operator and a sign without a blank
select a from s.t where a >-1;
--> HW0512: there is no operator >- (put a blank between > and -)

-- a field of an item behind a point
select [named_struct('y', a)][1].y as x from s.t;
--> HW0512: a field of an item cannot be named behind a point (name it in brackets: ['y'], as in items[1]['y'])
