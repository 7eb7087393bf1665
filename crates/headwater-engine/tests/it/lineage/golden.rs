//! Queries with what planning them must tell, in `golden/*.sql`.
//!
//! A file holds queries that end in `;`, each with a comment above that says what is shown, and below, in comments that
//! begin with `-->`, what planning tells, in the words of `notation`. `UPDATE_GOLDEN=1 cargo test --release -p
//! headwater-engine lineage::golden` writes these lines anew; read the difference before you keep it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::Schema;
use headwater_engine::analysis::analyze;

use super::notation;
use super::tables::{SESSION, empty_tables, schema_of};

const MARK: &str = "--> ";

/// A file's queries: the lines up to the `;`, as they are in the file, and the lines that were expected.
fn read_cases(text: &str) -> Vec<(String, Vec<String>)> {
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    let mut query = String::new();
    for line in text.lines() {
        if let Some(expected) = line.strip_prefix(MARK) {
            cases.last_mut().expect("a query above the first expectation").1.push(expected.to_owned());
        } else {
            writeln!(query, "{line}").unwrap();
            if line.ends_with(';') {
                cases.push((std::mem::take(&mut query), Vec::new()));
            }
        }
    }
    assert_eq!(query.trim(), "", "a query without `;` at the end");
    cases
}

/// What planning tells about a query of a file.
fn tell(query: &str) -> Vec<String> {
    let sql = query.trim_end().trim_end_matches(';');
    notation::write(sql, &analyze(&SESSION, sql, &schema_of))
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/it/lineage/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// All queries.
pub(super) fn queries() -> Vec<String> {
    let cases = files().into_iter().flat_map(|file| read_cases(&std::fs::read_to_string(file).unwrap()));
    cases.map(|(query, _)| query.trim_end().trim_end_matches(';').to_owned()).collect()
}

fn check(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let cases = read_cases(&text);
    let mut written = String::new();
    for (query, _) in &cases {
        written.push_str(query);
        tell(query).iter().for_each(|line| writeln!(written, "{MARK}{line}").unwrap());
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &written).unwrap();
    } else {
        for (query, expected) in &cases {
            assert_eq!(&tell(query), expected, "{}: planning tells otherwise about{query}", path.display());
        }
    }
    cases.len()
}

#[test]
fn every_query_has_the_lineage_that_is_written_below_it() {
    let cases: usize = files().iter().map(|file| check(file)).sum();
    assert!(cases >= 120, "only {cases} golden queries were found");
}

/// What planning accepts can be run and yields those columns; what it says the engine cannot run, the engine cannot run.
#[tokio::test]
async fn planning_knows_what_can_be_run() {
    let context = empty_tables();
    let (mut ran, mut refused) = (0, 0);
    for file in files() {
        for (query, _) in read_cases(&std::fs::read_to_string(&file).unwrap()) {
            let sql = query.trim_end().trim_end_matches(';');
            let run = async { context.sql(sql).await?.collect().await };
            match analyze(&SESSION, sql, &schema_of) {
                Ok(analysis) => {
                    let frame = context.sql(sql).await.unwrap();
                    let names = |schema: &Schema| schema.fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
                    assert_eq!(names(frame.schema().as_arrow()), names(&analysis.schema), "{query}");
                    run.await.unwrap_or_else(|error| panic!("planned, but not run: {error}\n{query}"));
                    ran += 1;
                }
                Err(error) if error.message.contains("engine cannot run") => {
                    assert!(run.await.is_err(), "refused, but run: {query}");
                    refused += 1;
                }
                Err(_) => {}
            }
        }
    }
    assert!(ran > 90 && refused > 0, "{ran} ran, {refused} were refused");
}
