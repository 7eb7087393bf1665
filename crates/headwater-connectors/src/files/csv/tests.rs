//! The CSV decoder against an independent writer, at every block boundary.

use std::io::{Cursor, Read};
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::{DataType, Field, Schema};
use headwater_sdk::Error;
use headwater_sdk::connector::{OnBadRow, RejectedRow};
use proptest::prelude::*;

use super::{CsvOptions, CsvValues, NullTokens, open};
use crate::columns::{Batch, Reading, Target};
use crate::files::decode::{Decoder, Measures};
use crate::files::input::{Compression, DirectBlocks, Feed};
use crate::files::rows::RowReader;

type Table = Vec<Vec<Option<String>>>;

fn options(delimiter: u8) -> CsvOptions {
    CsvOptions {
        delimiter,
        quote: Some(b'"'),
        comment: None,
        header: true,
        skip: 0,
        nulls: Arc::new(NullTokens::new(&[])),
    }
}

/// Reads a CSV text, every column as a string, in blocks of `block` bytes.
fn read(
    text: impl Read + Send + 'static,
    options: &CsvOptions,
    block: usize,
    max_line: usize,
) -> Result<(Table, Vec<RejectedRow>), Error> {
    let blocks = DirectBlocks::new(Box::new(text), "t.csv".into(), Compression::None, block);
    let Some(file) = open(Feed::new(Box::new(blocks)), options, max_line, &[], "t.csv")? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let fields: Vec<Field> = file.names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let width = fields.len();
    let target = Arc::new(Target {
        schema: Arc::new(Schema::new(fields)),
        inferred: vec![true; width],
        on_bad_row: OnBadRow::Reject,
        unit: "line",
        key: Vec::new(),
    });
    let batch = Batch::new(Arc::clone(&target), "t.csv".into(), &Reading::default())?;
    let values = CsvValues::new(&file, options, &target);
    let measures = Measures { fields: width, max_line, encoding: None };
    let mut decoder = Decoder::new(RowReader::new(file.feed, file.rows, file.lines), values, batch, measures, "t.csv");
    let (mut table, mut rejected) = (Vec::new(), Vec::new());
    while let Some(batch) = decoder.next()? {
        rejected.extend(batch.rejected);
        for row in 0..batch.rows.num_rows() {
            let value = |array: &Arc<dyn Array>| {
                let texts = array.as_string::<i32>();
                texts.is_valid(row).then(|| texts.value(row).to_owned())
            };
            table.push(batch.rows.columns().iter().map(value).collect());
        }
    }
    Ok((table, rejected))
}

fn read_text(text: &[u8], block: usize) -> (Table, Vec<(u64, String)>) {
    let (table, rejected) = read(Cursor::new(text.to_vec()), &options(b','), block, 1 << 20).unwrap();
    (table, rejected.into_iter().map(|row| (row.line, row.reason)).collect())
}

fn row(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
}

/// Block sizes from one byte to more than a small file.
const BLOCKS: [usize; 9] = [1, 2, 3, 5, 8, 13, 31, 64, 4096];

#[test]
fn what_files_out_there_do() {
    for (text, rows) in [
        ("a,b\n1,2\n", vec![row(&["1", "2"])]),
        ("a,b\r\n1,2\r\n3,4", vec![row(&["1", "2"]), row(&["3", "4"])]),
        ("a,b\r1,2\r3,4\r", vec![row(&["1", "2"]), row(&["3", "4"])]),
        ("a,b\n\n1,2\n\r\n\n3,4\n\n", vec![row(&["1", "2"]), row(&["3", "4"])]),
        ("a,b\n1,\n,2\n,", vec![row(&["1", ""]), row(&["", "2"]), row(&["", ""])]),
        ("\"a\",\"b\"\n\"x\"\"y\",\"1\n2\"\r\n", vec![row(&["x\"y", "1\n2"])]),
        ("a,b\n5\" pipe,say \"hi\"\n", vec![row(&["5\" pipe", "say \"hi\""])]),
        ("a,b\n\"\",\"\"\"\"\n", vec![vec![Some(String::new()), Some("\"".into())]]),
        ("a,b\n\"1,2\",\"3\"", vec![row(&["1,2", "3"])]),
        ("a\n\"x\"\r\n\"y\"\r", vec![row(&["x"]), row(&["y"])]),
        ("a,b\n", vec![]),
        ("", vec![]),
    ] {
        for block in BLOCKS {
            assert_eq!(read_text(text.as_bytes(), block), (rows.clone(), vec![]), "{text:?} in blocks of {block}");
        }
    }
}

#[test]
fn what_is_no_row_is_passed() {
    let with = |change: fn(&mut CsvOptions), text: &'static str, block: usize| {
        let mut options = options(b',');
        change(&mut options);
        let (rows, rejected) = read(Cursor::new(text.as_bytes()), &options, block, 40).unwrap();
        (rows, rejected.into_iter().map(|row| row.line).collect::<Vec<_>>())
    };
    let comments: fn(&mut CsvOptions) = |options| options.comment = Some(b'#');
    let both: fn(&mut CsvOptions) = |options| (options.comment, options.skip) = (Some(b'#'), 2);
    for block in BLOCKS {
        for text in [
            "# an \"open quote\n\n#\na,b\n1,2\n# 5,6\n#,\"\n\"#3\",4\n5#,#6\n# the end",
            "#\r\na,b\r\n1,2\r\n#\r\n\"#3\",4\r\n5#,#6\r\n#\r\n",
            "#x\ra,b\r1,2\r#\"\r\r#\r\"#3\",4\r5#,#6\r",
        ] {
            let rows = vec![row(&["1", "2"]), row(&["#3", "4"]), row(&["5#", "#6"])];
            assert_eq!(with(comments, text, block), (rows, vec![]), "{text:?} in blocks of {block}");
        }
        let text = "Report \"of,\n\n#x\na,b\n#y\n1,2\n3\n#z\n4,5,6\n";
        assert_eq!(with(both, text, block), (vec![row(&["1", "2"])], vec![7, 9]), "in blocks of {block}");
        for text in [
            "a,b\n1,2\n# 78901234567890123456789012345678901234567890123456789012345678901234567890\n3,4\n",
            "a,b\n# 78901234567890123456789012345678901234567890123456789012345678901234567890\n1,2\n3,4\n",
            "# 78901234567890123456789012345678901234567890123456789012345678901234567890\na,b\n1,2\n3,4\n",
        ] {
            assert_eq!(with(comments, text, block), (vec![row(&["1", "2"]), row(&["3", "4"])], vec![]), "{block}");
        }
    }
    assert_eq!(with(both, "only\none", 4096), (vec![], vec![]));
}

#[test]
fn bad_rows_cost_one_line_each() {
    let text = "a,b\n1,2,3\n\"x\ny\",2\n4\n\"open,5\n6,7\n\"q\"x,8\n\"ok\",9\n\"never closed,10\n11,12\n";
    for block in BLOCKS {
        let (rows, rejected) = read_text(text.as_bytes(), block);
        let lines: Vec<u64> = rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 5, 6, 8, 10], "{rejected:?} in blocks of {block}");
        let expected = vec![row(&["x\ny", "2"]), row(&["6", "7"]), row(&["ok", "9"]), row(&["11", "12"])];
        assert_eq!(rows, expected, "in blocks of {block}");
        assert!(rejected[0].1.contains("3 fields where 2"), "{rejected:?}");
        assert!(rejected[4].1.contains("not closed"), "{rejected:?}");
    }
}

#[test]
fn invalid_utf8_costs_its_row_only() {
    let text = b"a,b\nfine,1\nna\xEFve,2\n\xC3\xA9t\xC3\xA9,3\ncut \xC3\n\"\xFF\xFE\",5\nend,6\n";
    for block in BLOCKS {
        let (rows, rejected) = read_text(text, block);
        assert_eq!(rows, vec![row(&["fine", "1"]), row(&["\u{e9}t\u{e9}", "3"]), row(&["end", "6"])], "{block}");
        let lines: Vec<u64> = rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5, 6], "{rejected:?} in blocks of {block}");
        assert!(rejected[0].1.contains("0xEF at position 3"), "{rejected:?}");
    }
}

#[test]
fn headers_that_cannot_be_used_are_refused() {
    let wide = (0..1_000_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",") + "\n1,2\n";
    for (text, code, words) in [
        ("a,a\n", "HW0306", "both named 'a'"),
        ("a,A\n", "HW0306", "letter case"),
        ("a,,c\n", "HW0306", "column 2 of t.csv has no name"),
        ("a,b\"\n\"c", "ok", ""),
        ("\"a,b\n1,2\n", "HW0306", "not closed"),
        ("\"a\"b\n1,2\n", "HW0306", "closing quote"),
        (wide.as_str(), "HW0307", "1000000 columns"),
    ] {
        let result = read(Cursor::new(text.as_bytes().to_vec()), &options(b','), 4096, 16 << 20);
        match result {
            Ok(_) => assert_eq!(code, "ok", "{text:.40}"),
            Err(error) => {
                assert_eq!(error.code, code, "{text:.40}: {error}");
                assert!(error.message.contains(words) && error.help.is_some(), "{error}");
            }
        }
    }
    let error = read(Cursor::new(b"na\xEFve,b\n".to_vec()), &options(b','), 64, 1 << 20).unwrap_err();
    assert!(error.help.unwrap().contains("windows-1252"));
    let error = read(std::io::repeat(b'x').take(100_000), &options(b','), 512, 10_000).unwrap_err();
    assert!(error.message.contains("longer than 10000 bytes"), "{error}");
}

#[test]
fn long_rows_are_put_together_from_many_blocks() {
    let long = "x".repeat(300_000);
    let text = format!("a,b\n1,{long}\n2,\"{long}\"\n3,y\n");
    for block in [1000, 40_000] {
        let (rows, rejected) = read_text(text.as_bytes(), block);
        assert_eq!((rows.len(), rejected.len()), (3, 0));
        assert!(rows[..2].iter().all(|row| row[1].as_deref() == Some(&long)), "in blocks of {block}");
    }
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

#[test]
fn a_line_of_a_gigabyte_is_set_aside_without_being_held() {
    let before = peak();
    let text = Cursor::new("a,b\n1,2\n").chain(std::io::repeat(b'x').take(1 << 30)).chain(Cursor::new("\n3,4\n"));
    let (rows, rejected) = read(text, &options(b','), 256 << 10, 1 << 20).unwrap();
    assert_eq!(rows, vec![row(&["1", "2"]), row(&["3", "4"])]);
    assert_eq!((rejected.len(), rejected[0].line, rejected[0].raw.len()), (1, 3, 4096));
    assert!(rejected[0].reason.contains("longer than `max_line`"));
    assert!(peak() - before < 100 << 10, "{} KiB more than before", peak() - before);
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-c0-9]{0,6}",
        1 => "[ab,;\"\r\n\t| ]{0,8}",
        1 => "\\PC{0,5}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_another_writer_wrote_is_read_back(
        columns in 1_usize..5,
        cells in proptest::collection::vec(field(), 0..60),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
        end in 0_usize..3,
        quoting in 0_usize..3,
        block in 1_usize..200,
    ) {
        let style = [csv::QuoteStyle::Necessary, csv::QuoteStyle::Always, csv::QuoteStyle::NonNumeric][quoting];
        let end = [csv::Terminator::CRLF, csv::Terminator::Any(b'\n'), csv::Terminator::Any(b'\r')][end];
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter).quote_style(style).terminator(end).from_writer(Vec::new());
        writer.write_record((0..columns).map(|n| format!("c{n}"))).unwrap();
        let mut expected: Table = Vec::new();
        for cells in cells.chunks_exact(columns) {
            writer.write_record(cells).unwrap();
            // Only an empty field without quotes is null; a lone one is written in quotes.
            let null = quoting == 0 && columns > 1;
            expected.push(cells.iter().map(|cell| (!(null && cell.is_empty())).then(|| cell.clone())).collect());
        }
        let text = writer.into_inner().unwrap();
        let (rows, rejected) = read(Cursor::new(text), &options(delimiter), block, 1 << 20).unwrap();
        prop_assert_eq!(rejected, vec![]);
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn blocks_make_no_difference(
        text in proptest::collection::vec(
            prop_oneof![3 => Just(b'a'), 2 => Just(b','), 2 => Just(b'"'), 2 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(0xC3), 1 => Just(b'#')],
            0..120,
        ),
        block in 1_usize..40,
        max_line in prop_oneof![Just(4_usize), Just(11), Just(1 << 20)],
        comments: bool,
    ) {
        let text = [&b"a,b\n"[..], &text].concat();
        let options = CsvOptions { comment: comments.then_some(b'#'), ..options(b',') };
        let whole = read(Cursor::new(text.clone()), &options, 1 << 16, max_line).unwrap();
        let parts = read(Cursor::new(text), &options, block, max_line).unwrap();
        let strip = |rows: Vec<RejectedRow>| rows.into_iter().map(|row| (row.line, row.reason)).collect::<Vec<_>>();
        prop_assert_eq!(parts.0, whole.0);
        prop_assert_eq!(strip(parts.1), strip(whole.1));
    }
}
