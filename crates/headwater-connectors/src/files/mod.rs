//! The `files` connector: CSV, JSON, XML, text of fixed width, Parquet, Avro and workbooks of Excel and
//! LibreOffice, local, in an object store, of an SFTP server, or of a web server.
//!
//! ```yaml
//! connector: files
//! location: data                  # a folder of the project, an absolute path, s3://bucket/prefix, az://container/prefix, sftp://user@host/path, or https://host/path
//! streams:
//!   - table: raw.flights
//!     path: flights/*.csv.gz      # a glob under the location; ** crosses folders
//!     mode: new_files             # full: the table is replaced; new_files: each file is loaded once
//!     format: { type: csv, null: [NA] }
//! ```
//!
//! What it promises:
//!
//! - **No row is lost without a word.** A row that cannot be read is set aside with its file, line and reason, or fails
//!   the load, as `on_bad_row` says. A truncated or damaged file fails the load.
//! - **Memory does not grow with files or lines,** but for workbooks: see there. A line longer than `max_line` is set aside
//!   without being held.
//! - **An inferred type never changes a value**, but for fractions of a second past microseconds, and digits of numbers with a fraction (or whole ones beside
//!   them) past the 15th, which a double does not hold: declare a decimal for them. Types come from a
//!   sample (10,000 rows of the first, the middle and the last file); a later value that does not fit makes a bad
//!   row whose reason says so.
//! - **A key of JSON or XML that the sample did not have** is a column, too: with `drift: add`, and in a first load, the files are read once more
//!   with it, as are the fields of nested objects. (More than 500 of them are taken for data, and their rows set aside.) With a table and
//!   `drift: fail` the load fails.
//! - **An empty text file has no rows**, and is told; what it should have been stays open, so that it is loaded in mode `new_files` once there is
//!   something in it. In mode `full` a table is not emptied by empty files that lack their header, unless columns are declared or `drift`
//!   allows it. An empty file that is compressed, or of another format, is damaged.
//! - **A file is loaded once** in mode `new_files`, and one that has changed since is told and left alone, unless it has brought no row (it was
//!   empty, or all of its rows were set aside). With a `key` rows take the place of those with their key: of the files that a run reads, in the
//!   order of their paths, the later row counts; a file that comes later counts over all before it, whatever its path; a file that has
//!   changed is read again, and a row without a key is a bad one. What a file no longer has, or a file that is gone, takes nothing out of the table.
//!
//! Null in CSV: an unquoted empty field is null in every column, and so is an unquoted field that equals a token of
//! `null:`. A quoted field is never null in a string column (`""` is the empty string); `""` in a column of another type
//! is null, as it can be nothing else.
//!
//! What stands above the header is left out by `skip: 2` (lines), lines that are remarks by `comment: "#"`, wherever they are. Numbers
//! that are written for people are read as they are meant with `decimal: ","` and `grouping: "."`: `1.234,50` is 1234.5, and `1.5` is no
//! number then.
//!
//! `source add` looks for all of them in the first file, and for the delimiter, the encoding, nulls, and how dates are written: in the way in which
//! columns become more than texts. Lines above the header are found where they have fewer fields than the table, or leave fields empty that
//! it fills; with two columns, or empty fields, a column must have values below its name. A header in which names are missing or come twice
//! is skipped, and columns are named anew (`header: false`, by their place). What a file does not tell stays a text, and is noted: `1.000` beside
//! semicolons, `"1,234"`, addresses and telephone numbers, `02/03/2024`, dates in several forms. All of it is a guess to be read, notes first. Types
//! are not written down, so that each load sets aside what they would change.
//!
//! ### Web servers
//!
//! ```yaml
//! connector: files
//! location: https://example.org/open-data
//! headers: { authorization: "Bearer ${TOKEN}" }
//! streams:
//!   - { table: raw.stations, path: [stations/2023.csv.gz, stations/2024.csv.gz], mode: new_files }
//! ```
//!
//! Nothing lists the files of a web server: each is named, a glob is refused. A file is told from another state of it by its entity
//! tag or else by the time of its last change; where the server tells neither, mode `full` loads it at every run, and `new_files`
//! never notices that it has changed. (A list of paths is part of a stream's definition: when one is added, all are loaded again.)
//! What follows `?` in a path is sent, and neither shown nor kept. Answers that may pass (5xx,
//! 429, no answer) are waited for through five tries. A body that is cut off is taken up where it ended, when the server gives
//! parts of files and the file is still the same; otherwise the load fails, and may be tried again. (A server that tells no
//! length and ends a body by closing the connection can cut it off unseen, unless the file itself is compressed.) A file with
//! `Content-Encoding: gzip` or `zstd` is unpacked. Parquet needs a server that gives parts of files and tells their size.
//! Redirections are followed, from `https` to `https` only.
//!
//! ### SFTP servers
//!
//! ```yaml
//! connector: files
//! location: sftp://acme@files.example.org/outgoing    # :port after the host; /~/folder for one in the user's home folder
//! sftp:
//!   private_key: ~/.ssh/id_ed25519                    # or its text: "${PARTNER_KEY}"
//!   passphrase: "${PARTNER_PASSPHRASE}"
//!   host_key: "SHA256:fDAro9tCuz4I4UW6KPO4+vB5HH/gYd4A+EkQC4wGfTk"
//! streams:
//!   - { table: raw.orders, path: "orders/*.csv.gz", mode: new_files }
//! ```
//!
//! `private_key` (Ed25519, ECDSA or RSA; in OpenSSH's format, PKCS#8 or PKCS#1) lets in, `password: "${PASSWORD}"` does, also where the server
//! asks for it as an answer, and so do both of them, one after the other. Where the project says neither, the keys of a running agent
//! are tried (`SSH_AUTH_SOCK`).
//!
//! A server is known by its host key: one that `host_key` declares, or else one in `known_hosts` (by default `~/.ssh/known_hosts` and
//! `/etc/ssh/ssh_known_hosts`; hashed names, patterns, ports and revoked keys are understood, certificates are not). Nothing is sent to a server
//! that is not known. The error shows the fingerprint of its key, and the line to add once its operator has confirmed it. A key that
//! has changed is an error of its own. No option accepts keys unseen.
//!
//! A file is told from another state of it by its time, to the second, and its size. One that changes while it is read fails the load: senders
//! should write files under another name and rename them. A connection that is lost is made again, and a file taken up where it ended. Links
//! are followed. Of deliveries, a file is there when it is whole: it is written as `.<name>.<number>.tmp` and renamed. `~/.ssh/config` is not read.
//!
//! ### Object stores
//!
//! `s3://bucket/prefix` is Amazon S3 and what speaks as it does (`storage: { endpoint: … }`). `az://container/prefix`, or
//! `abfss://container@account.dfs.core.windows.net/prefix`, is Azure, and `gs://bucket/prefix` Google Cloud Storage. Credentials come from the environment, by the names that the
//! services' own tools document (`AWS_ACCESS_KEY_ID`, `AZURE_STORAGE_ACCOUNT_KEY`, `AZURE_CLIENT_ID`, `GOOGLE_APPLICATION_CREDENTIALS`, …), or from the machine's
//! identity. What `storage` says goes before them.
//!
//! ```yaml
//! connector: files
//! location: gs://acme/exports
//! storage: { service_account_key: "${KEY}" }       # the text of the key's file; or `service_account: /path/of/it`
//! ```
//!
//! Of Google the key of a service account, what `gcloud auth application-default login` leaves, and a machine's identity are taken, but not what
//! other clouds and GitHub hand out for it (workload identity federation). `storage: { skip_signature: true }` reads buckets that everybody may
//! read. Paths of credentials are relative to the folder in which Headwater was started; a key's path in one place and its text in another are refused.
//! What was run: fake-gcs-server, an emulator, as a source, a destination and a lake; not Google's own service.
//!
//! ### Fixed width
//!
//! ```yaml
//! streams:
//!   - table: raw.ledger
//!     path: ledger/*.txt
//!     format: { type: fixed_width, widths: [8, 20, 12], encoding: windows-1252, date_format: "%Y%m%d" }
//!     columns: { booked: { type: date }, account: { type: string }, amount: { type: "decimal(12,2)" } }
//! ```
//!
//! Columns are counted in characters (of the text, not in bytes of its encoding). `widths` describes whole lines: declared columns
//! name them in their order, or the first line does (`header: true`), and text past the last one makes a bad row. `columns: [{ name:
//! account, start: 9, width: 20 }]` reads only what it names, in any order, overlapping if need be. Values are read as those of CSV;
//! what is blank is null. A line that ends too early is a bad row, unless `pad: true` says that blanks at the end are left out: then
//! nobody can tell a cut-off value from a short one.
//!
//! ### JSON
//!
//! A file has one object a line, or is one list of objects: its first character tells. `format: { records: data.items }` says where the records
//! are in files that are documents: keys with dots between them, `[]` behind a list that is gone through, `?` behind a key that may be missing;
//! `records: $` is for objects of several lines one behind the other. Records pass by, however large the document is. A document that is cut off
//! or has no such key fails the load, with its line; a record that is no object is a bad row. A key that no record has any more is null, as one
//! that a record leaves out is: `drift` does not see it.
//!
//! ### XML
//!
//! ```yaml
//! streams:
//!   - table: raw.orders
//!     path: orders/*.xml.gz
//!     format: { type: xml, record: orders/order, lists: [line] }
//! ```
//!
//! Each element that `record` names is a row, wherever it stands; what is around them is passed over. Attributes and elements
//! within are columns by their names (without the prefixes of namespaces); an element without attributes and elements is its text, others are
//! structs, whose own text, if they have one, is `value`. What comes several times under one name in any record of the sample, or is a list in
//! the table, is a list in every record, of one where it comes once; what the sample may not show several times is named in `lists`. A column that
//! is a text in the table stays one: there several are a JSON text. An empty element is null. Blanks around texts are no part of them, those of CDATA are. Numbers
//! and truth values are what they look like in the sample (`007` is a text); declared types go before.
//!
//! Records pass by; one larger than `max_line` is a bad row, and so is one with a value that its column does not take: their places are the
//! lines where the records begin, as long as no line holds several. A file that is not well-formed or cut off fails the load, with its line.
//! Entities that a file defines for itself are refused, not expanded, and nothing outside of the file is read. A file that names another
//! encoding than UTF-8 needs `encoding`.
//!
//! ### Avro
//!
//! Object container files, of the codecs null, deflate, snappy and zstandard; a block at a time is in memory, and no block may be
//! larger than 256 MiB. Records are structs, arrays lists, maps maps; `decimal` of up to 38 digits, `date`, `timestamp-*`
//! (`timestamp`) and `local-timestamp-*` (`timestamp_ntz`) are what they are, to the microsecond; `uuid`, `time-*`, `duration` (ISO
//! 8601) and enums are strings. A union with null is the other type; one of several kinds of numbers is the one that takes all of
//! them, one of other single values is their text; unions of lists, maps or records with something else, decimals of more digits
//! and types that hold themselves are refused. Columns are found by name in each file, and judged by `drift` as in other files. A
//! damaged or cut-off block fails the load, with its place in the file; a value that its column does not take makes a bad row.
//!
//! ### Workbooks
//!
//! ```yaml
//! streams:
//!   - table: raw.budget
//!     path: budgets/*.xlsx        # or .xlsm, .xlsb, .xls, .ods
//!     format: { sheet: Plan 2024, range: B4:H, null: [n/a, "-"] }
//! ```
//!
//! The table begins with the first row of the sheet (or of `range`, or below `skip` rows) that holds something. That row names the
//! columns, from its first to its last cell. Rows without any value are left out. A value beside the table's columns makes a bad
//! row, unless `range` leaves its column out. In merged cells the first one holds the value, and the others nothing.
//!
//! Cells are what they are, not how they are shown: a number is a number, a text that looks like one is a text (and is read as a
//! number where the column is declared so). Whole numbers are `bigint`, dates `date`, dates with times `timestamp_ntz`, times of
//! day and spans of time texts (`18:00:00`), empty texts null. Both systems of dates (1900 and 1904) are known. Doubles are read to
//! their last digit; whole numbers, decimals and strings as spreadsheet programs compute and show them, to 15 digits. A formula is
//! the value that it had when the workbook was saved. An error (`#DIV/0!`), a formula that was never computed, and a date that there
//! is none of make bad rows that name the sheet and the cell.
//!
//! A workbook is held in memory while it is read, one in each lane: the file as it is, and the texts of `.xlsx` and `.xlsb` unpacked;
//! their rows pass by. Of `.xls` and `.ods` all cells are unpacked, twice over: some 60 bytes for each of the rectangle that they
//! fill. What takes more than `max_workbook` (the file, and what of it is held unpacked) is refused. Workbooks with a password are
//! not read.

mod avro;
mod brought;
mod bucket;
mod csv;
mod decode;
mod discover;
mod excel;
mod fixed;
mod format;
mod input;
mod inspect;
mod json;
mod listing;
mod location;
mod options;
pub mod outlet;
mod parquet;
mod part;
mod piped;
mod position;
mod rows;
pub mod sftp;
mod stream;
mod web;
mod xml;

use std::sync::Arc;

use async_trait::async_trait;
use headwater_sdk::check::OptionsError;
use headwater_sdk::connector::{Connector, Discovery, OpenContext, ReadMode, SourceStream, StreamSettings};
use object_store::ObjectStore;

pub(crate) use avro::records as avro_records;
pub use input::Compression;
pub(crate) use input::store_error;
pub(crate) use listing::{FileEntry, Place, Stamp};
pub(crate) use location::Location;
pub use options::{FixedColumn, FormatOptions, FormatType, OneOrMany, SheetName, SourceOptions, StreamOptions};
pub(crate) use parquet::{Share, StoreReader, unwrap as unwrap_parquet};
pub(crate) use piped::{PipedText, Stopped, decode};
pub(crate) use stream::size_in_words;

/// The connector. See the module's text.
pub struct Files {
    location: location::Location,
}

#[async_trait]
impl Connector for Files {
    const NAME: &'static str = "files";
    const MODES: &'static [ReadMode] = &[ReadMode::Full, ReadMode::NewFiles];
    type SourceOptions = SourceOptions;
    type StreamOptions = StreamOptions;

    fn source(options: SourceOptions, context: &OpenContext) -> Result<Self, OptionsError> {
        Ok(Self { location: location::Location::resolve(&options, context)? })
    }

    fn stream(&self, options: StreamOptions, settings: StreamSettings) -> Result<Arc<dyn SourceStream>, OptionsError> {
        Ok(Arc::new(stream::FileStream::new(self.location.clone(), &options, settings)?))
    }

    async fn discover(&self, path: Option<&str>) -> headwater_sdk::Result<Option<Discovery>> {
        discover::discover(&self.location, path).await
    }
}

/// Makes a stream over an object store that the caller has made, for stores that no URL names. `location` is what the
/// store is called in messages.
///
/// # Errors
/// [`OptionsError`] when the options make no sense.
pub fn open_on_store(
    store: Arc<dyn ObjectStore>,
    location: &str,
    stream: &StreamOptions,
    settings: StreamSettings,
) -> Result<Arc<dyn SourceStream>, OptionsError> {
    let location = location::Location::on_store(store, location);
    Ok(Arc::new(stream::FileStream::new(location, stream, settings)?))
}
