//! The error codes of the connectors, `HW03xx`.

use headwater_sdk::Code;

pub(crate) const UNREACHABLE: &str = "HW0301";
pub(crate) const OUTSIDE: &str = "HW0302";
pub(crate) const NO_FILE: &str = "HW0303";
pub(crate) const UNREADABLE: &str = "HW0304";
pub(crate) const CORRUPT: &str = "HW0305";
pub(crate) const BAD_HEADER: &str = "HW0306";
pub(crate) const TOO_MANY_COLUMNS: &str = "HW0307";
pub(crate) const DRIFT: &str = "HW0308";
pub(crate) const BAD_ROW: &str = "HW0309";
pub(crate) const NO_COLUMNS: &str = "HW0310";
pub(crate) const CHANGED: &str = "HW0311";
pub(crate) const UNSUPPORTED_TYPE: &str = "HW0312";
pub(crate) const BAD_POSITION: &str = "HW0313";
pub(crate) const DEFECT: &str = "HW0314";
pub(crate) const NO_SHEET: &str = "HW0315";
pub(crate) const WORKBOOK_SIZE: &str = "HW0316";
pub(crate) const CODEC: &str = "HW0317";
pub(crate) const SFTP_UNKNOWN_HOST: &str = "HW0318";
pub(crate) const SFTP_CHANGED_HOST: &str = "HW0319";
pub(crate) const NO_PROGRAM: &str = "HW0320";
pub(crate) const NOT_EXECUTABLE: &str = "HW0321";
pub(crate) const NOT_STARTED: &str = "HW0322";
pub(crate) const PROGRAM_FAILED: &str = "HW0323";
pub(crate) const TIMED_OUT: &str = "HW0324";
pub(crate) const NO_TABLE: &str = "HW0325";
pub(crate) const COLUMNS: &str = "HW0326";
pub(crate) const REST_UNREACHABLE: &str = "HW0327";
pub(crate) const REST_REFUSED: &str = "HW0328";
pub(crate) const REST_STATUS: &str = "HW0329";
pub(crate) const REST_ANSWER: &str = "HW0330";
pub(crate) const REST_SIZE: &str = "HW0331";
pub(crate) const REST_LOOP: &str = "HW0332";
pub(crate) const REST_TOKEN: &str = "HW0333";
pub(crate) const REST_LIMIT: &str = "HW0334";
pub(crate) const REST_CURSOR: &str = "HW0335";
pub(crate) const REST_COLUMNS: &str = "HW0336";
pub(crate) const REST_MISSING: &str = "HW0337";
pub(crate) const SFTP_LOGIN: &str = "HW0338";
pub(crate) const REST_DOCUMENT: &str = "HW0339";
pub(crate) const POSTGRES_OPTIONS: &str = "HW0340";
pub(crate) const POSTGRES_UNREACHABLE: &str = "HW0341";
pub(crate) const POSTGRES_REFUSED: &str = "HW0342";
pub(crate) const POSTGRES_FORBIDDEN: &str = "HW0343";
pub(crate) const POSTGRES_TLS: &str = "HW0344";
pub(crate) const POSTGRES_FAILED: &str = "HW0345";
pub(crate) const POSTGRES_CURSOR: &str = "HW0346";
pub(crate) const POSTGRES_REPLICATION: &str = "HW0347";
pub(crate) const POSTGRES_LOST: &str = "HW0348";
pub(crate) const REST_PAGES: &str = "HW0349";
pub(crate) const MYSQL_OPTIONS: &str = "HW0350";
pub(crate) const MYSQL_UNREACHABLE: &str = "HW0351";
pub(crate) const MYSQL_REFUSED: &str = "HW0352";
pub(crate) const MYSQL_FORBIDDEN: &str = "HW0353";
pub(crate) const MYSQL_TLS: &str = "HW0354";
pub(crate) const MYSQL_FAILED: &str = "HW0355";
pub(crate) const MYSQL_CURSOR: &str = "HW0356";
pub(crate) const MYSQL_BINLOG: &str = "HW0357";
pub(crate) const MYSQL_LOST: &str = "HW0358";
pub(crate) const SQLITE_OPTIONS: &str = "HW0360";
pub(crate) const SQLITE_NO_FILE: &str = "HW0361";
pub(crate) const SQLITE_NO_DATABASE: &str = "HW0362";
pub(crate) const SQLITE_DAMAGED: &str = "HW0363";
pub(crate) const SQLITE_BUSY: &str = "HW0364";
pub(crate) const SQLITE_FAILED: &str = "HW0365";
pub(crate) const SQLITE_CURSOR: &str = "HW0366";
pub(crate) const SQLITE_WRITES: &str = "HW0367";
pub(crate) const TAP_OPTIONS: &str = "HW0370";
pub(crate) const TAP_CATALOGUE: &str = "HW0371";
pub(crate) const TAP_MESSAGE: &str = "HW0372";
pub(crate) const TAP_PROTOCOL: &str = "HW0373";
pub(crate) const TAP_FAILED: &str = "HW0374";
pub(crate) const TAP_STATE: &str = "HW0375";
pub(crate) const TAP_VERSION: &str = "HW0376";
pub(crate) const PROGRAM_STATE: &str = "HW0377";
pub(crate) const CATALOG_UNREACHABLE: &str = "HW0378";
pub(crate) const CATALOG_REFUSED: &str = "HW0379";
pub(crate) const CATALOG_ANSWER: &str = "HW0380";
pub(crate) const NO_TARGET: &str = "HW0381";
pub(crate) const DELIVERED_MEANWHILE: &str = "HW0382";
pub(crate) const UNDELIVERED: &str = "HW0383";
pub(crate) const NOT_WRITTEN: &str = "HW0384";
pub(crate) const WEBHOOK: &str = "HW0385";
pub(crate) const DRIVER_MISSING: &str = "HW0386";
pub(crate) const DRIVER_OPTIONS: &str = "HW0387";
pub(crate) const DRIVER_UNREACHABLE: &str = "HW0388";
pub(crate) const DRIVER_FAILED: &str = "HW0389";
pub(crate) const TABLE_NOT_FOUND: &str = "HW0390";
pub(crate) const TABLE_LOG: &str = "HW0391";
pub(crate) const TABLE_FEATURE: &str = "HW0392";
pub(crate) const TABLE_VERSION: &str = "HW0393";
pub(crate) const TABLE_REWRITTEN: &str = "HW0394";
pub(crate) const TABLE_FILE: &str = "HW0395";
pub(crate) const DRIVER_NO_TRANSACTIONS: &str = "HW0396";
pub(crate) const DRIVER_CURSOR: &str = "HW0397";
pub(crate) const ALTERED: &str = "HW0398";
pub(crate) const UNLOGGED: &str = "HW0399";

/// Every code of this crate, in order.
pub const CODES: &[Code] = &[
    Code::new(
        UNREACHABLE,
        "a source's storage cannot be reached",
        "The object store or web server refused the request or did not answer after several tries. Check the bucket's name, the region or endpoint under `storage:`, and the credentials in the environment; of a web server the address, and the `headers` that it asks for.",
    ),
    Code::new(
        OUTSIDE,
        "a source's files lie outside the project",
        "A project reads local files from its own folder only, symbolic links included, unless the source says `allow_outside: true`.",
    ),
    Code::new(
        NO_FILE,
        "no file matches a source's path",
        "A stream that replaces its table, or that loads for the first time, needs at least one file; correct `location` or `path`, or put the files where they are looked for. A stream of new files needs the folder that they come to; it may be empty.",
    ),
    Code::new(
        UNREADABLE,
        "a file cannot be read",
        "The file is gone, may not be read by this user, is protected by a password, or the disk failed under it. Nothing of the load was kept.",
    ),
    Code::new(
        CORRUPT,
        "a file is truncated or damaged",
        "A compressed file, a Parquet or Avro file or a workbook ends too early or holds bytes that its format does not allow, so that rows are missing from it, or it is something else than its name says. Nothing of the load was kept; fetch or write the file again.",
    ),
    Code::new(
        BAD_HEADER,
        "a file's header cannot be used",
        "Every column needs a name of its own, in valid text, on a first line of bounded length. Correct the file, or say `header: false` and declare the columns.",
    ),
    Code::new(
        TOO_MANY_COLUMNS,
        "a file has too many columns",
        "A table has at most 4,096 columns. A count far above that usually means that the delimiter is wrong, or that the file has rows where columns are expected.",
    ),
    Code::new(
        DRIFT,
        "a source's columns have changed",
        "Columns are new, missing or of another type, and the stream's `drift` policy does not allow it. Use `drift: add` to take changes over where that loses nothing, `drift: ignore` to keep the table as it is, or declare the columns.",
    ),
    Code::new(
        BAD_ROW,
        "a row cannot be read",
        "A row has the wrong number of fields, a value that its column's type does not take, or broken text, and the stream says `on_bad_row: fail`. With `on_bad_row: reject` such rows are set aside in `<table>__rejected` with their place and the reason. That can be changed at any time: nothing is loaded again by it.",
    ),
    Code::new(
        NO_COLUMNS,
        "a source has no columns",
        "Every file is empty and no column is declared, so that there is no table to make.",
    ),
    Code::new(
        CHANGED,
        "a file changed while it was being loaded",
        "A file was replaced or grew between planning and reading. Nothing of the load was kept; run again once the file is complete.",
    ),
    Code::new(
        UNSUPPORTED_TYPE,
        "a column's type cannot be read from files of this format",
        "A type of the table, or one found in a Parquet or Avro file, has no counterpart in the lake or cannot be written as text. Declare the column with another type.",
    ),
    Code::new(
        BAD_POSITION,
        "a stream's list of loaded files cannot be understood",
        "The list is kept in the table's last commit; it was written by another connector, by a newer Headwater, or changed by hand. Load the stream again from the start.",
    ),
    Code::new(
        DEFECT,
        "the files connector broke one of its own rules",
        "A defect in Headwater: nothing of the load was kept. Please report it with the whole message.",
    ),
    Code::new(
        NO_SHEET,
        "a workbook has no such sheet",
        "`sheet` names a sheet by its name, letter by letter, or by its number from 1. Sheets that hold charts or macros do not count; hidden ones do.",
    ),
    Code::new(
        WORKBOOK_SIZE,
        "a workbook is too large",
        "A workbook is held in memory with its texts unpacked, and one that takes more than `max_workbook` is refused before it is read. Save large tables as CSV or Parquet, or allow more.",
    ),
    Code::new(
        CODEC,
        "a file is compressed in a way that is not read",
        "Avro files may be compressed by any codec that their writer knows. Those that are read are null, deflate, snappy and zstandard.",
    ),
    Code::new(
        SFTP_UNKNOWN_HOST,
        "an SFTP server that is not known",
        "The host key that the server shows stands in no file of known hosts, and the project declares none. Anybody on the way to the server could show a key, so nothing was sent, no password either. Ask the server's operator for the fingerprint, by another way than the network; when it is the one in the message, declare it as `host_key` under `sftp`, or add the line in the message to the file of known hosts.",
    ),
    Code::new(
        SFTP_CHANGED_HOST,
        "an SFTP server that shows another key than before",
        "The host key is not the one that is declared, or not the one in the file of known hosts, or it is revoked there. Either the operator has set the server up anew, or somebody stands between you and the server. Nothing was sent. Ask the operator before you take the new key for true.",
    ),
    Code::new(
        NO_PROGRAM,
        "a script's program is not there",
        "The first word of `command` is neither a file in the folder of the script's declaration nor a program on the PATH that Headwater was started with (or that `env` of the script sets). Install it, or correct the name.",
    ),
    Code::new(
        NOT_EXECUTABLE,
        "a program may not be executed",
        "The file is there, but the system does not allow to execute it. Give it that permission (`chmod +x`), or name the program that runs it first: `command: [sh, report.sh]`.",
    ),
    Code::new(
        NOT_STARTED,
        "a program cannot be started",
        "The system refused to start the program. Most often the first line of a text (`#!…`) names an interpreter that is not there, the file is made for another kind of machine, or there are too many processes.",
    ),
    Code::new(
        PROGRAM_FAILED,
        "a program failed",
        "The program ended with an exit status other than 0, or was ended by a signal. Nothing of its rows was kept. What it wrote last to its standard error is in the message. A program that ends with status 75 (EX_TEMPFAIL) is tried again.",
    ),
    Code::new(
        TIMED_OUT,
        "a program took too long",
        "The program had not ended by the end of its `timeout` and was stopped, with all that it had started. Nothing of its rows was kept. Allow it more time, or let it do less.",
    ),
    Code::new(
        NO_TABLE,
        "what a script wrote is no table",
        "The program ended well, but its standard output is not one table in the format that the script declares (`output_format`; one Arrow IPC stream by default): it is empty, cut off, goes on after its end, or is something else. Messages belong on the standard error.",
    ),
    Code::new(
        COLUMNS,
        "what a script wrote has other columns",
        "The columns that the program wrote are not those that the script declares under `columns`: one is missing, is not declared, or has values that the declared type does not take without loss.",
    ),
    Code::new(
        REST_UNREACHABLE,
        "an API cannot be reached",
        "No connection, no answer in time, an answer that was cut off, or a server that has a problem of its own (5xx), after several tries. Nothing of the load was kept; run again later, and check `url` and the network.",
    ),
    Code::new(
        REST_REFUSED,
        "an API refuses the credentials",
        "The API answers 401 or 403: what `auth` sends is missing, wrong or expired, or may not read this. The message says what was sent, and never its value.",
    ),
    Code::new(
        REST_STATUS,
        "an API does not answer the request",
        "The API answers with a status that says that the request itself is not right, so that sending it again does not help. The beginning of its answer is in the message.",
    ),
    Code::new(
        REST_ANSWER,
        "an answer of an API is not what the stream expects",
        "The answer is no JSON (a page that asks people to log in, often), is empty or ends within its JSON, has no records where `records` says, or does not say what `paginate` needs. Nothing of the load was kept.",
    ),
    Code::new(
        REST_SIZE,
        "an answer of an API is too large",
        "An answer is held in memory while it is read, and one of more than `max_response` bytes is refused. Ask for smaller pages, or allow more.",
    ),
    Code::new(
        REST_LOOP,
        "the pages of an API go round in circles",
        "The API gives the same page or the same cursor again, or many pages in a row whose records were all in pages before or that have none, so that there would be no end. Most often it takes no notice of the parameter that `paginate` names.",
    ),
    Code::new(
        REST_TOKEN,
        "there is no token for an API",
        "The address under `token_url` gives no access token for the credentials of the client. What it says is in the message.",
    ),
    Code::new(
        REST_LIMIT,
        "an API is asked for too much",
        "The API answers 429, or asks to wait for longer than `max_wait`. Ask for less at a time with `rate_limit`, or run again when the limit begins anew.",
    ),
    Code::new(
        REST_CURSOR,
        "a cursor that does not tell what is new",
        "The field is not among the columns, is of a type of which no value is past another, or cannot be written in a request as `format` and `lookback` say.",
    ),
    Code::new(
        REST_COLUMNS,
        "the columns of an API's records are not known",
        "There are no records yet and no declared columns, or a field of the parent, or of what is around the records, has the name of a field of theirs.",
    ),
    Code::new(
        REST_MISSING,
        "there is nothing at an address of an API",
        "The API answers 404 or 410. Check `url` and `path`. Where a parent may have gone while its records are read, `missing: skip` passes it over.",
    ),
    Code::new(
        SFTP_LOGIN,
        "an SFTP server that lets nobody in",
        "The server refuses the user, or the password or key that the project gives; or the key cannot be read or decrypted; or the project gives nothing to log in by and no agent runs. Nothing was loaded or delivered. Correct `location` or what stands under `sftp`.",
    ),
    Code::new(
        REST_DOCUMENT,
        "no document of an API",
        "`headwater source add rest` takes an OpenAPI document of version 3.0 or 3.1, as JSON or YAML. The file is something else, or of an older version (Swagger 2), which other tools convert.",
    ),
    Code::new(
        POSTGRES_OPTIONS,
        "a stream of PostgreSQL names what is not there",
        "The table, column, condition or query of the stream is not one that the database knows, or a column is declared with a type that it cannot be read in without changing values.",
    ),
    Code::new(
        POSTGRES_UNREACHABLE,
        "PostgreSQL cannot be reached",
        "The server did not answer, ended the connection, is starting, stopping or out of something. Trying again later may help; nothing of the load was kept.",
    ),
    Code::new(
        POSTGRES_REFUSED,
        "PostgreSQL refuses the connection",
        "The user, the password, the database or the server's pg_hba.conf does not allow it.",
    ),
    Code::new(
        POSTGRES_FORBIDDEN,
        "PostgreSQL forbids to read",
        "The role needs usage on the schema and select on the table.",
    ),
    Code::new(
        POSTGRES_TLS,
        "the connection to PostgreSQL cannot be encrypted as asked",
        "The server's certificate is not signed by anybody who is believed, is another host's, or the server speaks no TLS. Name the signer's certificate with `ca`, or say with `tls` what else is good enough.",
    ),
    Code::new(
        POSTGRES_FAILED,
        "PostgreSQL reports an error",
        "The message is the server's; its documentation explains the code in brackets.",
    ),
    Code::new(
        POSTGRES_CURSOR,
        "a cursor that misses rows",
        "In the mode incremental a run reads the rows past the greatest value of the last one. A row whose cursor is null would never be read, none comes after `infinity` or `NaN`, and some types have no greatest value.",
    ),
    Code::new(
        POSTGRES_REPLICATION,
        "changes of PostgreSQL cannot be followed",
        "The mode cdc needs wal_level = logical, a role that may replicate, a publication that has the table with all that happens to it, and a table whose rows have a key. The message says what is missing, and the statement that helps.",
    ),
    Code::new(
        POSTGRES_LOST,
        "changes of PostgreSQL are lost",
        "The replication slot does not hold everything that was committed since the table was read: it was dropped, made again, read by somebody else or given up by the server; or a partition was truncated; or the publication was dropped and made again, after which PostgreSQL cannot read what the slot holds: --full-refresh of all tables of the source then makes the slot anew. --full-refresh reads a table anew.",
    ),
    Code::new(
        REST_PAGES,
        "an API has more pages than are allowed",
        "A request has more pages than `max_pages` in `paginate` says. Nothing of the load is published: the table and its position stay as they were. If the API has so much, raise `max_pages` or leave it out; if not, its pages have no end, and `paginate` is not what the API means.",
    ),
    Code::new(
        MYSQL_OPTIONS,
        "a stream of MySQL names what is not there",
        "The table, column, condition or query of the stream is not one that the server knows, a file of certificates is not there, or a column is declared with a type in which its values cannot be read.",
    ),
    Code::new(
        MYSQL_UNREACHABLE,
        "MySQL cannot be reached",
        "No connection to the server was made, or it was cut, or the server ended the work. Nothing of the load was kept; trying again may help.",
    ),
    Code::new(
        MYSQL_REFUSED,
        "MySQL refuses the connection",
        "The server answers, and does not let this user in, or does not have the database. It may also want a login that is not known here, or one that is not done over a connection in the clear.",
    ),
    Code::new(
        MYSQL_FORBIDDEN,
        "MySQL forbids to read",
        "The user needs select on the table; a view needs it, too, for who made it.",
    ),
    Code::new(
        MYSQL_TLS,
        "the connection to MySQL cannot be encrypted as asked",
        "The server's certificate is not signed by anybody who is believed, is another host's, or the server speaks no TLS. Name the signer's certificate with `ca`, or say with `tls` what else is good enough.",
    ),
    Code::new(
        MYSQL_FAILED,
        "MySQL reports an error",
        "The message is the server's; its documentation explains the number.",
    ),
    Code::new(
        MYSQL_CURSOR,
        "a cursor of MySQL that misses rows",
        "In the mode incremental a run reads the rows past the greatest value of the last one. A row whose cursor is null would never be read, and a value of some types (`float`, `enum`, `json`) cannot be compared with.",
    ),
    Code::new(
        MYSQL_BINLOG,
        "changes of MySQL cannot be followed",
        "The mode cdc needs log_bin, binlog_format = ROW, a user who may read the log, a table whose rows have a key, and columns whose values in the log are read. A table that was altered more than once since the last run is read anew, unless the log has the names of columns (binlog_row_metadata = FULL). The message says what is missing, and the statement that helps.",
    ),
    Code::new(
        MYSQL_LOST,
        "changes of MySQL are lost",
        "The binary log does not hold everything that was committed since the table was read: the server has thrown a part of it away or begun it anew, another server was put in its place, or something was logged that does not say which rows it changed. --full-refresh reads the table anew and follows it from there.",
    ),
    Code::new(
        SQLITE_OPTIONS,
        "a stream of SQLite names what is not there",
        "The table, column, condition or query of the stream is not one that the database knows, or a column is declared with a type in which SQLite's values cannot be read.",
    ),
    Code::new(
        SQLITE_NO_FILE,
        "a database's file is not there",
        "`path` of the source is that of a file, relative to the project's folder. The file has to be there and readable by this user.",
    ),
    Code::new(
        SQLITE_NO_DATABASE,
        "a file is no SQLite database",
        "The file does not begin as databases of SQLite do: it is something else, is encrypted (by SQLCipher or SQLite's own extension, which are not read), or its beginning was overwritten.",
    ),
    Code::new(
        SQLITE_DAMAGED,
        "a SQLite database is damaged",
        "SQLite met a page that cannot be right. Nothing of the load was kept. `pragma integrity_check` tells how bad it is, `.recover` of the program sqlite3 saves what can be saved; a backup is better. A database that was copied while somebody wrote to it looks so, too: copy it with `.backup`.",
    ),
    Code::new(
        SQLITE_BUSY,
        "a SQLite database is in use",
        "Another program has locked the file for longer than Headwater waits, or left it in a state that only a program that may write can repair. Nothing of the load was kept; trying again later helps where it is only locked.",
    ),
    Code::new(
        SQLITE_FAILED,
        "SQLite reports an error",
        "The message is SQLite's own, with its code. Nothing of the load was kept.",
    ),
    Code::new(
        SQLITE_CURSOR,
        "a cursor of SQLite that misses rows",
        "In the mode incremental a run reads the rows past the greatest value of the last one. A row whose cursor is null would never be read, nor would numbers where some rows have a text, which SQLite takes for greater than every number.",
    ),
    Code::new(
        SQLITE_WRITES,
        "a query of SQLite that does not only read",
        "`query` is one select (or a `with … select`, or `values`). Sources are never written to.",
    ),
    Code::new(
        TAP_OPTIONS,
        "a stream of a tap is not there, or not as the project has it",
        "The catalogue of the tap (or connector) has no stream of that name, the stream has no such column, a column is declared with a type that it cannot be read in, or the stream cannot be read in the mode. `headwater source add … --dry-run` shows what there is.",
    ),
    Code::new(
        TAP_CATALOGUE,
        "a tap does not say which streams it has",
        "The program ended well, but what it printed when it was asked for its streams is no catalogue; or the file that `catalog` names cannot be read. A catalogue of Singer is one JSON object with the list `streams`, and nothing else on the standard output.",
    ),
    Code::new(
        TAP_MESSAGE,
        "a tap printed something that is no message",
        "Each line of the program's standard output is one message, a JSON object. Nothing of the load was kept. Most often something is printed there that is for people: let the program print it to the standard error.",
    ),
    Code::new(
        TAP_PROTOCOL,
        "a tap does not keep to its protocol",
        "The program printed records of a stream before the schema of the stream, or of a stream that its catalogue does not have or that cannot be told from another, or an endless line. Nothing of the load was kept.",
    ),
    Code::new(
        TAP_FAILED,
        "a connector says what is wrong",
        "The message is the connector's own (of Airbyte's TRACE messages). Nothing of the load was kept. One that the connector calls transient is tried again.",
    ),
    Code::new(
        TAP_STATE,
        "a tap printed rows and no state",
        "Rows of a stream without a key are added to its table. When the program says no state behind them, nobody knows whether the next run brings them again, so that they would be there twice. Nothing of the load was kept. Give the stream a `key`, so that rows may come again, or read it as a whole.",
    ),
    Code::new(
        TAP_VERSION,
        "a tap begins a stream anew",
        "The program says by ACTIVATE_VERSION that only rows of another version of the stream count than those that the table has, or that were read before. A table with a key is emptied then and filled again; one without has to be loaded again with --full-refresh.",
    ),
    Code::new(
        PROGRAM_STATE,
        "a program does not say how far it has read",
        "In the mode incremental a program writes where the next run goes on to the file that the variable HEADWATER_NEW_STATE names, as a text of at most 1 MiB. Nothing of the load was kept.",
    ),
    Code::new(
        CATALOG_UNREACHABLE,
        "a catalogue of tables cannot be reached",
        "No connection, no answer in time, or a catalogue that has a problem of its own (429, 5xx), after several tries. Nothing of the load was kept. Check `uri` under `catalog` and the network, or run again later.",
    ),
    Code::new(
        CATALOG_REFUSED,
        "a catalogue of tables refuses",
        "The catalogue does not take the token or the credentials (401), does not let them read what is asked for (403), or gives no token for them. Check `token`, or `credential` with `oauth2_uri` and `scope`, under `catalog`; or let the catalogue's owner grant them the table.",
    ),
    Code::new(
        CATALOG_ANSWER,
        "a catalogue answers otherwise than the protocol says",
        "What is at `uri` is no REST catalogue of Iceberg tables, does not know the `warehouse`, or leaves out what is needed to read the table. `uri` is what stands before `/v1/config` in the catalogue's addresses.",
    ),
    Code::new(
        NO_TARGET,
        "what cannot be delivered to",
        "A delivery names something that takes no rows, as a view; the table cannot have a column that is delivered (its name is too long, say), or has it in a type that the lake's has outgrown; or the mark that a destination keeps of what it holds cannot be read. Name another table with `to`, alter the column as the message says, or leave it out with `exclude`; a mark that cannot be read is removed by hand (the row of the delivery in headwater_deliveries, or _headwater.json), after which all rows are delivered again.",
    ),
    Code::new(
        DELIVERED_MEANWHILE,
        "delivered to by another run",
        "While rows were on their way to a destination, another run has delivered to it. Nothing was changed; the next run goes on from what the other one has delivered. Let one project deliver to a table.",
    ),
    Code::new(
        UNDELIVERED,
        "too many rows refused by a destination",
        "A destination refuses more rows than a delivery lets pass (`most_undelivered`): constraints, or values that its columns cannot hold. Nothing was delivered. Correct the rows or what the destination takes, or let more pass: they are then kept in a table of their own and tried again.",
    ),
    Code::new(
        NOT_WRITTEN,
        "a file that cannot be delivered",
        "A file at a destination cannot be written: the place is not there or not to be written to, it is full, or a store does not answer. Nothing of the delivery counts; the next run tries again.",
    ),
    Code::new(
        WEBHOOK,
        "a webhook that takes nothing",
        "A webhook answers a delivery in a way that is not about single rows: its address is wrong, the method is not to be had, or it sends on to somewhere else. Rows that it had taken before count as delivered; the next run sends the others.",
    ),
    Code::new(
        DRIVER_MISSING,
        "a driver cannot be loaded",
        "A database is read or delivered to through a library that is not a part of Headwater: an ADBC driver, or DuckDB's own library. It is not at the places where it was looked for, is made for another kind of machine, or lacks the function that drivers begin with. The message says what the system said, and how to install it.",
    ),
    Code::new(
        DRIVER_OPTIONS,
        "a driver does not take what a project asks for",
        "The table, column, condition, query or option is not one that the database or its driver knows, a column is declared with a type in which its values cannot be read, or a table lacks a column that is delivered. The message is the driver's own.",
    ),
    Code::new(
        DRIVER_UNREACHABLE,
        "a database cannot be opened by its driver",
        "The server does not answer or refuses the user, the file is not there or is held by another program, or the user may not do what was asked. Nothing of the load was kept; trying again helps where somebody else was in the way.",
    ),
    Code::new(
        DRIVER_FAILED,
        "a driver reports an error",
        "The message is that of the driver or of the database behind it. Nothing of the load or of the delivery was kept.",
    ),
    Code::new(
        TABLE_NOT_FOUND,
        "no table of the format there",
        "A source of Delta or Iceberg tables names a folder that is not there, or that has no log of such a table in it. `path` is the folder of one table, relative to `location`. Or the catalogue has no table of the name that `from` says.",
    ),
    Code::new(
        TABLE_LOG,
        "a table's log is damaged",
        "The log or the metadata of a table of another program cannot be understood, or a part of it is missing. What it says of the rows would be a guess: nothing was loaded. Restore the file that the message names, or let the table's owner write the table anew.",
    ),
    Code::new(
        TABLE_FEATURE,
        "a table uses what is not read",
        "A Delta table needs a reader feature, or an Iceberg table a format, that this version of Headwater does not know. It is refused rather than read wrongly. Let its owner write it without the feature, or export it to files.",
    ),
    Code::new(
        TABLE_VERSION,
        "a version of a table cannot be had",
        "The version or snapshot that a stream asks for, or the one that it has read last, is not known to the table: it never was, the log behind it was cleaned up, or the table was made anew. Name another one, or load the stream with --full-refresh.",
    ),
    Code::new(
        TABLE_REWRITTEN,
        "rows of a table have gone or changed",
        "A stream that only takes up new rows (`mode: new_files`) meets a commit of the table that took rows out or changed them. Nothing was loaded. Read the table with `mode: cdc` and a `key`, with `mode: full`, or once with --full-refresh.",
    ),
    Code::new(
        TABLE_FILE,
        "a file of a table cannot be used",
        "A data file or a file of deleted rows that a table's log names is missing, lies in another store, or holds something else than the log says. Nothing of the load was kept. Files that are in no current version are removed by the table's owner some time (VACUUM, expired snapshots).",
    ),
    Code::new(
        DRIVER_NO_TRANSACTIONS,
        "rows and mark that are not committed together",
        "The driver has no transactions, or the destination says `transactions: false`. The mark of what was delivered is set behind the rows: a delivery that dies in between is done again, so that rows of `mode: append` may come twice, and readers may see a part of it meanwhile.",
    ),
    Code::new(
        DRIVER_CURSOR,
        "a cursor that misses rows",
        "In the mode incremental a run reads the rows past the greatest value of the last one. A row whose cursor is null would never be read, nor would those behind an infinity; a type whose order is not known says nothing.",
    ),
    Code::new(
        ALTERED,
        "a followed table whose rows have other values",
        "A table that is followed (`mode: cdc`) was altered: a column was dropped and made anew, got the name of another one, or was declared anew with a type that does not hold all values, or the table itself was made anew. Databases do not tell what rows have become by that, only that the table was altered. With `drift: add`, `ignore` or `new_version` the table is read anew; otherwise --full-refresh does it.",
    ),
    Code::new(
        UNLOGGED,
        "changes that are not logged",
        "A foreign key has deleted or changed rows of a followed table (`on delete cascade`, `on update set null`, …) as rows of the table that it refers to were deleted or given other keys. MySQL and MariaDB do not log that. The table is read anew by the run, whatever the drift policy.",
    ),
];

#[cfg(test)]
mod tests;
