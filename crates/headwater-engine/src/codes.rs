//! The engine's error codes: sessions and checks (`HW0550` to `HW0599`), the lake (`HW06xx`). Those of a model's SQL are
//! in `analysis/codes.rs`.

use headwater_sdk::Code;

/// Every code of this file, in order.
pub const CODES: &[Code] = &[
    Code::new(
        "HW0550",
        "not a query",
        "Only queries are answered. A statement that would change something was refused: write it as a model and run it.",
    ),
    Code::new(
        "HW0551",
        "out of memory",
        "The operators of a query needed more memory than `memory` under defaults allows, and could not spill. Raise it, or make the query smaller.",
    ),
    Code::new(
        "HW0552",
        "file not readable",
        "A data file could not be read, or a spill file not written. Check the storage, and whether something else removed files of the lake.",
    ),
    Code::new(
        "HW0553",
        "defect in the query engine",
        "Planning or executing a query met a state that should not exist. Please report it with the SQL.",
    ),
    Code::new(
        "HW0554",
        "SQL cannot be planned",
        "The SQL names something that does not exist, or uses it in a way that makes no sense. The message says what.",
    ),
    Code::new(
        "HW0555",
        "value does not fit",
        "A value in the data cannot be computed with, such as text in a cast to a number or an overflow. Use try_cast, or filter such rows.",
    ),
    Code::new(
        "HW0556",
        "the query engine cannot be set up",
        "Its storage or its memory limit cannot be used; the cause says why.",
    ),
    Code::new(
        "HW0557",
        "no such table",
        "The name is not among the published tables and views. `headwater show` lists them.",
    ),
    Code::new(
        "HW0560",
        "check is not a predicate",
        "A check's predicate gave values that are neither true nor false. This is a defect of Headwater.",
    ),
    Code::new(
        "HW0561",
        "check is not a predicate",
        "A check's predicate or its `where` must be true or false for a row.",
    ),
    Code::new("HW0562", "not a point in time", "A freshness check needs a date or timestamp column."),
    Code::new("HW0563", "check names an unknown column", "A check names a column that its table does not have."),
    Code::new("HW0564", "name of the engine's own is wrong", "This is a defect of Headwater."),
    Code::new(
        "HW0565",
        "time travel that cannot be read",
        "A table is read as of a snapshot with `from schema.table for version as of 12`, and as of a time with \
         `for system_time as of '2026-01-31'`: behind the name and before an alias, with a constant.",
    ),
    Code::new(
        "HW0601",
        "lake's folder cannot be created",
        "Choose another folder for the lake in headwater.yml, or make its parent writable.",
    ),
    Code::new("HW0602", "unknown storage option", "An option under `storage` is none that the object store knows."),
    Code::new("HW0603", "storage cannot be opened", "Credentials, a region or an endpoint are missing or wrong."),
    Code::new(
        "HW0604",
        "not a place for a lake",
        "A lake is a folder, s3://bucket/prefix, gs://bucket/prefix, az://container/prefix, or abfss://container@account.dfs.core.windows.net/prefix.",
    ),
    Code::new("HW0610", "view has no files", "This is a defect of Headwater."),
    Code::new(
        "HW0611",
        "table version cannot be opened",
        "The table's log does not hold the version that the catalogue knows. Something else changed or removed it.",
    ),
    Code::new(
        "HW0612",
        "storage failed",
        "The lake's storage could not be read or written. Nothing was published; run again when it can.",
    ),
    Code::new(
        "HW0613",
        "table cannot be written",
        "Another program gave the table protocol features or properties that Headwater cannot write.",
    ),
    Code::new("HW0614", "commit cannot be made", "This is a defect of Headwater."),
    Code::new(
        "HW0615",
        "data file cannot be written",
        "The disk is full or the storage cannot be written. Nothing was published; run again when there is room.",
    ),
    Code::new("HW0616", "worker stopped", "This is a defect of Headwater."),
    Code::new(
        "HW0617",
        "version is not there",
        "The version that a rollback asks for is not in the table's log any more.",
    ),
    Code::new(
        "HW0618",
        "version was vacuumed",
        "Files of the version that a rollback asks for were removed by `headwater maintain --vacuum`.",
    ),
    Code::new("HW0619", "bad branch name", "A branch is named with lower-case letters, digits, _ and -."),
    Code::new(
        "HW0620",
        "damaged deletion vector",
        "Rows of a table are deleted by a deletion vector that cannot be read: its file is cut off, changed or of an unknown form. A run with --full-refresh builds the table anew.",
    ),
    Code::new(
        "HW0621",
        "rows of a file are not counted",
        "Rows cannot be taken out of a data file whose number of rows is not in the table's log. Another program wrote it; a run with --full-refresh builds the table anew.",
    ),
    Code::new(
        "HW0622",
        "new rows cannot be told",
        "A model that takes up new rows by choice has no `time_column`, or no row with one, and its query is not one of which it can be told what has changed. Name the column, or keep the model as a table.",
    ),
    Code::new(
        "HW0623",
        "columns of a table that is taken up changed",
        "A model that takes up new rows keeps its old ones, and its query has other columns or types now than the table: an input has changed. Cast the columns to what they were, or make the table anew with --full-refresh.",
    ),
    Code::new(
        "HW0624",
        "a merge of values that differ each time",
        "A merge compares the rows of its query with those of the table and computes them more than once, which is wrong with functions such as random(). Compute the value in a table of its own.",
    ),
    Code::new(
        "HW0625",
        "a range of time for a table that only appends",
        "Rows of a range of time would be added to those that are there. Use the strategy window or merge, which replace them.",
    ),
    Code::new(
        "HW0626",
        "a key is null or comes more than once",
        "New rows of a merge replace those with the same key, so that each key has to be there, and once. Let the query choose one row, or name more columns in `key`.",
    ),
    Code::new(
        "HW0627",
        "rows would be lost",
        "A model that takes up new rows was to be made anew, because its definition changed, and would have fewer rows: its inputs do not have all of them any more. Undo the change, or accept the loss with --full-refresh.",
    ),
    Code::new(
        "HW0628",
        "checkpoint cannot be written",
        "A checkpoint of a table's log could not be written by `headwater maintain`. Nothing is lost: readers go by the commits, as before. Check that the lake's storage can be reached and written.",
    ),
    Code::new(
        "HW0629",
        "rows were lost while files were written again",
        "`headwater maintain` counts the rows that it writes and found another number than the log has. Nothing was published and the table is as it was. Please report it.",
    ),
    Code::new(
        "HW0630",
        "rows of a history without a key of their own",
        "The query of a `materialize: scd2` model has to yield what holds now: one row for each key, and no key null. The message names some keys. Nothing of the run's work on the table was published, and its history is as it was.",
    ),
    Code::new(
        "HW0631",
        "rows of a history without a time",
        "Where `updated_at` is given, every row of the query needs a value there: its version holds from then on. The message names some keys. The history is as it was.",
    ),
    Code::new(
        "HW0632",
        "history does not go on",
        "The key or a column of a history or of snapshots is another now. Going on would tear what is there from what comes, so nothing was changed.",
    ),
    Code::new(
        "HW0633",
        "history's columns are not those of its query",
        "A column that `key`, `track` or `updated_at` names is not there or has a type that it cannot have, or the query has a column that is called like an added one.",
    ),
    Code::new(
        "HW0634",
        "damaged history",
        "Versions of a key overlap, or one ends before it begins: another program has written to the table. Nothing was changed.",
    ),
    Code::new(
        "HW0635",
        "branch lacks a commit",
        "A commit that a branch has made of a table is not in the lake's _headwater folder any more: something else removed it. Nothing was published. A run on the branch with --full-refresh builds the table anew.",
    ),
    Code::new(
        "HW0636",
        "key that a table does not have",
        "Rows are compared by a key that both sides have, in columns of the same type. Name other columns with --key, or compare whole rows with --rows.",
    ),
    Code::new(
        "HW0637",
        "key that comes more than once",
        "Rows are compared by a key that tells them apart, and values of the one that was named come more than once on a side. Name other columns with --key, or compare whole rows with --rows.",
    ),
    Code::new(
        "HW0638",
        "rows without a key of their own",
        "Rows of a source take the place of others by a key, and a column of the key is not there, is null in a row, has a type by which rows cannot be told apart, or several rows of one load have the same key. Choose other columns with `key`.",
    ),
    Code::new(
        "HW0639",
        "values that were not sent",
        "A source told of a change without the values that stayed as they were, and the table has no row to take them from: it was set aside earlier, or its key changed, and the source cannot be asked for single rows. A run with --full-refresh reads all values.",
    ),
    Code::new(
        "HW0640",
        "delivered rows that are gone",
        "A delivery with `mode: append` sends the rows that its table has gained, and rows that were delivered are gone from the table or are others now. Give the delivery `mode: upsert` with a key, or `mode: replace`; `headwater diff` shows the rows.",
    ),
    Code::new(
        "HW0641",
        "a table that is not the delivery's own",
        "A delivery to a Delta table finds a table that another delivery or another program has made, or one whose log has lost the commits that say what was delivered. Nothing was changed. Name another folder with `to`, or move the table away: all rows are delivered then.",
    ),
    Code::new(
        "HW0642",
        "a delivered table was written to meanwhile",
        "While rows were on their way to a Delta table, another program has made a commit there. Nothing was changed; the delivery is tried again and goes on from what is there.",
    ),
    Code::new(
        "HW0643",
        "a partition of a column that is not delivered",
        "A delivery to a Delta table puts its files apart by a column that is not among those that are delivered. Name another one in `partition_by`.",
    ),
    Code::new(
        "HW0644",
        "a delivered table out of reach",
        "The folder or the object store of a Delta table that is delivered to cannot be read or written: it is not there, it does not answer, or it refuses. The message has the reason. Nothing of the delivery counts; the next run tries again.",
    ),
    Code::new(
        "HW0645",
        "values that a wider type would round",
        "A column of whole numbers is to become double, as values with a fraction have come, and it has values beyond ±2^53, not all of which \
         a double can be. Nothing was changed. Declare a decimal or string for it, and load the table again with --full-refresh.",
    ),
    Code::new(
        "HW0646",
        "a partition that cannot be told from null",
        "A column that a table is partitioned by holds an empty text, or the text `__HIVE_DEFAULT_PARTITION__`. In the log of a Delta table both \
         stand for null, so that other programs would read null there. Nothing was written: make such texts null in a model, or partition by \
         other columns.",
    ),
];
