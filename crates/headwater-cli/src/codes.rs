//! The error codes of the program itself, `HW08xx`, and the list of all crates' codes.

use headwater_sdk::Code;

/// Every code of this crate, in order.
const CODES: &[Code] = &[
    Code::new(
        "HW0801",
        "no catalogue for a lake in object storage",
        "The catalogue is a database file. Beside a lake in a local folder its place is known; for a lake in object \
         storage, set `catalog` of the environment in headwater.yml to the path of a file on this machine.",
    ),
    Code::new(
        "HW0802",
        "no project",
        "A project is a folder with a headwater.yml. Change into one, name it with -C, or make one with `headwater init`.",
    ),
    Code::new(
        "HW0803",
        "a kind of catalogue that is not built yet",
        "Only catalogues in SQLite files are built. Set `catalog` of the environment to the path of a file.",
    ),
    Code::new(
        "HW0806",
        "nothing is published",
        "The environment's lake has no snapshot yet. `headwater run` makes the first.",
    ),
    Code::new("HW0807", "no such run", "`headwater runs` lists the runs; the beginning of an identifier is enough."),
    Code::new(
        "HW0808",
        "no such table or column",
        "What is published has no table or column of that name. `headwater show` lists the tables, `headwater show \
         <table>` the columns of one.",
    ),
    Code::new(
        "HW0809",
        "a file cannot be written",
        "The file that was asked for cannot be written; the cause says why.",
    ),
    Code::new("HW0810", "a defect", "An answer could not be written as JSON. Please report it."),
    Code::new(
        "HW0811",
        "no threads",
        "The system refuses to start threads: a limit of processes or memory is reached.",
    ),
    Code::new("HW0812", "no output", "Standard output cannot be written to, e.g. because the disk it goes to is full."),
    Code::new(
        "HW0813",
        "a value that cannot be shown",
        "A value of the answer cannot be written in the format asked for. \
         Another --format may do; please report it.",
    ),
    Code::new("HW0814", "no such schema", "The message lists the kinds of YAML that have a schema."),
    Code::new("HW0815", "no such code", "The message names the nearest code. `headwater explain` lists all codes."),
    Code::new(
        "HW0816",
        "options that do not go together",
        "Parquet is a binary format with its index at the end: it can only go to a file, with --output. A file whose \
         ending is none of the known ones needs --format. The answers of several statements do not go into one file.",
    ),
    Code::new(
        "HW0817",
        "a folder that is not empty",
        "`headwater init` makes a new project and overwrites nothing. Name another folder.",
    ),
    Code::new(
        "HW0818",
        "a defect",
        "The program came to a place that it should never come to. What is published is as it was or as the run left \
         it: the next run puts right what this one left behind. Please report the text.",
    ),
    Code::new(
        "HW0819",
        "no time",
        "--from and --to take a year (2013), a month (2013-03), a day (2013-03-15) or a time (2013-03-15T08:00:00Z), in UTC \
         where no zone is written; what --to names is taken up to its end.",
    ),
    Code::new(
        "HW0820",
        "no such star",
        "`headwater star` draws the models whose headers say `fact:`, `dimension:` or `bridge:`. The message names the nearest.",
    ),
    Code::new(
        "HW0821",
        "no statement",
        "The file that `headwater query --file` names holds nothing but white space and comments.",
    ),
    Code::new(
        "HW0822",
        "no such file of SQL",
        "The file that `headwater query --file` names is not there, may not be read or is not text in UTF-8.",
    ),
    Code::new(
        "HW0823",
        "a source that cannot be described so",
        "`headwater source` was given a connector, key, name or table that there is not, or a file of that name is there already. The message says which.",
    ),
];

/// Every code of every crate, in order.
pub(crate) fn all() -> Vec<Code> {
    let lists = [
        headwater_project::codes::CODES,
        headwater_connectors::codes::CODES,
        headwater_checks::CODES,
        headwater_engine::SQL_CODES,
        headwater_engine::CODES,
        headwater_catalog::codes::CODES,
        headwater_run::codes::CODES,
        CODES,
    ];
    let mut codes: Vec<Code> = lists.into_iter().flatten().copied().collect();
    codes.sort_by_key(|code| code.code);
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_given_twice() {
        let codes = all();
        let twice: Vec<&str> =
            codes.windows(2).filter(|two| two[0].code == two[1].code).map(|two| two[0].code).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert!(codes.iter().all(|code| code.code.len() == 6 && !code.explanation.is_empty()));
    }
}
