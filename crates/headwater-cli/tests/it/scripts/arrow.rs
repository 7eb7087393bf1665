//! Arrow through the pipes, with pyarrow on the other side.

use serde_json::Value;

use super::{asset, numbers, say_with_python};
use crate::program::{query, rows};

/// What every Python program of these tests begins with.
const BEGIN: &str = "import sys, pyarrow as pa, datetime, decimal\nout = sys.stdout.buffer\n";

fn declared(name: &str, columns: &str, more: &str) -> String {
    format!("command: [python3, {name}.py]\ncolumns: {{ {columns} }}\n{more}")
}

#[test]
fn several_inputs_come_one_after_another_with_their_names() {
    let program = "
streams = []
for _ in range(3):
    reader = pa.ipc.open_stream(sys.stdin.buffer)
    table = reader.read_all()
    streams.append((reader.schema.metadata[b'table'].decode(), table))
assert sys.stdin.buffer.read() == b''
names = [name for name, _ in streams]
table = pa.table({
    'tables': pa.array([' '.join(names)]),
    'columns': pa.array([' '.join(f'{f.name}:{f.type}' for f in streams[2][1].schema)]),
    'rows': pa.array([sum(table.num_rows for _, table in streams)]),
})
with pa.ipc.new_stream(out, table.schema) as writer:
    writer.write_table(table)
";
    let types = "cast(1 as boolean) as a, cast(1 as smallint) as b, cast(1 as int) as c, cast(1 as bigint) as d, cast(1 as real) as e, \
                 cast(1 as double) as f, cast(1 as decimal(10, 2)) as g, 'x' as h, date '2024-01-01' as i, \
                 cast(timestamp '2024-01-01T00:00:00Z' as timestamp with time zone) as j";
    let project = numbers()
        .with("models/marts/empty.sql", "select n from raw.numbers where n > 99")
        .with("models/marts/types.sql", format!("select {types} from raw.numbers"))
        .with("scripts/marts/s.py", format!("{BEGIN}{program}"))
        .with(
            "scripts/marts/s.yml",
            declared(
                "s",
                "rows: { type: bigint }, tables: { type: string }, columns: { type: string }",
                "inputs: [raw.numbers, marts.empty, marts.types]\n",
            ),
        );
    say_with_python(project.path(), &["run"]).exits(0);
    assert_eq!(query(project.path(), "select tables, rows from marts.s"), "raw.numbers marts.empty marts.types,6");
    let columns = query(project.path(), "select columns from marts.s");
    let expected = "a:bool b:int16 c:int32 d:int64 e:float f:double g:decimal128(10, 2) h:string i:date32[day]";
    assert!(columns.trim_matches('"').starts_with(expected), "{columns}");
}

#[test]
fn values_of_wider_and_stranger_types_are_taken_where_nothing_is_lost() {
    let program = "
table = pa.table({
    'ts': pa.array([datetime.datetime(2024, 1, 1, 12)], pa.timestamp('ns', 'Europe/Berlin')),
    'wall': pa.array([datetime.datetime(2024, 1, 1, 12)], pa.timestamp('ms')),
    'text': pa.array(['a']).dictionary_encode(),
    'large': pa.array(['b'], pa.large_string()),
    'seen': pa.array(['c'], pa.string_view()),
    'n': pa.array([7], pa.int16()),
    'd': pa.array([decimal.Decimal('1.5')], pa.decimal128(5, 1)),
    'f': pa.array([0.5], pa.float32()),
    'none': pa.nulls(1),
})
options = pa.ipc.IpcWriteOptions(compression='zstd')
with pa.ipc.new_stream(out, table.schema, options=options) as writer:
    writer.write_table(table)
";
    let columns = "n: { type: bigint }, d: { type: 'decimal(10,2)' }, f: { type: double }, text: { type: string }, large: { type: string }, \
                   seen: { type: string }, ts: { type: timestamp }, wall: { type: timestamp_ntz }, none: { type: int }";
    let project = numbers()
        .with("scripts/marts/s.py", format!("{BEGIN}{program}"))
        .with("scripts/marts/s.yml", declared("s", columns, ""));
    say_with_python(project.path(), &["run"]).exits(0);
    let row = &rows(
        project.path(),
        "select n, cast(d as string) as d, f, text, large, seen, cast(ts as string) as ts, cast(wall as string) as wall, none from marts.s",
    )[0];
    for (name, expected) in [("text", "a"), ("large", "b"), ("seen", "c"), ("d", "1.50")] {
        assert_eq!(row[name], expected, "{row}");
    }
    assert_eq!((row["n"].as_i64(), row["f"].as_f64(), row["none"].clone()), (Some(7), Some(0.5), Value::Null));
    // pyarrow takes a naive time for one in UTC.
    assert!(row["ts"].as_str().unwrap().starts_with("2024-01-01T12:00:00"), "{row}");
    assert!(row["wall"].as_str().unwrap().starts_with("2024-01-01T12:00:00"), "{row}");
}

#[test]
fn tables_of_no_rows_and_of_no_values_are_tables() {
    let write = |table: &str| {
        format!(
            "{BEGIN}table = {table}\nwith pa.ipc.new_stream(out, table.schema) as writer:\n    writer.write_table(table)\n"
        )
    };
    let n = "n: { type: bigint }";
    let project = numbers()
        .with("scripts/marts/empty.py", write("pa.table({'n': pa.array([], pa.int64())})"))
        .with("scripts/marts/empty.yml", declared("empty", n, ""))
        // An Arrow column of nulls has no bytes at all.
        .with("scripts/marts/nulls.py", write("pa.table({'n': pa.nulls(3)})"))
        .with("scripts/marts/nulls.yml", declared("nulls", n, ""))
        .with(
            "scripts/marts/batches.py",
            format!(
                "{BEGIN}schema = pa.schema([('n', pa.null())])\nwith pa.ipc.new_stream(out, schema) as writer:\n    for _ in range(4):\n        writer.write_batch(pa.record_batch([pa.nulls(2)], schema))\n"
            ),
        )
        .with("scripts/marts/batches.yml", declared("batches", n, ""))
        // The end of the output is an end of the stream, too.
        .with("scripts/marts/open.py", format!("{BEGIN}import os\ntable = pa.table({{'n': pa.array([1, 2])}})\nwriter = pa.ipc.new_stream(out, table.schema)\nwriter.write_table(table)\nout.flush()\nos._exit(0)\n"))
        .with("scripts/marts/open.yml", declared("open", n, ""));
    say_with_python(project.path(), &["run"]).exits(0);
    for (table, expected) in [("empty", "0,0"), ("nulls", "3,0"), ("batches", "8,0"), ("open", "2,2")] {
        assert_eq!(
            query(project.path(), &format!("select count(*), count(n) from marts.{table}")),
            expected,
            "{table}"
        );
    }
}

#[test]
fn what_is_no_whole_table_of_these_columns_is_told_and_not_published() {
    let write = "with pa.ipc.new_stream(out, table.schema) as writer:\n    writer.write_table(table)\n";
    let table = |columns: &str| format!("table = pa.table({{{columns}}})\n");
    let good = "'n': pa.array([1, 2])";
    let cases: Vec<(&str, String, &str, &[&str])> = vec![
        ("missing", table("'m': pa.array([1])") + write, "HW0326", &["stdout lacks column 'n'", "it has 'm'"]),
        (
            "extra",
            table(&format!("{good}, 'x': pa.array([1, 2])")) + write,
            "HW0326",
            &["has column 'x', which is not declared"],
        ),
        (
            "retyped",
            table("'n': pa.array(['1'])") + write,
            "HW0326",
            &["column 'n' in stdout is string", "declared as bigint"],
        ),
        (
            "narrowed",
            table("'n': pa.array([1.0])") + write,
            "HW0326",
            &["column 'n' in stdout is double", "declare n: { type: double }"],
        ),
        ("more", table(good) + write + "print('done')\n", "HW0325", &["goes on after the end", "done"]),
        (
            "before",
            "print('hello')\nsys.stdout.flush()\n".to_owned() + &table(good) + write,
            "HW0325",
            &["begins with 'hello"],
        ),
        (
            "between",
            table(good)
                + "writer = pa.ipc.new_stream(out, table.schema)\nwriter.write_table(table)\nout.write(b'a message\\n')\nwriter.write_table(table)\nwriter.close()\n",
            "HW0325",
            &["between two messages", "a message"],
        ),
        (
            "cut",
            table(good)
                + "sink = pa.BufferOutputStream()\nwith pa.ipc.new_stream(sink, table.schema) as writer:\n    writer.write_table(table)\nout.write(sink.getvalue().to_pybytes()[:-30])\n",
            "HW0325",
            &["ends within the Arrow stream"],
        ),
        (
            "file",
            table(good) + "with pa.ipc.new_file(out, table.schema) as writer:\n    writer.write_table(table)\n",
            "HW0325",
            &["begins with 'ARROW1", "not a file"],
        ),
        (
            "damaged",
            table(good)
                + "sink = pa.BufferOutputStream()\nwith pa.ipc.new_stream(sink, table.schema) as writer:\n    writer.write_table(table)\nb = bytearray(sink.getvalue().to_pybytes())\nb[8:40] = b'\\x07' * 32\nout.write(b)\n",
            "HW0325",
            &["damaged"],
        ),
        (
            "raised",
            table(good) + write + "raise ValueError('too high')\n",
            "HW0323",
            &["ended with status 1", "ValueError: too high"],
        ),
        (
            "halfway",
            table(good)
                + "writer = pa.ipc.new_stream(out, table.schema)\nwriter.write_table(table)\nout.flush()\nimport os\nos._exit(4)\n",
            "HW0323",
            &["ended with status 4"],
        ),
    ];
    let mut project = numbers();
    for (name, program, ..) in &cases {
        project = project
            .with(&format!("scripts/marts/{name}.py"), format!("{BEGIN}{program}"))
            .with(&format!("scripts/marts/{name}.yml"), declared(name, "n: { type: bigint }", ""));
    }
    let report = say_with_python(project.path(), &["run", "--json"]).exits(1).json();
    for (name, _, code, words) in &cases {
        let asset = asset(&report, &format!("marts.{name}"));
        assert_eq!((asset["state"].as_str(), asset["code"].as_str()), (Some("failed"), Some(*code)), "{asset:#}");
        let text = format!("{}\n{}", asset["message"].as_str().unwrap(), asset["help"].as_str().expect("help"));
        for word in *words {
            assert!(text.contains(word), "{name}: no '{word}' in {text}");
        }
    }
    let shown = project.say(&["show"]).exits(0).out;
    assert!(!shown.contains("marts."), "{shown}");
}
