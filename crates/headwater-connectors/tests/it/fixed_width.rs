//! Text whose columns begin at the same place in every line.

use headwater_sdk::connector::Drift;
use serde_json::{Value, json};

use crate::project::{Project, assert_error, rows, stream};

/// `more` beside the widths of a code, a name and an amount.
fn format(more: Value) -> Value {
    let mut format = json!({ "type": "fixed_width", "widths": [4, 8, 7] });
    format.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format
}

#[test]
fn columns_are_cut_at_their_places() {
    let project = Project::new().declare("code", "").declare("name", "").declare("amount", "decimal(9,2)");
    // The second name has letters of two bytes, and an emoji of four.
    project.write("t.txt", "0017Pears     12.50\n0018Äpfel 🍎   -0.99\r\n\n  19       7       \n");
    let loaded = project.load("t.txt", format(json!({}))).unwrap();
    assert_eq!(loaded.rows, rows(&[["0017", "Pears", "12.50"], ["0018", "Äpfel 🍎", "-0.99"], ["19", "7", "-"]]));
    assert_eq!(project.columns("t.txt", format(json!({})))[0].1, "string", "zeros at the beginning are kept");
    let loaded = project.load("t.txt", format(json!({ "trim": false }))).unwrap();
    assert_eq!(loaded.rows[2], ["  19", "       7", "-"]);
    let columns = json!([
        { "name": "amount", "start": 13, "width": 7 }, { "name": "initial", "start": 5, "width": 1 },
        { "name": "code", "start": 1, "width": 4 }, { "name": "wide", "start": 1, "width": 12 },
    ]);
    let project = Project::new();
    project.write("t.txt", "0017Pears     12.50 and what is not asked for\n0018Äpfel 🍎   -0.99\n");
    let loaded = project.load("t.txt", json!({ "type": "fixed_width", "columns": columns })).unwrap();
    assert_eq!(loaded.rows, rows(&[["12.5", "P", "0017", "0017Pears"], ["-0.99", "Ä", "0018", "0018Äpfel 🍎"]]));
}

#[test]
fn lines_of_other_lengths_are_bad_unless_they_may_be_short() {
    let project = Project::new();
    project.write(
        "t.txt",
        "0017Pears     12.50\n0018Figs      1\n0019Dates      2.50 more\n0020\n0021Nuts       1.00  \n",
    );
    let loaded = project.load("t.txt", format(json!({}))).unwrap();
    assert_eq!(loaded.rows, rows(&[["0017", "Pears", "12.5"], ["0021", "Nuts", "1.0"]]));
    let short = "the line has 15 characters where 19 are expected; say `pad: true` if blanks at the end are left out";
    let told: Vec<(u64, &str)> = loaded.rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(told[0], (2, short));
    assert_eq!(told[1], (3, "the line has 24 characters where 19 are expected"));
    assert_eq!((told[2].0, told.len(), loaded.rejected[2].raw.as_str()), (4, 3, "0020"));
    let loaded = project.load("t.txt", format(json!({ "pad": true }))).unwrap();
    assert_eq!(loaded.rows[1..3], rows(&[["0018", "Figs", "1.0"], ["0020", "-", "-"]]));
    assert_eq!(loaded.rejected.len(), 1);
}

#[test]
fn values_are_read_as_those_of_csv() {
    let project = Project::new().declare("day", "date").declare("n", "smallint").declare("note", "string");
    project.write(
        "t.txt",
        "20240229     7 x\n20230229     8 y\n20240301   n/a n/a\n20240302 40000 z\n20240303    1\u{20}\u{e4}\n",
    );
    let format =
        json!({ "type": "fixed_width", "widths": [8, 6, 4], "pad": true, "null": "n/a", "date_format": "%Y%m%d" });
    let loaded = project.load("t.txt", format).unwrap();
    assert_eq!(loaded.rows, rows(&[["2024-02-29", "7", "x"], ["2024-03-01", "-", "-"], ["2024-03-03", "1", "ä"]]));
    let told: Vec<String> = loaded.reasons().into_iter().map(|(_, line, reason)| format!("{line}: {reason}")).collect();
    assert_eq!(told, ["2: column 'day': '20230229' is not a date", "4: column 'n': '40000' is not a smallint"]);
}

#[test]
fn headers_encodings_and_compression() {
    let project = Project::new();
    let latin = encoding_rs::WINDOWS_1252
        .encode("REPORT OF MAY\nid  name    amount \n1   Äpfel      0.50\n2   Öl        12.00\n")
        .0;
    project.write("t.txt", &latin);
    let keys = json!({ "header": true, "skip": 1, "encoding": "windows-1252" });
    assert_eq!(
        project.columns("t.txt", format(keys.clone())),
        [("id", "bigint"), ("name", "string"), ("amount", "double")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    assert_eq!(project.load("t.txt", format(keys)).unwrap().rows, rows(&[["1", "Äpfel", "0.5"], ["2", "Öl", "12.0"]]));
    // Read as UTF-8, the lines with other letters are bad, and nothing else is.
    let loaded = project.load("t.txt", format(json!({ "skip": 2, "pad": true }))).unwrap();
    assert_eq!((loaded.rows.len(), loaded.rejected.len()), (0, 2));
    let packed = zstd::encode_all(&b"1   a         1.00\n"[..], 3).unwrap();
    project.write("t.txt.zst", packed);
    let loaded = project.load("t.txt.zst", format(json!({ "pad": true }))).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "a", "1.0"]]));
    project.write("t.txt", "");
    assert_error(project.load("t.txt", format(json!({ "header": true }))), "HW0310", &[]);
    project.write("t.txt", "id  id      amount \n");
    assert_error(project.load("t.txt", format(json!({ "header": true }))), "HW0306", &["both named 'id'"]);
    project.write("t.txt", "id          amount \n");
    assert_error(project.load("t.txt", format(json!({ "header": true }))), "HW0306", &["column 2", "no name"]);
}

#[test]
fn columns_come_and_go_by_the_policy() {
    let project = Project::new().with(|settings| settings.drift = Drift::Add);
    project.write("1.txt", "id  name    amount \n1   a         1.00\n".replace("1.00\n", " 1.00\n"));
    project.write("2.txt", "id  name    price  \n2   b         2.00\n".replace("2.00\n", " 2.00\n"));
    let loaded = project.load("*.txt", format(json!({ "header": true }))).unwrap();
    assert_eq!(loaded.rows, rows(&[["1", "a", "1.0", "-"], ["2", "b", "-", "2.0"]]));
}

#[test]
fn many_lines_pass_in_batches() {
    let project = Project::new();
    let text: String = (0..50_000).map(|n| format!("{n:>8}{:<10}{:>6}\n", format!("name {n}"), n % 100)).collect();
    project.write("t.txt", text);
    let loaded = project.load("t.txt", json!({ "type": "fixed_width", "widths": [8, 10, 6] })).unwrap();
    assert!(loaded.rows.into_iter().eq((0..50_000).map(|n| vec![
        n.to_string(),
        format!("name {n}"),
        (n % 100).to_string()
    ])));
}

#[test]
fn places_that_make_no_sense_are_refused() {
    let project = Project::new();
    for (format, words) in [
        (json!({}), "nothing says where the columns"),
        (json!({ "widths": [] }), "have no columns"),
        (json!({ "widths": [3, 0] }), "a width is 0"),
        (json!({ "widths": [4_000_000_000_u32, 4_000_000_000_u32] }), "a width is 4000000000"),
        (json!({ "widths": [3], "columns": [] }), "both `columns` and `widths`"),
        (json!({ "columns": [{ "name": "a", "start": 0, "width": 1 }] }), "stands nowhere"),
        (
            json!({ "columns": [{ "name": "a", "start": 1, "width": 1 }, { "name": "A", "start": 2, "width": 1 }] }),
            "there twice",
        ),
        (json!({ "columns": [{ "name": "a", "start": 1, "width": 1 }], "header": true }), "so would `header`"),
        (json!({ "widths": [1], "delimiter": ";" }), "`delimiter` has no meaning for fixed_width files"),
    ] {
        let mut format = format;
        format["type"] = json!("fixed_width");
        let error = project.open(stream("t.txt", format)).err().unwrap();
        assert!(error.message.contains(words), "{error:?}");
        assert!(error.help.is_some());
    }
}
