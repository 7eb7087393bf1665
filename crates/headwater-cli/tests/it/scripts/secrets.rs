//! Secrets that a program is given, and says aloud.

use super::{numbers, shell};
use crate::program::{Said, headwater};

const SECRET: &str = "hunter2-and-more";

#[test]
fn a_secret_of_the_environment_is_nowhere_to_be_seen() {
    let project = numbers()
        .with("scripts/marts/ok.yml", shell("ok", "env: { TOKEN: 'Bearer ${TOKEN_OF_MINE}' }\n"))
        .with(
            "scripts/marts/ok.sh",
            "echo \"using $TOKEN\" >&2; test \"$TOKEN\" = 'Bearer hunter2-and-more' && echo '{\"n\": 1}'\n",
        )
        .with("scripts/marts/fails.yml", shell("fails", "env: { TOKEN: '${TOKEN_OF_MINE}' }\n"))
        .with("scripts/marts/fails.sh", "echo \"refused: $TOKEN\" >&2; exit 1\n");
    for arguments in
        [&["run"][..], &["run", "--json"], &["plan"], &["list", "--json"], &["runs"], &["lineage", "marts.ok"]]
    {
        let output = headwater(project.path()).args(arguments).env("TOKEN_OF_MINE", SECRET).output().unwrap();
        let said = Said::from(output);
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{arguments:?}\n{}\n{}", said.out, said.err);
        if arguments == ["run"] {
            assert!(said.err.contains("marts.ok | using Bearer ***"), "{}", said.err);
            assert!(said.out.contains("refused: ***"), "{}", said.out);
        }
    }
    // The catalogue has messages and definitions.
    let catalog = std::fs::read_dir(project.lake().join("_headwater")).unwrap();
    for file in catalog.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "{}", file.display());
    }
    // Another value of the secret is no other definition.
    let output =
        headwater(project.path()).args(["plan", "--json"]).env("TOKEN_OF_MINE", "another value").output().unwrap();
    let plan = Said::from(output).exits(0).json();
    let task = plan["tasks"].as_array().unwrap().iter().find(|task| task["asset"] == "marts.ok").unwrap().clone();
    assert_eq!(task["action"], "skip", "{task}");
}
