//! Files whose rows take the place of those with their key.

use crate::program::{query, rows};
use crate::project::{Project, assert_told};
use crate::tables::python;

fn source(path: &str) -> String {
    format!(
        "connector: files\nlocation: data\nstreams:\n  - {{ table: raw.customers, path: \"{path}\", mode: new_files, key: id }}\n"
    )
}

const ALL: &str = "select id, name from raw.customers order by id";

#[test]
fn the_later_row_of_a_key_counts() {
    let project = Project::empty()
        .with("sources/files.yml", source("*.csv"))
        .with("data/2024-01.csv", "id,name\n1,Ada\n2,Ben\n")
        .with("data/2024-02.csv", "id,name\n2,Benno\n3,Cleo\n3,Cleopatra\n");
    project.run();
    assert_eq!(query(project.path(), ALL), "1,Ada\n2,Benno\n3,Cleopatra");
    assert!(project.run().out.contains("nothing"), "up to date");
    project.write("data/2024-03.csv", "id,name\n1,Ada Lovelace\n4,Dan\n");
    let said = project.say(&["run", "--json"]).exits(0).json();
    assert_eq!(said["assets"][0]["rows_in"], 2, "only the new file is read: {said}");
    assert_eq!(query(project.path(), ALL), "1,Ada Lovelace\n2,Benno\n3,Cleopatra\n4,Dan");
    // A file that has changed is read again: there is no doubling. One that is gone takes nothing with it.
    project.write("data/2024-02.csv", "id,name\n2,Benjamin\n5,Eve\n");
    std::fs::remove_file(project.path().join("data/2024-01.csv")).unwrap();
    project.run();
    assert_eq!(query(project.path(), ALL), "1,Ada Lovelace\n2,Benjamin\n3,Cleopatra\n4,Dan\n5,Eve");
}

#[test]
fn rows_without_a_key_are_set_aside() {
    let project = Project::empty()
        .with("sources/files.yml", source("a.csv"))
        .with("data/a.csv", "id,name\n1,Ada\n,nobody\n2,Ben\n");
    project.run();
    assert_eq!(query(project.path(), ALL), "1,Ada\n2,Ben");
    let aside = "select _file, _line, _reason from raw.customers__rejected order by _line";
    let told = rows(project.path(), aside);
    assert_eq!((told[0]["_line"].as_i64(), told.len()), (Some(3), 1), "{told:?}");
    assert_eq!(told[0]["_reason"], "column 'id' is null, and is a part of the key");
    // Of every other kind of file.
    for (path, text, line) in [
        (
            "b.jsonl",
            "{\"id\": 3, \"name\": \"Cleo\"}\n{\"name\": \"nobody\"}\n{\"id\": null}\n{\"id\": 2, \"name\": \"B\"}\n",
            2,
        ),
        ("c.txt", "id name    \n 3 Cleo    \n   nobody  \n 2 B       \n", 3),
    ] {
        let project = Project::empty().with("data/.keep", "").with(&format!("data/{path}"), text);
        let format = if path == "c.txt" { ", format: { type: fixed_width, widths: [3, 8], header: true }" } else { "" };
        let stream = source(path).replace(", mode", &format!("{format}, mode"));
        project.write("sources/files.yml", stream);
        project.run();
        assert_eq!(query(project.path(), ALL), "2,B\n3,Cleo", "{path}");
        let told = rows(project.path(), aside);
        assert_eq!(
            (told[0]["_line"].as_i64(), &told[0]["_reason"]),
            (Some(line), &"column 'id' is null, and is a part of the key".into()),
            "{path}"
        );
    }
    let project = Project::empty().with("sources/files.yml", source("t.parquet")).with("data/.keep", "");
    python(
        project.path(),
        "import pyarrow as pa, pyarrow.parquet as pq\npq.write_table(pa.table({'id': [1, None, 3, 1], 'name': ['a', 'b', 'c', 'd']}), 'data/t.parquet')",
    );
    project.run();
    assert_eq!(query(project.path(), ALL), "1,d\n3,c");
    assert_eq!(rows(project.path(), aside)[0]["_line"], 2);
    project.write("sources/files.yml", source("t.parquet").replace("key: id", "key: id, on_bad_row: fail"));
    assert_told(&project.say(&["run", "--full-refresh"]).exits(1), "HW0309", &["column 'id' is null", "t.parquet"]);
}
