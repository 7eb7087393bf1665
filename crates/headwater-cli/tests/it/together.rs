//! Two machines with catalogues of their own that publish into one lake in an object store.

use std::process::{Command, Stdio};

use crate::program::Said;
use crate::project::Project;

/// Of two that put the same version one wins. Where one was quick enough to be seen by the other, that one's version comes after it. No commit
/// ever takes the place of another.
///
/// `projects` are two on one lake below a prefix, of `raw.orders` whose `amount` is 30 in all; `log` are the names of that table's commits there.
#[track_caller]
pub(crate) fn one_of_two_wins(
    projects: impl Fn(&str) -> [Project; 2],
    program: impl Fn(&Project) -> Command,
    log: impl Fn(&str) -> String,
) {
    let mut conflicts = 0;
    for round in 0..20 {
        let prefix = format!("conflict{round}");
        let projects = projects(&prefix);
        let start = |project: &Project| {
            let mut command = program(project);
            command.args(["run", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running = projects.each_ref().map(start);
        let said = running.map(|running| Said::from(running.wait_with_output().unwrap()));
        let (winners, losers): (Vec<_>, Vec<_>) = said.iter().partition(|said| said.code == Some(0));
        for lost in &losers {
            assert_eq!(lost.json()["error"]["code"], "HW0915", "{lost:?}");
        }
        let log = log(&prefix);
        assert!(!winners.is_empty() && log.lines().count() == winners.len(), "a commit for each winner: {log}");
        let winner = if said[0].code == Some(0) { &projects[0] } else { &projects[1] };
        let total = program(winner).args(["query", "select sum(amount) as total from raw.orders"]).output().unwrap();
        assert_eq!(Said::from(total).exits(0).out, "total\n30\n");
        conflicts += losers.len();
        if conflicts == 3 {
            return;
        }
    }
    panic!("two runs have put the same version {conflicts} times in 20 rounds");
}
