//! A log with many commits gets a checkpoint, from which readers begin.

use super::{arrive, assert_right, log, project};
use crate::program::{json, ok, query};

#[test]
fn a_long_log_gets_a_checkpoint_and_keeps_its_commits() {
    let project = project();
    for number in 1..=19 {
        arrive(&project, number);
    }
    let early = query(project.path(), "select count(*), sum(v), min(id) from raw.n");
    let checkpoints = || {
        let entries = std::fs::read_dir(project.lake().join("raw/n/_delta_log")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains(".checkpoint.")).collect::<Vec<_>>()
    };
    let dry = json(project.path(), &["maintain", "--checkpoint", "--dry-run"]);
    assert!(checkpoints().is_empty());
    assert!(dry["tables"].as_array().unwrap().iter().all(|told| told["checkpoint"] == true), "{dry}");
    let done = json(project.path(), &["maintain", "--checkpoint"]);
    assert_eq!(done["tables"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(checkpoints(), ["00000000000000000019.checkpoint.parquet"]);
    assert_eq!(log::commits(&project.lake(), "raw.n").len(), 20, "no commit is removed");
    let again = json(project.path(), &["maintain", "--checkpoint"]);
    assert!(again["tables"].as_array().unwrap().is_empty(), "{again}");

    assert_eq!(query(project.path(), "select count(*), sum(v), min(id) from raw.n"), early);
    assert_right(&project);
    assert_eq!(
        ok(project.path(), &["query", "select count(*) from raw.n", "--as-of", "3", "--format", "csv"]).lines().last(),
        Some("2016"),
        "before the checkpoint"
    );
    assert_eq!(arrive(&project, 20), ["append", "keys"]);
    assert_right(&project);
    assert_eq!(query(project.path(), "select count(*) from raw.n"), (2_000 + 8 * 20).to_string());

    // A checkpoint is all that a reader needs of the commits up to it: here they are out of its way.
    let (folder, aside) = (project.lake().join("raw/n/_delta_log"), project.path().join("aside"));
    std::fs::create_dir(&aside).unwrap();
    for version in 0..=18 {
        let name = format!("{version:020}.json");
        std::fs::rename(folder.join(&name), aside.join(&name)).unwrap();
    }
    assert_eq!(query(project.path(), "select count(*) from raw.n"), (2_000 + 8 * 20).to_string());
    let pruned = query(project.path(), "select count(*) from raw.n where id between 50000 and 50007");
    assert_eq!(pruned, "8");
}
