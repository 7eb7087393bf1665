//! The error codes of resolving, running, publishing and reading as of a moment: `HW0804`, `HW0805` and `HW09xx`.

use headwater_sdk::Code;

/// Every code of this crate, in order.
pub const CODES: &[Code] = &[
    Code::new(
        "HW0804",
        "neither a snapshot nor a time",
        "A moment is a snapshot's number (12), a date (2026-01-31, its first instant in UTC) or a time in RFC 3339 \
         (2026-01-31T08:00:00Z).",
    ),
    Code::new(
        "HW0805",
        "no snapshot as of then",
        "`headwater history` lists the snapshots and when they were published.",
    ),
    Code {
        code: "HW0901",
        title: "a check names a column that the table does not have",
        explanation: "The columns of a table are known before anything runs: those of a model from its SQL, those of a \
                      source from what was declared, published or found in a sample. Correct the name.",
    },
    Code {
        code: "HW0902",
        title: "a check names a table that the project does not have",
        explanation: "A relationships check compares with another table of the same project. Correct the name, or add \
                      the table.",
    },
    Code {
        code: "HW0903",
        title: "a check names a column that the other table does not have",
        explanation: "A relationships check compares with a column of another table. Correct the column's name.",
    },
    Code {
        code: "HW0904",
        title: "a table cannot be partitioned by a column that it does not have",
        explanation: "partition_by lists columns that the model's SQL produces. Correct the name, or select the column.",
    },
    Code {
        code: "HW0905",
        title: "a described column is not produced",
        explanation: "The model's header describes a column that its SQL does not produce. Correct the name in the \
                      header, or select the column.",
    },
    Code {
        code: "HW0906",
        title: "a column has another type than declared",
        explanation: "The SQL produces the column in another type than the project declares. Cast it, or correct the \
                      declaration.",
    },
    Code {
        code: "HW0907",
        title: "columns that cannot be compared",
        explanation: "A relationships check compares columns of types that have no value in common, such as a text and a \
                      number. Cast one of them in its model, or declare its type.",
    },
    Code {
        code: "HW0908",
        title: "freshness of a column that is no time",
        explanation: "Freshness compares the newest value of a date or timestamp column with the clock. Name such a \
                      column, or declare this one as a timestamp.",
    },
    Code {
        code: "HW0909",
        title: "a view cannot set rows aside",
        explanation: "A check with severity quarantine moves failing rows out of the table while it is written. A view \
                      is never written. Materialize it as a table, or choose the severity warn or error.",
    },
    Code {
        code: "HW0910",
        title: "checks failed",
        explanation: "Rows of the new version fail a check with severity error (or more rows fail a quarantine check \
                      than its threshold allows). The new version is not published, nor is anything that depends on it; \
                      what was published before stays. The report shows failing rows.",
    },
    Code {
        code: "HW0911",
        title: "the lake is in use",
        explanation: "One process at a time changes a lake. Another run has it; the message says which. Wait for it with \
                      --wait, or stop it: what it has done is kept. A run whose process died on this machine is taken \
                      over at once, one on another machine within 30 seconds.",
    },
    Code {
        code: "HW0912",
        title: "loading again would lose rows",
        explanation: "The definition of a stream that reads new files changed, so that all its files have to be loaded \
                      again; but some that it had loaded are no longer there. Undo the change, bring back what is gone, or \
                      accept the loss with --full-refresh.",
    },
    Code {
        code: "HW0914",
        title: "a defect of Headwater",
        explanation: "Something happened that never should. The asset failed, and nothing else was harmed. Please \
                      report it with the message.",
    },
    Code {
        code: "HW0915",
        title: "another program has written to a table",
        explanation: "A commit of another program stands in a table's log where the run wanted to put its own. Nothing \
                      of the run is visible. Running again rebuilds on top of what is there now. Tables of the lake \
                      should be written by Headwater alone.",
    },
    Code {
        code: "HW0916",
        title: "no such snapshot",
        explanation: "Snapshots are numbered from 1. `headwater history` lists them.",
    },
    Code {
        code: "HW0917",
        title: "an unknown connector",
        explanation: "The project was loaded with a connector that this program does not have. Please report it.",
    },
    Code {
        code: "HW0918",
        title: "a source's options make no sense",
        explanation: "The connector refuses the options of the source or the stream; the message says which and why.",
    },
    Code {
        code: "HW0919",
        title: "a source has gone stale",
        explanation: "There is nothing new to load, and the newest row that was loaded is older than the freshness check \
                      allows. What is published stays. Find out why the source brings nothing new, or allow a greater \
                      age.",
    },
    Code {
        code: "HW0920",
        title: "what was staged is gone",
        explanation: "Something removed files from the lake's _headwater folder while a run was about to publish them. \
                      Nothing was published; the next run builds the tables anew.",
    },
    Code {
        code: "HW0921",
        title: "what was loaded is not known any more",
        explanation: "The list of loaded files stands in the commits of a table, and those are gone from its log: \
                      another program cleaned it. Loading now could load files twice. --full-refresh loads everything \
                      that is there again.",
    },
    Code {
        code: "HW0922",
        title: "no column to tell new rows by",
        explanation: "The header of an incremental model names a column as `time_column` or in `key` that its query does \
                      not have. Select it, or name another one.",
    },
    Code {
        code: "HW0923",
        title: "column cannot tell new rows",
        explanation: "Windows of time need a date or timestamp, and keys values that are equal or not: no floating-point \
                      numbers and nothing nested. Cast the column in the SQL, or name another one.",
    },
    Code {
        code: "HW0924",
        title: "nothing takes up a range of time",
        explanation: "`--from` and `--to` are for incremental models with a time column whose rows of that time can be \
                      replaced. None was selected.",
    },
    Code {
        code: "HW0925",
        title: "a model has to be made anew before a backfill",
        explanation: "The model was never published, or its definition changed, so that all of it has to be computed: a \
                      range of time would be of another definition than the rest. Run without `--from` and `--to`.",
    },
    Code {
        code: "HW0926",
        title: "a table cannot be clustered by a column",
        explanation: "cluster_by lists columns that the model's SQL produces, and whose values have an order: numbers, \
                      texts, dates, timestamps, truth values. Correct the name, or select the column.",
    },
    Code {
        code: "HW0927",
        title: "no such table to maintain",
        explanation: "`headwater maintain` takes names of published tables, as schema.table. A view has no files. \
                      `headwater show` lists what is published.",
    },
    Code {
        code: "HW0928",
        title: "a history's columns are not those of its query",
        explanation: "A column that `key`, `track` or `updated_at` names is not there or has a type that it cannot have, \
                      or the query has a column that is called like an added one.",
    },
    Code {
        code: "HW0929",
        title: "a history would be lost",
        explanation: "A history and snapshots hold what no query yields any more. A full refresh, another kind of model, \
                      or a column that is gone or has another type would lose it: the run was refused, and nothing \
                      was changed. --discard-history says that it may be lost.",
    },
    Code {
        code: "HW0930",
        title: "a name that no branch can have",
        explanation: "A branch is named with lower-case letters, digits, _ and -, at most 100 of them, and not with a \
                      number alone, which names a snapshot. `main` is what consumers read: it is there always, and moves \
                      by runs and by `headwater branch publish`. Names that begin with run- are those of runs.",
    },
    Code {
        code: "HW0931",
        title: "a branch cannot stand on a vacuumed snapshot",
        explanation: "`headwater maintain --vacuum` has removed files of the snapshot, so that not all of its tables can be \
                      read any more. `headwater history` marks such snapshots; choose a newer one. What a branch stands \
                      on is never vacuumed.",
    },
    Code {
        code: "HW0932",
        title: "nothing to publish",
        explanation: "Nothing differs on the branch from the snapshot of main that it was made from. `headwater run \
                      --branch` builds on it what the project has changed.",
    },
    Code {
        code: "HW0933",
        title: "a branch cannot be published",
        explanation: "Publishing a branch rebuilds what main has moved on under, and all checks have to hold for what main \
                      would show. Something failed, so that nothing was published: main and the branch are as they were. \
                      Put right what the report names, and publish again.",
    },
    Code {
        code: "HW0934",
        title: "a table that only one side has",
        explanation: "Rows can be compared when both sides have the table. `headwater diff` without a table lists what only \
                      one side has.",
    },
    Code {
        code: "HW0935",
        title: "no two things to compare",
        explanation: "`headwater diff` takes before..after, each the name of a branch (or main) or the number of a \
                      snapshot, e.g. main..next or 3..7. A name alone is compared with main.",
    },
    Code {
        code: "HW0936",
        title: "nothing runs scripts here",
        explanation: "The project has a script, and the program that was asked to run it has no way to start processes. \
                      `headwater run` has one.",
    },
    Code {
        code: "HW0937",
        title: "a script reads a column that the table does not have",
        explanation: "`columns` of a script's input, or `from` of one of its columns, names a column that the input does \
                      not have or that the script does not read. Correct the name.",
    },
    Code {
        code: "HW0950",
        title: "a unit test names a column that the table does not have",
        explanation: "The rows of a unit test name columns of the table that they are given for, or of the model whose \
                      rows are expected. Correct the name.",
    },
    Code {
        code: "HW0951",
        title: "a value of a unit test is not of its column's type",
        explanation: "The values of a unit test get the types of their columns, which the message names. Write the value \
                      as the help says, or give the column another type in the project.",
    },
    Code {
        code: "HW0952",
        title: "a model of a unit test cannot be planned with its variables",
        explanation: "The variables of a unit test make another SQL of the model's template, or of that of a view that it \
                      reads, and this SQL is wrong. Correct the template, or the variables of the test.",
    },
    Code {
        code: "HW0953",
        title: "no such unit test",
        explanation: "`headwater test` takes parts of the names of unit tests or of models, with * for any characters; \
                      one of them fits no unit test of the project.",
    },
    Code {
        code: "HW0970",
        title: "a star names a column that is not there",
        explanation: "A fact, a dimension or a bridge names a column that its table does not have, or late-arriving \
                      members come from a column that the other table does not have. Correct the name.",
    },
    Code {
        code: "HW0971",
        title: "keys whose types do not go together",
        explanation: "A foreign key and the key of the dimension that it leads to, or a natural key and the column that \
                      late-arriving members come from, have no value in common, such as a text and a number. Make both \
                      of one type.",
    },
    Code {
        code: "HW0972",
        title: "a measure that is no number",
        explanation: "Measures of a fact and weights of a bridge are numbers. Cast the column, or do not declare it.",
    },
    Code {
        code: "HW0973",
        title: "a sum of what is not additive",
        explanation: "A model adds up a measure that its fact declares as not additive, such as a rate or a price: the sum \
                      means nothing. Take a mean, or compute it from measures that are additive.",
    },
    Code {
        code: "HW0974",
        title: "a sum over what a measure is not additive over",
        explanation: "A model adds up a semi-additive measure over a dimension along which its fact says it is not added, \
                      such as a balance over days: the same is counted several times. Group by the key of that \
                      dimension, or choose one value of it.",
    },
    Code {
        code: "HW0975",
        title: "a member with a value that cannot be",
        explanation: "A value of a dimension's unknown, not-applicable or inferred member is not of its column's type, or \
                      the key of the member is missing and has no default, because it is neither an integer nor a text.",
    },
    Code {
        code: "HW0976",
        title: "members that cannot be added",
        explanation: "The members that a dimension declares do not fit to the rows of its query. The message says why.",
    },
    Code {
        code: "HW0980",
        title: "a delivery that is not there",
        explanation: "`headwater deliver` names a delivery, a destination or a table for which the project has no delivery \
                      in this environment.",
    },
    Code {
        code: "HW0981",
        title: "a delivery that was stopped",
        explanation: "A person stopped a delivery. Where a destination takes rows and their mark together, it is as it was, unless it was \
                      just about to commit; what a webhook had acknowledged stays. The next run, or `headwater deliver`, goes on.",
    },
    Code {
        code: "HW0982",
        title: "a destination that another lake is delivered to",
        explanation: "A destination remembers which snapshot of which lake it holds, and this one holds one that this lake \
                      has not: another environment, or a lake that was made anew. Deliver each environment to a place of \
                      its own (`environments` of a destination), or take over with `headwater deliver --anew`.",
    },
    Code {
        code: "HW0983",
        title: "a delivery that cannot be gone on with",
        explanation: "A delivery with `mode: append` delivers fewer columns, other types or other rows than before; what was \
                      added is not changed by it. (Columns that are new are delivered from then on.) Deliver with `mode: upsert` or `mode: replace`, or empty the table at the \
                      destination and deliver with --anew.",
    },
    Code {
        code: "HW0984",
        title: "a delivery that does not fit its table",
        explanation: "A delivery names a column that its table does not have, leaves out a column of its key, or chooses rows \
                      by a condition that comes out otherwise every time.",
    },
    Code {
        code: "HW0985",
        title: "a copy that is not declared",
        explanation: "`headwater sync` names a source and a destination, and no delivery of the destination says `source:` with \
                      that source in this environment. Add one to the destination's file.",
    },
    Code {
        code: "HW0986",
        title: "a comparison that was stopped",
        explanation: "A person stopped `headwater verify`. It changes nothing; begin it again.",
    },
    Code {
        code: "HW0987",
        title: "what cannot be read back",
        explanation: "The connector writes to a destination that it cannot read, so that what was delivered cannot be compared with \
                      what is there.",
    },
    Code {
        code: "HW0988",
        title: "rows that cannot be compared",
        explanation: "A value that is in the lake or in the other place cannot be brought to the type that both are compared in. If \
                      its column has another type there, deliver it in that type (cast it in a model).",
    },
    Code {
        code: "HW0989",
        title: "nothing to compare",
        explanation: "`headwater verify` names something that is neither a delivery, a destination, a source nor the table of a stream.",
    },
    Code {
        code: "HW0990",
        title: "a destination has refused all rows",
        explanation: "All rows of a table were delivered, and the destination has taken none of them. They are kept with the reasons, and tried \
                      again by each delivery: correct the rows, or what the destination takes.",
    },
    Code {
        code: "HW0991",
        title: "too many rows that cannot be read",
        explanation: "More of the rows that a load brings were set aside than the stream's `most_bad_rows` lets pass; or none can be read, and \
                      the table would have been replaced by an empty one, which needs `most_bad_rows: 100%`. Nothing was loaded, and the table \
                      is as it was. The first of the rows and its reason are told: correct the source, or say how it is read (`format`, \
                      `columns`).",
    },
    Code {
        code: "HW0995",
        title: "what was delivered is gone",
        explanation: "`headwater verify` finds nothing of what was delivered: somebody has dropped the table, or `to` names another \
                      one now. `headwater deliver`, as the next run, makes it anew with all rows.",
    },
    Code {
        code: "HW0996",
        title: "a delivery that was not tried",
        explanation: "Another delivery to the same destination has just found it out of reach; the others do not wait for it once more. \
                      The next run, or `headwater deliver`, delivers what they lack.",
    },
    Code {
        code: "HW0997",
        title: "columns that differ in letter case only",
        explanation: "A stream brings two columns whose names differ in capitals alone (`n` and `N`), and a table can hold but one of them. \
                      Leave one out with `exclude` where the connector has it, or name it otherwise in the query that is read.",
    },
];
