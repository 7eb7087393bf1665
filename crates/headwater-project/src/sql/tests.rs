use super::*;

fn tables(sql: &str) -> String {
    match read_query(sql) {
        Ok(found) => {
            for table in &found {
                let written = sql[table.range.clone()].replace(['"', '`'], "");
                let without_blanks = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
                assert_eq!(
                    without_blanks(&written),
                    without_blanks(&table.parts.join(".")),
                    "the range of {table:?} in {sql}"
                );
            }
            found.iter().map(|t| t.parts.join(".")).collect::<Vec<_>>().join(" ")
        }
        Err(problem) => format!("{}: {}", problem.code, problem.message),
    }
}

#[test]
fn tables_are_found_wherever_sql_takes_them() {
    let cases = [
        // Plain.
        ("select * from a.b", "a.b"),
        ("SELECT * FROM A.B AS x, c.d y", "a.b c.d"),
        ("select * from \"a\".\"b\"", "a.b"),
        ("select * from \"A\".\"b c\"", "A.b c"),
        ("select * from a . b", "a.b"),
        ("select * from c.a.b", "c.a.b"),
        ("select * from b", "b"),
        ("select * from a.b;", "a.b"),
        ("(select * from a.b)", "a.b"),
        // Joins.
        ("select * from a.b join c.d using (x) left join e.f on true cross join g.h", "a.b c.d e.f g.h"),
        ("select * from (a.b join c.d on true) natural join e.f", "a.b c.d e.f"),
        ("select * from a.b x semi join c.d y on x.k = y.k", "a.b c.d"),
        // Comments and texts name nothing.
        ("select * from a.b -- join c.d\n", "a.b"),
        ("/* from c.d */ select /* from e.f */ 'from g.h', \"from i.j\" from a.b", "a.b"),
        ("select * from /* x.y /* nested z.z */ */ a.b", "a.b"),
        ("select 'it''s from c.d' from a.b where x = 'from e.f'", "a.b"),
        ("select $$ from c.d $$ from a.b", "a.b"),
        // Columns are no tables.
        ("select b.x, a.b.x, b.* from a.b", "a.b"),
        ("select extract(year from t.d), trim(both 'x' from t.s), substring(t.s from 2) from a.t", "a.t"),
        ("select count(*) filter (where b.x > 1) over (partition by b.y) from a.b", "a.b"),
        ("select x is distinct from y from a.b", "a.b"),
        // Subqueries in every place.
        ("select (select max(x) from c.d) from a.b", "c.d a.b"),
        ("select * from a.b where x in (select y from c.d) and exists (select 1 from e.f)", "a.b c.d e.f"),
        ("select * from a.b where x > all (select y from c.d) or x = any (select z from e.f)", "a.b c.d e.f"),
        (
            "select * from a.b group by x having count(*) > (select n from c.d) order by (select 1 from e.f)",
            "a.b c.d e.f",
        ),
        ("select * from a.b limit (select n from c.d)", "a.b c.d"),
        ("select case when exists (select 1 from c.d) then (select 2 from e.f) end from a.b", "c.d e.f a.b"),
        ("select * from a.b x join c.d y on x.k = (select k from e.f)", "a.b c.d e.f"),
        ("select array(select x from a.b)", "a.b"),
        ("select f(x => (select 1 from a.b))", "a.b"),
        ("select * from (select * from (select * from a.b) x) y", "a.b"),
        ("select * from a.b qualify row_number() over (order by (select 1 from c.d)) = 1", "a.b c.d"),
        // Lateral, functions, values, unnest.
        ("select * from a.b x, lateral (select * from c.d where k = x.k) y", "a.b c.d"),
        ("select * from a.b cross join lateral unnest(b.items) as t(item)", "a.b"),
        ("select * from generate_series(1, 10) g join a.b on true", "a.b"),
        ("select * from range(1, (select max(n) from a.b))", "a.b"),
        ("select * from unnest([1, 2]) as t(x)", ""),
        ("select * from (values (1, 'a.b'), (2, 'c.d')) t(n, s)", ""),
        ("values (1), ((select max(x) from a.b))", "a.b"),
        ("select 1", ""),
        // Sets.
        ("select * from a.b union select * from c.d except all select * from e.f", "a.b c.d e.f"),
        ("(select * from a.b) union all (select * from c.d intersect select * from e.f) order by 1", "a.b c.d e.f"),
        // The same table twice.
        ("select * from a.b x join a.b y on x.k = y.p", "a.b a.b"),
        // Pivots and samples.
        ("select * from a.b tablesample bernoulli (10)", "a.b"),
        ("select * from a.b pivot (sum(x) for y in (1, 2))", "a.b"),
    ];
    for (sql, expected) in cases {
        assert_eq!(tables(sql), expected, "{sql}");
    }
}

#[test]
fn common_table_expressions_hide_names_only_where_they_are_visible() {
    let cases = [
        ("with t as (select * from a.b) select * from t", "a.b"),
        ("with T as (select * from a.b) select * from t, \"t\"", "a.b"),
        ("with \"T\" as (select 1) select * from t", "t"),
        ("with t as (select 1), u as (select * from t) select * from u join t on true", ""),
        // A later expression is not visible in an earlier one.
        ("with u as (select * from t), t as (select 1) select * from u", "t"),
        // An expression does not see itself, unless it is recursive.
        ("with t as (select * from t) select * from t", "t"),
        ("with recursive t as (select 1 n union all select n + 1 from t where n < 9) select * from t", ""),
        ("with recursive t as (select 1 n from a.b union all select n + 1 from t) select * from t, c.d", "a.b c.d"),
        // A qualified name is never an expression's.
        ("with b as (select * from a.b) select * from a.b, b", "a.b a.b"),
        // Inner ones hide outer ones and end with their query.
        ("with t as (select * from a.b) select * from (with t as (select * from c.d) select * from t) x, t", "a.b c.d"),
        ("select * from (with t as (select 1) select * from t) x, t", "t"),
        ("select * from (with t as (select * from t) select * from t) x", "t"),
        ("with t as (with u as (select * from a.b) select * from u) select * from t, u", "a.b u"),
        ("with t as (select 1) select * from c.d where x in (select y from t where exists (select 1 from t))", "c.d"),
        ("with t as (select 1) (select * from t) union (select * from u)", "u"),
        ("with t as (select 1) select 1 order by (select 1 from t) limit (select 2 from t)", ""),
        // In expressions, and in one of two branches.
        ("select (with t as (select * from a.b) select max(x) from t), (select 1 from t)", "a.b t"),
        ("select * from c.d where x in (with d as (select 1) select * from d)", "c.d"),
        ("(with t as (select 1) select * from t) union all select * from t", "t"),
        // Aliases are no expressions.
        ("select * from a.b t where exists (select 1 from t)", "a.b t"),
        ("with t(x, y) as (values (1, 2)) select x from t", ""),
        ("with t as materialized (select * from a.b) select * from t", "a.b"),
        ("with recursive t as (select 1), u as (select * from t union all select * from u) select * from u, v", "v"),
    ];
    for (sql, expected) in cases {
        assert_eq!(tables(sql), expected, "{sql}");
    }
}

#[test]
fn only_one_query_is_taken() {
    for (sql, code) in [
        ("", "HW0202"),
        ("  -- nothing\n ;;", "HW0202"),
        ("select 1; select 2", "HW0202"),
        ("insert into a.b select * from c.d", "HW0203"),
        ("/* x */ CREATE TABLE a.b (x int)", "HW0203"),
        ("copy a.b to 's3://x'", "HW0203"),
        ("drop table a.b", "HW0203"),
        ("explain select 1", "HW0203"),
        ("set x = 1", "HW0203"),
        ("select * into a.b from c.d", "HW0203"),
        ("with t as (select 1) insert into a.b select * from t", "HW0203"),
        ("with t as (delete from a.b returning *) select * from t", "HW0203"),
        ("table a.b", "HW0201"),
        ("select 1 union table a.b", "HW0201"),
        ("select * frm a.b", "HW0201"),
        ("select * from", "HW0201"),
        ("selct 1", "HW0201"),
        ("from a.b", "HW0201"),
        ("select * from `a`.`b`", "HW0201"),
        ("select 'open", "HW0201"),
        ("select /* open", "HW0201"),
        ("select 1 )", "HW0201"),
    ] {
        assert_eq!(tables(sql).split(':').next(), Some(code), "{sql}: {}", tables(sql));
    }
}

#[test]
fn mistakes_are_pointed_at() {
    for (sql, word) in [
        ("select a,\n  from b.c", "from"),
        ("select a\nfrom b.c\nwher x = 1", "x"),
        ("select 'ä' ) from b.c", ")"),
        ("select 1;\nselect 2", "select"),
        ("select (1", "1"),
        ("select 'ü', 'open", "'"),
    ] {
        let problem = read_query(sql).unwrap_err();
        assert_eq!(&sql[problem.range.clone().unwrap()], word, "{sql}: {problem:?}");
    }
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    // As `load` does it.
    let worker = std::thread::Builder::new().stack_size(crate::load::STACK).spawn(read_deep_queries);
    worker.unwrap().join().unwrap();
}

fn read_deep_queries() {
    let deep = |open: &str, middle: &str, close: &str, n: usize| {
        format!("select {}{middle}{}", open.repeat(n), close.repeat(n))
    };
    for n in [200, 20_000] {
        for sql in [
            deep("(", "1", ")", n),
            deep("(select ", "1", ")", n),
            deep("case when true then ", "1", " end", n),
            deep("not ", "true", "", n),
            deep("- ", "1", "", n),
            deep("[", "1", "]", n),
            deep("f(", "1", ")", n),
            deep("1 + ", "1", "", n.max(2000)),
            deep("x and ", "y", "", n.max(2000)),
            deep("", "1", "::int", n.max(2000)),
            deep("", "1", " union all select 1", n.max(2000)),
            deep("cast(", "1", " as int)", n),
            deep("{a: ", "1", "}", n),
            deep("interval ", "'1' day", "", n.max(2000)),
            deep("exists (select * from ", "t", ")", n),
            format!("select * from {}a.b{}", "(".repeat(n), ")".repeat(n)),
            format!("select cast(1 as {}int{})", "array<".repeat(n), ">".repeat(n)),
            format!("{}select 1{}", "with t as (".repeat(n), ") select 1".repeat(n)),
        ] {
            assert!(read_query(&sql).is_err(), "{sql:.60}");
        }
    }
    // What people and generators write is far below the limits.
    let wide = format!(
        "select {} from a.b where {}",
        vec!["case when a = 1 and b > 2 then x + 1 else y end"; 2000].join(","),
        vec!["a = 1"; 300].join(" or ")
    );
    assert_eq!(tables(&wide), "a.b");
    assert_eq!(tables(&vec!["select * from a.b"; 300].join(" union all ")).split(' ').count(), 300);
}

/// Shapes in which the parser goes back and tries again, on every level.
#[test]
fn the_parser_does_not_take_for_ever() {
    let worker = std::thread::Builder::new().stack_size(crate::load::STACK).spawn(read_doubling_queries);
    worker.unwrap().join().unwrap();
}

fn read_doubling_queries() {
    let mut slowest = (0.0, String::new());
    let openers = [
        "(",
        "a.f(",
        "(select * from ",
        "(select 1, ",
        "((select * from ",
        "case when ",
        "cast(",
        "[",
        "array[",
        "(1, ",
        "x in (",
        "a.b(c => ",
        "exists (select ",
        "not (",
        "interval (",
        "a.(",
        "date (",
        "f(distinct ",
        "row(",
        "x between ",
        "a[",
        "(a, b) -> (",
        "extract(year from ",
        "position(",
        "trim(both ",
        "substring(",
        "{d ",
        "{fn f(",
        "a::b(",
        "overlay(",
        "xmlelement(name ",
        "array(select ",
    ];
    let closers = ["", ")", " x)", ") x join y)"];
    for (index, first) in openers.iter().enumerate() {
        for second in [first, &openers[(index + 7) % openers.len()]] {
            for closer in closers {
                let nested = format!("{}1{}", format!("{first}{second}").repeat(20), closer.repeat(40));
                for sql in [format!("select {nested}"), format!("select * from {nested}")] {
                    let start = std::time::Instant::now();
                    let _ = read_query(&sql);
                    let seconds = start.elapsed().as_secs_f64();
                    if seconds > slowest.0 {
                        slowest = (seconds, sql);
                    }
                }
            }
        }
    }
    assert!(slowest.0 < 5.0, "{slowest:?}");
}

/// The wrapped dialect reads everything as the engine's does.
#[test]
fn the_bounded_dialect_is_the_engines() {
    use sqlparser::dialect::{Dialect, PostgreSqlDialect};
    use sqlparser::parser::Parser;
    let bounded = dialect::Bounded::for_tokens(1000);
    assert!((&bounded as &dyn Dialect).is::<PostgreSqlDialect>());
    for sql in [
        "select a.b, count(*) filter (where x) from a.b group by (a), b order by 1",
        "select x'1f', e'a\\n', u&'d', 1_000, a::int[], a @> b, a #>> b, 5!, not x notnull, interval '1' day",
        "select f(a => 1, b := 2), extract(year from x), trim(both 'x' from y), \"Q\".é$1, `a`, $$x$$ from t",
        "select /*+ hint */ * from t as u(a, b), lateral (select 1) v, unnest(array[1, 2]) w where a ~ 'x' and b ~* 'y'",
        "select * exclude (a) from t tablesample bernoulli (5) window w as (partition by a)",
    ] {
        let parse = |dialect: &dyn Dialect| format!("{:?}", Parser::parse_sql(dialect, sql));
        assert_eq!(parse(&bounded), parse(&PostgreSqlDialect {}), "{sql}");
    }
}

#[test]
fn conditions_are_single_expressions() {
    for good in ["x > 1", "a is not null and b in (1, 2)", "lower(c) = 'x'"] {
        assert_eq!(read_condition(good), Ok(()), "{good}");
    }
    for bad in
        ["", "x >", "x > 1; drop table y", "where x", "x y", "'open", "x > 1 from a.b", "x in (select y from a.b)"]
    {
        assert!(read_condition(bad).is_err(), "{bad}");
    }
}
