//! Variables of sources that are not set: they are needed where the sources are, and nowhere else.

use crate::project::{NUMBERS, Project};

#[test]
fn what_only_reads_the_lake_needs_no_secrets_of_sources() {
    let project = Project::numbers().with("sources/numbers.yml", NUMBERS.replace("data", "\"${FOLDER_OF_NUMBERS}\""));
    project.say_after("export FOLDER_OF_NUMBERS=data", &["run"]).exits(0);
    for command in [
        &["query", "select total from marts.sums"][..],
        &["show", "marts.sums"],
        &["history"],
        &["lineage", "marts.sums.total"],
        &["runs"],
        &["list", "--select", "state:modified"],
        &["star"],
        &["diff", "1..main"],
        &["deliver", "--status"],
        &["branch", "create", "trial"],
        &["branch", "list"],
        &["maintain"],
        &["rollback", "1"],
    ] {
        let said = project.say(command);
        assert!(!said.err.contains("FOLDER_OF_NUMBERS"), "{command:?}: {said:?}");
        assert!(matches!(said.code, Some(0)), "{command:?}: {said:?}");
    }
    assert_eq!(project.say(&["list", "--select", "state:modified"]).exits(0).out, "", "what is written is what counts");
    for command in [&["run"][..], &["plan"], &["check"], &["test"], &["source", "check"]] {
        let said = project.say(command).exits(2);
        assert!(said.err.starts_with("error[HW0117]: "), "{}", said.err);
        assert_eq!(said.err.matches("error[").count(), 1, "told once, and nothing that comes of it: {}", said.err);
    }
    // Other mistakes of the source are told whatever a command reaches.
    project.write("sources/numbers.yml", NUMBERS.replace("data", "\"${FOLDER_OF_NUMBERS}\"").replace("path", "pth"));
    let said = project.say(&["query", "select 1"]).exits(2);
    assert!(said.err.contains("did you mean 'path'?"), "{}", said.err);
}
