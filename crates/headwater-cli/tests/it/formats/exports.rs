//! Files as people and their programs write them: what `headwater source add files` makes of them has the right values, or says what it does
//! not know.

use crate::program::query;
use crate::project::Project;

/// A file, what `source add` says of it, and what the table holds.
struct Case {
    name: &'static str,
    text: &'static str,
    /// A part of a note, or none where nothing may be said.
    note: Option<&'static str>,
    sql: &'static str,
    answer: &'static str,
}

const CASES: [Case; 28] = [
    Case {
        name: "lines_above_two_columns",
        text: "Bericht\nk;x\n1;1,5\n2;2,5\n",
        note: None,
        sql: "select count(*), sum(k), sum(x)",
        answer: "2,3,4.0",
    },
    Case {
        name: "title_filled_up",
        text: "Bericht;;\n;;\nk;x;y\n1;1,5;a\n2;2,5;b\n",
        note: None,
        sql: "select count(*), sum(k), sum(x), max(y)",
        answer: "2,3,4.0,b",
    },
    Case {
        name: "title_with_a_date",
        text: "Bericht,,Stand 1.2.2024\nk,x,y\n1,1.5,a\n2,2.5,b\n",
        note: None,
        sql: "select count(*), sum(k), sum(x), max(y)",
        answer: "2,3,4.0,b",
    },
    Case {
        name: "index_without_a_name",
        text: ",city,n\n0,Bern,5\n1,Basel,6\n",
        note: Some("new names are column_1"),
        sql: "select count(*), sum(column_1), max(city), sum(n)",
        answer: "2,1,Bern,11",
    },
    Case {
        name: "names_twice",
        text: "id,n,N,id\n1,2,3,4\n5,6,7,8\n",
        note: Some("new names are N_2, id_2"),
        sql: "select sum(id), sum(n), sum(\"N_2\"), sum(id_2)",
        answer: "6,8,10,12",
    },
    Case {
        name: "years_as_names",
        text: "land,2019,2020,2021\nCH,8,9,7\nDE,80,81,85\n",
        note: None,
        sql: "select count(*), sum(\"2019\"), sum(\"2021\")",
        answer: "2,88,92",
    },
    Case {
        name: "no_header",
        text: "1;1,5;Bern\n2;2,5;Basel\n",
        note: Some("no header, as '1' is a value"),
        sql: "select sum(column_1), sum(column_2), min(column_3)",
        answer: "3,4.0,Basel",
    },
    Case {
        name: "no_header_and_commas",
        text: "1,5;2,5\n3,5;4,5\n",
        note: Some("no header"),
        sql: "select sum(column_1), sum(column_2)",
        answer: "5.0,7.0",
    },
    Case {
        name: "thousands",
        text: "shop;total\nBern;1.000\nBasel;2.500\n",
        note: Some("total: all values are like 1.000"),
        sql: "select max(total)",
        answer: "2.500",
    },
    Case {
        name: "fractions",
        text: "shop;total\nBern;0.125\nBasel;2.500\n",
        note: None,
        sql: "select sum(total)",
        answer: "2.625",
    },
    Case {
        name: "german_dates",
        text: "am;um;n\n1.2.2024;24.12.2023 18:30;1\n03.11.2024;1.1.2024 00:00;2\n",
        note: None,
        sql: "select min(am), max(am), min(um), sum(n)",
        answer: "2024-02-01,2024-11-03,2023-12-24T18:30:00,3",
    },
    Case {
        name: "american_dates",
        text: "at,ordered\n1/31/2024 1:05 PM,02/03/2024\n2/1/2024 12:00 AM,03/04/2024\n",
        note: None,
        sql: "select min(at), max(at), max(ordered)",
        answer: "2024-01-31T13:05:00,2024-02-01T00:00:00,2024-03-04",
    },
    Case {
        name: "dates_and_nulls",
        text: "id;am\n1;-\n2;31.12.2024\n3;NULL\n",
        note: None,
        sql: "select count(am), max(am)",
        answer: "1,2024-12-31",
    },
    Case {
        name: "dates_in_several_forms",
        text: "id,am\n1,31/12/2024\n2,2024-12-31\n",
        note: Some("am: dates are written in several ways"),
        sql: "select min(am)",
        answer: "2024-12-31",
    },
    Case {
        name: "addresses_and_commas",
        text: "ip;betrag;tel\n192.168.100.200;1,5;612 345 678\n10.100.100.200;1.234,5;613 345 678\n",
        note: Some("ip: texts"),
        sql: "select min(ip), sum(betrag), min(tel)",
        answer: "10.100.100.200,1236.0,612 345 678",
    },
    Case {
        name: "codes_beside_commas",
        text: "code;betrag\n1.234;1,5\n2.345;2,5\n",
        note: Some("may be numbers"),
        sql: "select min(code), min(betrag)",
        answer: "1.234,\"1,5\"",
    },
    Case {
        name: "colours",
        text: "# colours\nhex,x\n#ff0000,1\n#00ff00,2\nred,3\n",
        note: None,
        sql: "select count(*), min(hex), sum(x)",
        answer: "3,#00ff00,6",
    },
    Case {
        name: "remarks",
        text: "# all of 2024\nid,x\n1,2\n# the end\n",
        note: Some("begin with #"),
        sql: "select count(*), sum(x)",
        answer: "1,2",
    },
    Case {
        name: "years_above_numbers_that_follow_each_other",
        text: "land,2019,2020,2021\nCH,1,2,3\nDE,4,5,6\n",
        note: None,
        sql: "select count(*), sum(\"2021\")",
        answer: "2,9",
    },
    Case {
        name: "ragged",
        text: "id,a,b\n1,x\n2,y,z\n3,w,v\n",
        note: Some("another number of fields"),
        sql: "select count(*), sum(id), max(b)",
        answer: "2,5,z",
    },
    Case {
        name: "short_years",
        text: "id;am\n1;24.12.23\n2;01.02.24\n",
        note: Some("two digits"),
        sql: "select min(am), max(am)",
        answer: "2023-12-24,2024-02-01",
    },
    Case {
        name: "dates_of_either_kind",
        text: "id,am\n1,02/03/2024\n2,04/05/2024\n",
        note: Some("am: whether days or months stand first"),
        sql: "select min(am)",
        answer: "02/03/2024",
    },
    Case {
        name: "dates_of_two_kinds",
        text: "id,am,um\n1,13.03.2024,2024-01-01\n2,14.03.2024,2024-01-02\n",
        note: Some("%d.%m.%Y"),
        sql: "select min(am), min(um)",
        answer: "13.03.2024,2024-01-01",
    },
    Case {
        name: "one_column_of_names",
        text: "name\nSmith, J\nDoe, A\n",
        note: Some("rows hold ','"),
        sql: "select min(name)",
        answer: "\"Doe, A\"",
    },
    Case { name: "one_column", text: "name\nAda\nAlan\n", note: None, sql: "select min(name)", answer: "Ada" },
    Case {
        name: "a_comma_in_the_title",
        text: "Sales, 2024\na;b;c\n1;1,5;x\n2;2,5;y\n3;3,5;z\n",
        note: None,
        sql: "select sum(a), sum(b), max(c)",
        answer: "6,7.5,z",
    },
    Case {
        name: "versions_and_telephones",
        text: "id,version,phone\n1,1.2.10,044 111 22 33\n2,1.2.11,031 333 44 55\n",
        note: None,
        sql: "select min(version), min(phone)",
        answer: "1.2.10,031 333 44 55",
    },
    Case {
        name: "texts_in_quotes",
        text: "\"id\";\"text\"\n1;\"a, b; c\"\n2;\"d, e; \"\"f\"\"\"\n",
        note: None,
        sql: "select sum(id), max(text)",
        answer: "3,\"d, e; \"\"f\"\"\"",
    },
];

#[test]
fn exports_have_the_right_values_or_a_note() {
    let project = Project::empty();
    for Case { name, text, .. } in CASES {
        project.write(&format!("data/{name}.csv"), text);
    }
    let said = project.say(&["source", "add", "files", "data", "--json"]).exits(0).json();
    let notes: Vec<&str> = said["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    for Case { name, note, .. } in CASES {
        let of: Vec<&&str> = notes.iter().filter(|note| note.starts_with(&format!("{name}.csv: "))).collect();
        match (note, of.as_slice()) {
            (None, []) => {}
            (Some(part), told) if told.iter().any(|told| told.contains(part)) => {}
            (wanted, told) => panic!("{name}: {wanted:?} and {told:?}"),
        }
    }
    project.run();
    for Case { name, sql, answer, .. } in CASES {
        assert_eq!(query(project.path(), &format!("{sql} from raw.{name}")), answer, "{name}");
    }
    let listed = project.say(&["list", "--json"]).exits(0);
    assert_eq!(listed.out.matches("__rejected").count(), listed.out.matches("raw.ragged__rejected").count());
}

/// What is found is no declaration: a later value that a type would change is set aside, as it is without `source add`.
#[test]
fn types_that_are_found_do_not_change_values_of_later_files() {
    let project = Project::empty();
    for month in 1..=9 {
        project.write(&format!("data/t_{month}.csv"), "zip,x\n10001,1.5\n");
    }
    // Of many files the first, the middle and the last one are looked at.
    project.write("data/t_3.csv", "zip,x\n01234,1\n+555,2\n1e3,3\n10002,4\n");
    project.say(&["source", "add", "files", "data"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select count(*), sum(zip) from raw.t"), "9,90010");
    assert_eq!(query(project.path(), "select count(*) from raw.t__rejected"), "3");
}

/// Columns that are taken by their place are those of files with the same header.
#[test]
fn headers_that_cannot_be_used_are_not_mixed_up() {
    let project = Project::empty()
        .with("data/t_1.csv", "id,a,\n1,10,x\n")
        .with("data/t_2.csv", "a,id,\n20,2,y\n")
        .with("data/t_3.csv", "id,a,\n3,30,z\n");
    project.say(&["source", "add", "files", "data"]).exits(0);
    project.run();
    assert_eq!(query(project.path(), "select id, a, column_3 from raw.t order by id"), "1,10,x\n3,30,z");
    assert_eq!(query(project.path(), "select id, a, column_3 from raw.t_2"), "2,20,y");
}
