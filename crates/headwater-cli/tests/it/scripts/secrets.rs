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

#[test]
fn declared_secrets_come_from_files_and_commands() {
    let project = numbers()
        .with(
            "headwater.yml",
            "name: small\nsecrets:\n  TOKEN_OF_MINE: { command: [sh, -c, 'echo x >> asked; cat vault.json'], field: data.token }\n  \
             NOT_USED: { command: [sh, -c, 'echo x >> asked; exit 1'] }\n  OTHER: { file: other }\n",
        )
        .with("vault.json", format!("{{ \"data\": {{ \"token\": \"{SECRET}\" }} }}"))
        .with("other", "another one\n")
        .with("scripts/marts/ok.yml", shell("ok", "env: { TOKEN: '${TOKEN_OF_MINE}', OTHER: '${OTHER}' }\n"))
        .with(
            "scripts/marts/ok.sh",
            "echo \"using $TOKEN, $OTHER\" >&2; test \"$TOKEN, $OTHER\" = 'hunter2-and-more, another one' && echo '{\"n\": 1}'\n",
        );
    // What the environment has of the name does not count.
    let output = headwater(project.path()).args(["run"]).env("TOKEN_OF_MINE", "wrong").output().unwrap();
    let said = Said::from(output).exits(0);
    assert!(said.err.contains("marts.ok | using ***, ***"), "{}", said.err);
    assert_eq!(std::fs::read_to_string(project.path().join("asked")).unwrap(), "x\n", "once, and the used one alone");
    std::fs::remove_file(project.path().join("vault.json")).unwrap();
    let said = project.say(&["check"]).exits(2);
    assert!(said.err.contains("error[HW0137]: the secret TOKEN_OF_MINE cannot be read: "), "{}", said.err);
    assert!(said.err.contains("ended with exit status: 1: cat: vault.json"), "{}", said.err);
    assert!(said.err.contains("--> scripts/marts/ok.yml:"), "{}", said.err);
}

#[test]
fn an_environment_has_secrets_of_its_own_and_mistakes_are_told() {
    let project = numbers()
        .with(
            "headwater.yml",
            "name: small\nenvironments:\n  dev: { default: true, lake: lake }\n  prod:\n    lake: lake\n    secrets: { A: { file: prod } }\n\
             secrets:\n  A: { file: dev }\n",
        )
        .with("dev", "of dev")
        .with("prod", "of prod")
        .with("scripts/marts/ok.yml", shell("ok", "env: { TOKEN: '${A}' }\n"))
        .with("scripts/marts/ok.sh", "test \"$TOKEN\" = \"$WANTED\" && echo '{\"n\": 1}'\n");
    for (environment, wanted) in [("dev", "of dev"), ("prod", "of prod")] {
        project
            .write("scripts/marts/ok.yml", shell("ok", &format!("env: {{ TOKEN: '${{A}}', WANTED: '{wanted}' }}\n")));
        project.say(&["run", "--env", environment]).exits(0);
    }
    project.write(
        "headwater.yml",
        "name: small\nsecrets:\n  A: { file: a, command: [b] }\n  B: {}\n  no-name: { file: a }\n  C: { file: a, timeout: 1m }\n  \
         D: { command: [] }\n  E: { file: '${NOWHERE_TO_BE_FOUND}/e' }\n",
    );
    let said = project.say(&["check"]).exits(2);
    for expected in [
        "a secret comes from a file or from a command\n --> headwater.yml:3:3",
        "headwater.yml:4:3",
        "'no-name' is no name for a secret",
        "a file has no `timeout`",
        "the command is empty",
        "the environment variable NOWHERE_TO_BE_FOUND is not set, or empty",
    ] {
        assert!(said.err.contains(expected), "{expected}: {}", said.err);
    }
}
