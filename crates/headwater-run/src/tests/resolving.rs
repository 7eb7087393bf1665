//! What is wrong with a project is told before anything runs, each mistake once.

use headwater_sdk::check::{Probe, Severity};
use headwater_sdk::connector::ReadMode;

use super::project::{Draft, table};
use super::world::{World, options};
use crate::RunError;

async fn mistakes(draft: Draft) -> Vec<(&'static str, String, Option<String>)> {
    let world = World::new();
    world.files.put("raw.a", &["key", "value"], "1", &[&["a", "1"]]);
    let outcome = world.run_with(&draft.build(), &options()).await;
    assert!(!world.tap.calls().iter().any(|call| call.starts_with("engine stage")), "nothing was run");
    match outcome {
        Err(RunError::Project(diagnostics)) => {
            assert!(diagnostics.iter().all(|diagnostic| diagnostic.span().is_some()));
            diagnostics.into_iter().map(|d| (d.code, d.message, d.help)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn source() -> Draft {
    Draft::new().stream("raw.a", ReadMode::Full)
}

#[tokio::test]
async fn models_downstream_of_a_broken_one_are_silent() {
    let draft = source()
        .table("marts.bad", "select kez from raw.a")
        .table("marts.after", "select nonsense from marts.bad")
        .not_null("nothing", Severity::Warn)
        .table("marts.worse", "select also_bad from raw.a");
    let codes: Vec<_> = mistakes(draft).await.into_iter().map(|(code, message, _)| (code, message)).collect();
    assert_eq!(
        codes,
        [("HW0503", "marts.bad: no column kez".to_owned()), ("HW0503", "marts.worse: no column also_bad".to_owned())]
    );
}

#[tokio::test]
async fn names_in_checks_and_headers_are_verified_with_a_suggestion() {
    let to = |table_name: &str, column: &str| Probe::References {
        columns: vec!["key".into()],
        to: table(table_name),
        to_columns: vec![column.into()],
    };
    let draft = source()
        .not_null("kye", Severity::Error)
        .table("marts.a", "select key, value from raw.a")
        .partitioned("valeu")
        .described("vlue")
        .check("relationships(1)", Severity::Error, to("raw.b", "key"))
        .check("relationships(2)", Severity::Error, to("raw.a", "keys"))
        .check("expression(1)", Severity::Error, Probe::Row { fails_when: "valu = 'x'".into() })
        .check("freshness(1)", Severity::Warn, Probe::Freshness { column: "value".into(), max_age_seconds: 1 })
        .view("marts.v", "select key from raw.a")
        .not_null("key", Severity::Quarantine);
    let mut found = mistakes(draft).await;
    found.sort();
    let codes: Vec<&str> = found.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, ["HW0503", "HW0901", "HW0902", "HW0903", "HW0904", "HW0905", "HW0908", "HW0909"]);
    let help = |code: &str| found.iter().find(|(found, ..)| *found == code).and_then(|(.., help)| help.clone());
    for (code, near) in [("HW0901", "'key'"), ("HW0902", "'raw.a'"), ("HW0903", "'key'"), ("HW0904", "'value'")] {
        assert_eq!(help(code), Some(format!("did you mean {near}?")), "{code}");
    }
}

#[tokio::test]
async fn a_source_that_was_never_read_and_cannot_be_is_the_environments_fault() {
    let world = World::new();
    world.files.put("raw.a", &["key"], "1", &[]);
    world.files.cut_off("raw.a", true);
    let project = source().table("marts.a", "select key from raw.a").build();
    let error = world.run_with(&project, &options()).await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(matches!(error, RunError::OutOfReach(error, told) if error.code == "HW0401" && told.len() == 1));
}
